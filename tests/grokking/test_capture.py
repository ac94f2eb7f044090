"""`capture`: what it sees of a network, over batches of every kind, and that it changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks of PyTorch are followed")

from networks import Branches, Recurrent, Shared, inputs, mlp  # noqa: E402

import hoi  # noqa: E402
from hoi_grokking import Probe, capture, measure, track  # noqa: E402


class Sides(torch.nn.Module):
    """Two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = torch.nn.Linear(5, 6), torch.nn.Linear(4, 6)
        self.sum = torch.nn.Identity()

    def forward(self, left: Any, right: Any) -> Any:
        return self.sum(self.left(left) + self.right(right))


class Negated(torch.nn.Module):
    """Gives a view with its negative bit set."""

    def forward(self, x):
        return (1j * x).conj().imag


def test_each_use_of_a_shared_activation_is_a_layer() -> None:
    net, x = Shared(), inputs()
    found = capture(net, [x[:30], x[30:]], ["act", "first"])
    assert list(found) == ["act#1", "act#2", "first"]
    first = net.first(x).relu()
    np.testing.assert_allclose(found["act#1"], first.detach().numpy(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found["act#2"], net.second(first).relu().detach().numpy(), rtol=0, atol=1e-6)
    assert list(capture(net, [x], ["again"])) == ["again#1", "again#2"], "by its other name too"
    follow = track(net, [x], ["act"], probes=[Probe("neurons")])
    follow(0)
    assert [record["layer"] for record in follow.records] == ["act#1", "act#2"]


def test_inputs_of_every_kind() -> None:
    net, left, right = Sides(), inputs(), torch.randn(60, 4)
    expected = net(left, right).detach().numpy()
    label = torch.zeros(60)
    for batch in (
        {"left": left, "right": right},
        ({"right": right, "left": left}, label),
        ((left, right), label),
        [[left, right], label],
    ):
        np.testing.assert_array_equal(capture(net, [batch], ["sum"])["sum"], expected)
    seen = capture(net, [(left, right, label)], ["sum"], forward=lambda model, batch: model(*batch[:2]))
    np.testing.assert_array_equal(seen["sum"], expected)


def test_layers_of_different_kinds_are_reduced_each_by_its_own() -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(64, 7))
    images = torch.randn(10, 1, 6, 6)
    found = capture(net, [images], ["0", "2"], reduce={"0": lambda maps: maps.mean((2, 3))})
    assert {name: values.shape for name, values in found.items()} == {"0": (10, 4), "2": (10, 7)}
    np.testing.assert_allclose(found["2"], net(images).detach().numpy(), rtol=0, atol=1e-6)


def test_what_is_captured_is_what_the_layers_give() -> None:
    net, x = mlp(), inputs()
    found = capture(net, [x[:20], x[20:]], ["0", "1", "3"])
    hidden = torch.nn.functional.linear(x, net[0].weight, net[0].bias)
    right = {"0": hidden, "1": hidden.relu(), "3": net[3](hidden.relu())}  # no dropout
    assert set(found) == set(right)
    for name, values in right.items():
        assert found[name].dtype == np.float64
        np.testing.assert_allclose(found[name], values.detach().numpy(), rtol=0, atol=1e-6)


def test_layers_have_the_names_of_the_network_and_can_be_nested() -> None:
    net, x = Branches(), inputs(7)
    wide = capture(net, [x], ["encoder.wide"])["encoder.wide"]
    np.testing.assert_allclose(wide, net.encoder["wide"](x).detach().numpy(), rtol=0, atol=1e-6)
    minus = capture(net, [x], ["encoder.both"], reduce=lambda output: output["minus"])["encoder.both"]
    np.testing.assert_array_equal(minus, -wide)


def test_a_loader_with_targets_gives_its_inputs() -> None:
    net, x = mlp(), inputs()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, torch.zeros(len(x))), batch_size=7, drop_last=False
    )
    np.testing.assert_allclose(capture(net, loader, ["1"])["1"], capture(net, [x], ["1"])["1"], rtol=0, atol=1e-6)


def test_the_first_entry_of_a_tuple_is_taken_and_positions_become_samples() -> None:
    net, sequences = Recurrent(), torch.randn(8, 3, 4)
    found = capture(net, [sequences], ["cell"])["cell"]
    assert found.shape == (8 * 3, 6)
    np.testing.assert_allclose(found, net(sequences).detach().flatten(0, 1).numpy(), rtol=0, atol=1e-6)
    last = capture(net, [sequences], ["cell"], reduce=lambda output: output[:, -1])["cell"]
    np.testing.assert_array_equal(last, found.reshape(8, 3, 6)[:, -1])


def test_feature_maps_are_reduced_by_the_given_function() -> None:
    net, images = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3)), torch.randn(10, 1, 6, 6)
    maps = net(images).detach()
    means = capture(net, [images], ["0"], reduce=lambda maps: maps.mean((2, 3)))["0"]
    np.testing.assert_allclose(means, maps.mean((2, 3)).numpy(), rtol=0, atol=1e-6)
    pixels = capture(net, [images], ["0"], reduce=lambda maps: maps.permute(0, 2, 3, 1).flatten(0, 2))["0"]
    assert pixels.shape == (10 * 4 * 4, 4)
    np.testing.assert_allclose(pixels[:16, 2], maps[0, 2].flatten().numpy(), rtol=0, atol=1e-6)


def test_a_layer_that_works_in_place_does_not_change_what_was_seen_before_it() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(inplace=True)).double()
    assert capture(net, [inputs().double()], ["0"])["0"].min() < 0


def test_the_mode_of_every_module_is_put_back() -> None:
    net = mlp()
    net.train()
    net[2].eval()  # as one that a user has frozen
    modes = [module.training for module in net.modules()]
    seen: list[bool] = []
    net[3].register_forward_hook(lambda module, _inputs, _output: seen.append(module.training))
    capture(net, [inputs()], ["1"])
    assert seen == [False]
    assert [module.training for module in net.modules()] == modes

    def broken() -> Any:
        yield inputs()
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        capture(net, broken(), ["1"])
    assert [module.training for module in net.modules()] == modes
    assert not net[1]._forward_hooks, "no hook is left behind"


def test_activations_of_any_kind_are_read_as_hoi_reads_them():
    values = np.random.default_rng(0).standard_normal((50, 4))
    expected = measure(values, Probe("neurons"))
    assert measure(torch.tensor(values).requires_grad_(False), Probe("neurons")) == expected
    assert measure((1j * torch.tensor(values)).conj().imag.neg(), Probe("neurons")) == expected
    with pytest.raises(hoi.HoiError, match="NaN or infinite"):
        measure(np.ma.array(values, mask=values > 2), Probe("neurons"))
    with pytest.raises(hoi.HoiError, match="sparse tensor"):
        measure(torch.tensor(values).to_sparse(), Probe("neurons"))


def test_a_layer_that_gives_a_view_with_its_sign_to_come():
    caught = capture(torch.nn.Sequential(Negated()), [torch.ones(4, 3)], ["0"])
    np.testing.assert_array_equal(caught["0"], -np.ones((4, 3)))
