"""`track`: what it follows, that it changes nothing, and that errors of it and of `capture` say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.pyplot
import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="networks of PyTorch are followed")

from networks import Branches, Recurrent, Shared, inputs, mlp  # noqa: E402

import hoi  # noqa: E402
from hoi_grokking import Probe, capture, measure, track  # noqa: E402

PROBES = (Probe("pooled", n_clusters=4), Probe("union", "random", n_clusters=4), Probe("neurons"))


def test_a_layer_that_dies_or_diverges_does_not_end_the_training() -> None:
    net, x = mlp(), inputs()
    follow = track(net, [x], ["1"], probes=PROBES)
    follow(0)
    with torch.no_grad():
        net[0].bias -= 100
    with pytest.warns(hoi.HoiWarning, match=r"Layer '1' at step 1: 0 of 12 neurons vary .* Its values are NaN"):
        found = follow(1)
    follow(2)  # warnings are errors in this suite: one is enough
    assert found["1", PROBES[0].method].n_alive == 0
    table = follow.to_dataframe()
    dead = table.step > 0
    assert table.lowest[dead].isna().all()
    assert table.highest_neurons[dead].map(len).eq(0).all()
    assert table.lowest[~dead].notna().all()
    with torch.no_grad():
        net[3].bias *= float("nan")
    with pytest.warns(hoi.HoiWarning, match="Layer '3' at step 3: Activations of 3 of 3 neurons are NaN"):
        track(net, [x], ["3"])(3)


def train(follow_with: Callable[[Any, Any], Callable[[int], Any]]) -> tuple[Any, list[Any]]:
    """A user's own loop, with dropout, running statistics and shuffled batches; the network, and what was measured."""
    torch.manual_seed(3)
    x = inputs(120)
    data = torch.utils.data.TensorDataset(x, x[:, 0] * x[:, 1])
    loader = torch.utils.data.DataLoader(data, batch_size=40, shuffle=True)
    net = torch.nn.Sequential(
        torch.nn.Linear(5, 12), torch.nn.BatchNorm1d(12), torch.nn.ReLU(), torch.nn.Dropout(0.2), torch.nn.Linear(12, 1)
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    follow, found, step = follow_with(net, loader), [], 0
    for _ in range(4):
        for batch, target in loader:
            loss = torch.nn.functional.mse_loss(net(batch)[:, 0], target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            found.append(follow(step))
            step += 1
    return net, found


def test_following_a_training_does_not_change_it() -> None:
    alone, _ = train(lambda _net, _loader: lambda _step: None)
    followed, found = train(lambda net, loader: track(net, loader, ["2"], probes=[Probe("neurons")], every=2))
    assert sum(one is not None for one in found) == 6
    for name, values in alone.state_dict().items():
        assert torch.equal(values, followed.state_dict()[name]), name


def test_the_numbers_of_a_callback_are_those_of_measure() -> None:
    """A hidden layer that is computed by hand at every step of the loop, and measured."""
    x, expected = inputs(120), []

    def both(net: Any, _loader: Any) -> Callable[[int], Any]:
        follow = track(net, [x], ["2"], probes=PROBES, every=3)

        def call(step: int) -> Any:
            if step % 3 == 0:
                norm = net[1]
                with torch.no_grad():
                    scaled = (net[0](x) - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
                    hidden = (scaled * norm.weight + norm.bias).relu().numpy()
                expected.append({probe.method: measure(hidden, probe) for probe in PROBES})
            return follow(step, loss=0.5 * step)

        call.follow = follow  # type: ignore[attr-defined]
        trackers.append(follow)
        return call

    trackers: list[Any] = []
    train(both)
    table = trackers[0].to_dataframe()
    assert table["step"].tolist() == [step for step in (0, 3, 6, 9) for _ in PROBES]
    assert set(table["layer"]) == {"2"}
    np.testing.assert_array_equal(table["loss"], 0.5 * table["step"])
    right = [found[probe.method] for found in expected for probe in PROBES]
    for name in ("lowest", "highest"):
        np.testing.assert_allclose(table[name], [getattr(one, name).value for one in right], rtol=0, atol=1e-4)
        assert table[f"{name}_neurons"].tolist() == [getattr(one, name).neurons for one in right]
    assert table["n_alive"].tolist() == [one.n_alive for one in right]


def test_a_call_returns_what_it_measured_and_nothing_between_steps() -> None:
    net, x = mlp(), inputs()
    follow = track(net, [x], ["0", "1"], probes=PROBES[:2], every=5)
    found = follow(0)
    assert found is not None
    assert set(found) == {(layer, probe.method) for layer in ("0", "1") for probe in PROBES[:2]}
    activations = capture(net, [x], ["1"])["1"]
    assert found["1", PROBES[0].method] == measure(activations, PROBES[0])
    assert follow(4) is None
    assert len(follow.records) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: capture(mlp(), [inputs()], ["1", "relu", "head"]),
            r"The network has no layer 'relu', 'head'\. It has: 0, 1, 2, 3\.",
        ),
        (lambda: track(mlp(), [inputs()], ["relu"]), r"The network has no layer 'relu'\. It has: 0, 1, 2, 3\."),
        (lambda: track(mlp(), [inputs()], "1"), r"`layers` is the string '1', and has to be a list of names: \['1'\]"),
        (lambda: track(mlp(), (x for x in [inputs()]), ["1"]), "gone through only once; give a list of batches"),
        (lambda: track(mlp(), [inputs()], ["1"], every=0), "`every` is 0, and has to be 1 or more"),
        (lambda: capture(mlp(), [], ["1"]), "No activations of layer '1' were seen: `batches` is empty"),
        (
            lambda: capture(Recurrent(), [torch.ones(2, 3, 4)], ["idle"]),
            "of layer 'idle' were seen: .* or it was not used in the forward pass",
        ),
        (
            lambda: capture(mlp(), [inputs(), ["text"]], ["1"]),
            r"A batch holds str, and has to be a tensor, .* forward=lambda model, batch: model\(\.\.\.\)",
        ),
        (
            lambda: track(mlp(), [inputs()], ["1"], reduce={"0": torch.relu, "3": torch.relu}),
            r"`reduce` has a function for '0', '3', which is not among the layers: 1\.",
        ),
        (
            lambda: capture(Shared(), [inputs(), -inputs()[:9]], ["act"]),
            "Layer 'act' was used 2 times in one batch and 3 times in another; its uses cannot be told apart",
        ),
        (
            lambda: capture(torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3)), [torch.ones(2, 1, 6, 6)], ["0"]),
            r"Layer '0' gives a tensor of shape \(2, 4, 4, 4\), .* reduce=lambda maps: maps\.mean\(\(2, 3\)\)",
        ),
        (lambda: capture(Branches(), [inputs()], ["encoder.both"]), "Layer 'encoder.both' gives dict, and "),
        (
            lambda: capture(mlp(), [inputs()], ["1"], reduce=lambda output: output.mean(1)),
            r"Layer '1' is reduced to a tensor of shape \(60,\), and \(samples, neurons\) is needed",
        ),
        (lambda: measure(np.zeros((9, 12))), "0 of 12 neurons vary over the samples; 3 are needed"),
        (
            lambda: measure(np.full((9, 12), np.nan)),
            r"Activations of 12 of 12 neurons are NaN or infinite, the first of them 0\. Has the training diverged\?",
        ),
    ],
)
def test_errors(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        call()


def planted(n_steps=4):
    """A layer that learns to add two of its neurons, followed with a fixed set and a null band."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 4))
    with torch.no_grad():
        net[0].weight.copy_(torch.eye(4))
        net[0].bias.zero_()
    x = torch.randn(200, 4)
    follow = track(net, [x], ["0"], probes=[Probe("neurons")], fixed={"0": [0, 1, 2]}, null=20)
    for step in range(n_steps):
        follow(step, loss=1.0 / (1 + step))
        with torch.no_grad():
            net[0].weight[2] += 0.3 * torch.tensor([1.0, 1.0, 0.0, 0.0])
    return follow


def test_a_fixed_set_and_a_null_band() -> None:
    table = planted().to_dataframe()
    assert (np.diff(table.fixed[1:]) < 0).all()
    assert table.lowest.iloc[-1] == pytest.approx(table.fixed.iloc[-1], abs=1e-12), "the most synergistic at the end"
    assert table.null_lowest.iloc[0] < table.lowest.iloc[0], "independent neurons are within the band"
    assert table.lowest.iloc[-1] < 5 * table.null_lowest.iloc[-1], "and the sum is far beyond it"
    assert (table.null_highest > 0).all()
    assert list(table.probe.unique()) == ["neurons_average"], "no word of training inputs: any may be tracked"


def test_a_fixed_set_with_a_dead_neuron_is_not_a_number() -> None:
    net, x = mlp(), inputs()
    with torch.no_grad():
        net[0].weight[3].zero_()
        net[0].bias[3] = -1
    follow = track(net, [x], ["1"], probes=PROBES[:1], fixed={"1": [1, 2, 3]})
    follow(0)
    assert np.isnan(follow.records[0]["fixed"])
    assert np.isfinite(follow.records[0]["lowest"])


def test_what_a_tracker_says_draws_and_saves(tmp_path) -> None:
    follow = planted()
    said = repr(follow).splitlines()
    assert said[0] == "Tracker of 0: 4 steps from 0 to 3"
    assert said[1].startswith("  0 by neurons_average: lowest -0.") and said[1].endswith("4 neurons vary")
    matplotlib.use("agg")
    drawn = follow.plot()
    top, panel, right = drawn.axes
    assert [line.get_label() for line in top.lines] == ["loss"]
    assert panel.get_title("left") == "layer 0, neurons, average"
    assert [line.get_label() for line in panel.lines][:2] == ["lowest", "fixed set"]
    np.testing.assert_array_equal(right.lines[0].get_ydata(), [record["highest"] for record in follow.records])
    assert len(panel.collections) == len(right.collections) == 1, "a band at each end"
    path = follow.save(tmp_path / "followed.csv")
    matplotlib.pyplot.close(drawn)
    table = pd.read_csv(path)
    assert table.lowest_neurons.iloc[-1] == "0 1 2"
    np.testing.assert_allclose(table.lowest, [record["lowest"] for record in follow.records])


def test_what_cannot_be_followed() -> None:
    net, x = mlp(), inputs()
    follow = track(net, [x], ["1"])
    assert repr(follow) == "Tracker of 1: not called yet"
    with pytest.raises(hoi.HoiError, match="Nothing has been measured"):
        follow.plot()
    with pytest.raises(hoi.HoiError, match=r"suffix must be \.csv"):
        follow.save("followed.json")
    with pytest.raises(hoi.HoiError, match="`null` is 5: at least 20"):
        track(net, [x], ["1"], null=5)
    with pytest.raises(hoi.HoiError, match="neurons of '7', which is not among the layers: 1"):
        track(net, [x], ["1"], fixed={"7": [0, 1, 2]})
    with pytest.raises(hoi.HoiError, match="fewer than three neurons of '1'"):
        track(net, [x], ["1"], fixed={"1": [0, 1]})
