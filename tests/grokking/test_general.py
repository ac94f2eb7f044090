"""The trainer of modules: it is the one written by hand, that of torch, the same alone and together, and goes on where
it was left.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")

import hoi  # noqa: E402
from hoi_grokking import (  # noqa: E402
    Network,
    Penalty,
    Probe,
    Run,
    Sweep,
    Task,
    Variant,
    paper_variants,
    register,
    train,
)  # fmt: skip
from hoi_grokking.measures.stored import hidden_at, layers_of, measure_run, series  # noqa: E402
from hoi_grokking.training.general import Layout, with_parameters  # noqa: E402
from hoi_grokking.training.networks import Mlp, Transformer  # noqa: E402
from hoi_grokking.training.regularisers import Regulariser  # noqa: E402
from hoi_grokking.training.tasks import load  # noqa: E402
from hoi_grokking.training.trainer import Trainer  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL = {"task": Task(modulus=11, train_fraction=0.6), "width": 24, "steps": 40, "seeds": (0, 100)}
NETWORKS = {
    "mlp": Network(),
    "three layers": Network("mlp", {"depth": 3, "activation": "gelu"}),
    "transformer": Network("transformer", {"stream": 8, "heads": 2}),
    "encoder_decoder": Network("encoder_decoder", {"embedding": 8, "code": 6}, loss="mse"),
}
PROBES = [Probe("pooled", n_clusters=4), Probe("neurons")]


# --- against the gradients written by hand, and against torch


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("bias", [True, False])
def test_the_network_of_the_paper_by_hand_and_in_general(optimizer: str, bias: bool) -> None:
    sweep = Sweep(paper_variants()[1::4], optimizer=optimizer, hidden_bias=bias, **SMALL)
    by_hand, general = Trainer(sweep), Trainer(dataclasses.replace(sweep, network=Network()))
    names = ["hidden.0.weight", "out.weight", *(["hidden.0.bias"] if bias else [])]

    def aligned(row: torch.Tensor) -> list[torch.Tensor]:
        into, out, bias_row = (part[0] for part in by_hand.networks.shape.split(row[None]))
        return [into.T, out, bias_row]

    for place in range(len(sweep.members)):
        parts = general.networks.layout.split(general.rows[place])
        for name, wanted in zip(names, aligned(by_hand.rows[place]), strict=False):
            torch.testing.assert_close(parts[name], wanted, rtol=0, atol=0)
        one = slice(place, place + 1)
        wanted = aligned(by_hand.networks.open(one, by_hand.rows[one]).gradient(0)[0])
        found = general.networks.layout.split(general.networks.open(one, general.rows[one]).gradient(0)[0])
        for name, gradient in zip(names, wanted, strict=False):
            torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-6)
    curves = [trainer.advance(10, list(range(11))) for trainer in (by_hand, general)]
    np.testing.assert_allclose(curves[1], curves[0], atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_as_the_optimiser_of_torch(name: str, tmp_path: Path) -> None:
    variant = Variant("plain", weight_decay=0.3, learning_rate=0.01)
    sweep = Sweep((variant,), network=NETWORKS[name], **SMALL | {"seeds": (3,)})
    run = train(sweep, tmp_path / "run", progress=False)
    data = load(sweep.task)
    inputs, targets = (torch.from_numpy(values) for values in data.train)
    start = with_parameters(sweep, run.checkpoint(0, 0), data)
    module = with_parameters(sweep, run.checkpoint(0, 0), data).requires_grad_(True)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, betas=sweep.betas, eps=sweep.eps, weight_decay=0.3)
    losses = []
    for _ in range(sweep.steps + 1):
        outputs = module(inputs)
        loss = (
            torch.nn.functional.cross_entropy(outputs, targets)
            if sweep.network.loss == "cross_entropy"
            else ((outputs - torch.eye(11)[targets]) ** 2).mean()
        )
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    curves = run.curves()
    np.testing.assert_allclose(curves["train_loss"][0], np.array(losses)[curves["step"]], rtol=1e-3)
    right = (start(inputs).argmax(1) == targets).double().mean()
    assert curves["train_accuracy"][0, 0] == pytest.approx(float(right))
    assert curves["train_loss"][0, -1] < 0.9 * curves["train_loss"][0, 0]


def test_the_last_position_is_that_of_a_transformer_that_computes_them_all() -> None:
    torch.manual_seed(0)
    net = Transformer(7, 8, 2, 12)
    tokens = torch.tensor([[1, 2, 7], [6, 0, 7]])
    stream = net.token(tokens) + net.position.weight
    causal = torch.ones(3, 3).triu(1).bool()
    stream = stream + net.attention(stream, stream, stream, attn_mask=causal)[0]
    everywhere = net.unembed(stream + net.mlp(stream))
    torch.testing.assert_close(net(torch.tensor([[1, 7 + 2], [6, 7 + 0]])), everywhere[:, -1])


# --- alone, together, interrupted


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.filterwarnings("error::UserWarning")  # as where vmap goes one by one
def test_networks_train_the_same_alone_and_as_on_a_gpu(name: str) -> None:
    sweep = Sweep(paper_variants()[2:5], network=NETWORKS[name], **SMALL)
    trainers = [
        Trainer(sweep),
        Trainer(sweep, together=True),
        Trainer(dataclasses.replace(sweep, variants=sweep.variants[1:2], seeds=(100,))),
    ]
    assert [len(trainer.networks.chunks) for trainer in trainers] == [6, 1, 1]
    curves = [trainer.advance(10, list(range(11))) for trainer in trainers]
    np.testing.assert_allclose(curves[1], curves[0], atol=1e-5)
    np.testing.assert_array_equal(curves[2][:, 0], curves[0][:, 3])


class Dropped(Regulariser):
    """Drops a neuron at random in each step, and pulls the neurons together that vary most at the time of a look."""

    def __init__(self, layer: str = "hidden.1") -> None:
        self.layer = layer

    def refresh(self, parameters, hidden, generator):
        return hidden[self.layer].var(0).argsort(descending=True)[:3]

    def masks(self, widths, memory, generator):
        mask = torch.ones(widths[self.layer])
        mask[torch.randint(widths[self.layer], (1,), generator=generator)] = 0
        return {self.layer: mask}

    def penalty(self, parameters, hidden, memory):
        return hidden[self.layer].index_select(1, memory).var(1).mean()


register("regulariser", "dropped", Dropped)
DROPPED = tuple(Variant(f"{s:g}", penalty=Penalty("dropped", s, every=4)) for s in (0.0, 0.5))


@pytest.mark.parametrize("variants", [(Variant("plain"),), DROPPED], ids=["plain", "regularised"])
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(variants: tuple[Variant, ...], tmp_path: Path) -> None:
    sweep = Sweep(variants, network=Network("mlp", {"depth": 2}), **SMALL)
    straight = train(sweep, tmp_path / "straight", progress=False)
    middle = next(step for step in straight.checkpoint_steps if step > 12 and step % 4 == 2)
    assert not train(sweep, tmp_path / "resumed", progress=False, stop_after=middle).finished
    resumed = train(sweep, tmp_path / "resumed", progress=False)
    for name, values in straight.curves().items():
        np.testing.assert_array_equal(resumed.curves()[name], values, err_msg=name)
    np.testing.assert_array_equal(resumed.checkpoint(40), straight.checkpoint(40))


def test_regularised_networks_train_the_same_together() -> None:
    """In one chunk, where they differ by the strength; the loss that is recorded is that of the whole network."""
    sweep = Sweep((*DROPPED, Variant("l2", penalty=Penalty("l2", 0.1))), network=Network(), **SMALL)
    alone, together = Trainer(sweep), Trainer(sweep, together=True)
    assert together.networks.chunks == [slice(0, 4), slice(4, 6)]
    curves = [trainer.advance(10, list(range(11))) for trainer in (alone, together)]
    np.testing.assert_allclose(curves[1], curves[0], atol=1e-5)
    plain = Trainer(dataclasses.replace(sweep, variants=(Variant("plain"),)))
    start = plain.advance(10, list(range(11)))
    np.testing.assert_array_equal(curves[0][:, :, 0], np.tile(start[:, :, 0], 3))
    assert (np.abs(curves[0][0, :, 5] - np.tile(start[0, :, 5], 3)) > 1e-4).all()


def test_a_dropped_neuron_has_no_gradient() -> None:
    sweep = Sweep((DROPPED[0],), network=Network(), **SMALL | {"seeds": (5,)})
    trainer = Trainer(sweep)
    gradient = trainer.networks.open(slice(0, 1), trainer.rows).gradient(8)[0]
    gone = int(torch.randint(24, (1,), generator=torch.Generator().manual_seed(5 << 32 | 8)))
    into = trainer.networks.layout.split(gradient)["hidden.0.weight"]
    assert [neuron for neuron in range(24) if not into[neuron].any()] == [gone]


def test_a_penalty_on_squared_weights_is_weight_decay() -> None:
    """With SGD without momentum, for a network without bias."""
    variants = (Variant("decay", weight_decay=0.2), Variant("penalty", penalty=Penalty("l2", 0.2)))
    sweep = Sweep(variants, network=Network(), optimizer="sgd", momentum=0.0, hidden_bias=False, **SMALL)
    curves = Trainer(sweep).advance(10, [0, 10])
    np.testing.assert_allclose(curves[:, :2], curves[:, 2:], atol=1e-5)


# --- rows, layers, measures


def test_a_row_holds_the_weights_first() -> None:
    net = Mlp(5, [4, 3], 2, "tanh", bias=True)
    layout = Layout.of(net)
    row = layout.join(net)
    assert layout.n_weights == 5 * 4 + 4 * 3 + 3 * 2
    assert list(layout.places)[:3] == ["hidden.0.weight", "hidden.2.weight", "out.weight"]
    for name, values in layout.split(row).items():
        torch.testing.assert_close(values, net.get_parameter(name).detach())


def test_alpha_the_norm_and_the_last_layer() -> None:
    variants = (Variant("1"), Variant("8", alpha=8.0, keep_norm=True), Variant("0", zero_last_layer=True))
    trainer = Trainer(Sweep(variants, network=Network("mlp", {"depth": 2}), **SMALL | {"seeds": (0,)}))
    plain, scaled, zeroed = (trainer.networks.layout.split(row.clone()) for row in trainer.rows)
    assert all(torch.equal(scaled[name], (8 if "weight" in name else 1) * plain[name]) for name in plain)
    assert [name for name in plain if not torch.equal(zeroed[name], plain[name])] == ["out.weight"]
    assert not zeroed["out.weight"].any()
    n = trainer.networks.n_weights
    start = trainer.rows[1, :n].norm()
    trainer.advance(10, [])
    torch.testing.assert_close(trainer.rows[1, :n].norm(), start, rtol=1e-6, atol=0)


def test_every_followed_layer_is_measured(tmp_path: Path) -> None:
    sweep = Sweep((Variant("plain"),), network=NETWORKS["three layers"], n_checkpoints=3, **SMALL)
    run = train(sweep, tmp_path / "run", progress=False)
    assert layers_of(run) == ("hidden.1", "hidden.3", "hidden.5")
    measure_run(run, PROBES, jobs=1, progress=False)
    module = with_parameters(sweep, run.checkpoint(40, 1))
    values = torch.from_numpy(load(sweep.task).train.inputs[load(sweep.task).drawn])
    seen = torch.nn.functional.one_hot(values, 22).sum(1).float()
    for place, layer in enumerate(layers_of(run)):
        seen = module.hidden[2 * place : 2 * place + 2](seen)
        np.testing.assert_allclose(hidden_at(run, 1, 40, "train", layer=layer), seen, atol=1e-6)
    found = [series(run, PROBES[1], layer=layer).lowest for layer in layers_of(run)]
    assert found[0].shape == (2, 4)
    assert (found[0] != found[1]).all()
    np.testing.assert_array_equal(series(run, PROBES[1]).lowest, found[0])
    with pytest.raises(hoi.HoiError, match=r"not measured with neurons_average_train at 'out', or not wholly"):
        series(run, PROBES[1], layer="out")
    lines = (run.path / "measures" / "member_000.jsonl").read_text()
    measure_run(run, PROBES, jobs=1, progress=False)
    assert (run.path / "measures" / "member_000.jsonl").read_text() == lines, "it was there already"


def test_a_layer_that_has_died_has_no_value(tmp_path: Path) -> None:
    sweep = Sweep((Variant("dies"),), network=Network(), n_checkpoints=3, **SMALL | {"seeds": (0,)})
    run = train(sweep, tmp_path / "run", progress=False)
    run.save_checkpoint(40, np.zeros_like(run.checkpoint(40)))
    measure_run(run, PROBES, jobs=1, progress=False)
    found = series(run, PROBES[1]).lowest
    assert np.isfinite(found[0, 0])
    assert np.isnan(found[0, -1])


# --- settings


def test_runs_that_were_on_disk_keep_their_keys() -> None:
    """As stored by earlier versions."""
    assert Sweep(paper_variants()).key() == "e9b97d55"
    assert Sweep((Variant("a"),), Task("parity", bits=7)).key() == "e1852fad"


def test_settings_survive_a_file() -> None:
    from hoi_grokking.config import read

    network = Network("mlp", {"widths": (8, 4)}, loss="mse", follow=("hidden.1",))
    sweep = Sweep((Variant("a", penalty=Penalty("l1", 0.1, every=3)),), network=network)
    assert read(Sweep, json.loads(json.dumps(sweep.to_dict()))) == sweep
    assert sweep.key() != dataclasses.replace(sweep, network=dataclasses.replace(network, loss="cross_entropy")).key()


def _sweep(**changes) -> Sweep:
    return Sweep((Variant("a"),), **SMALL | {"network": Network()} | changes)


register("network", "dropout", lambda sweep, data: torch.nn.Sequential(torch.nn.Dropout(0.5)))
register("network", "unnamed", lambda sweep, data: torch.nn.Sequential(torch.nn.Linear(22, 11)))
register("task", "line", lambda task: (np.arange(20.0)[:, None], np.arange(20.0)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network("mpl"), r"Network\.name is 'mpl', and has to be one of 'mlp', 'transformer'.* has to be reg"),
        (lambda: Network(loss="hinge"), r"Network\.loss is 'hinge', and has to be one of 'cross_entropy', 'mse'"),
        (lambda: Network("mlp", {"dept": 2}), "The network 'mlp' has no option 'dept'. It has: depth, widths, activ"),
        (lambda: Network("mlp", {"depth": {2}}), r"Network\.options cannot be JSON \(.*\): give numbers"),
        (lambda: Task("addition", options={"p": 2}), "The task 'addition' has no option 'p'. It has none"),
        (lambda: Penalty("l3"), r"Penalty\.name is 'l3', and has to be one of 'l1', 'l2'"),
        (lambda: Penalty("l2", every=-1), r"Penalty\.every is -1, and has to be 0 or more"),
        (lambda: Sweep(DROPPED), "Variant '0' has a penalty, which the network of the paper does not take"),
        (lambda: Sweep((Variant("a", kept=(1,)),), network=Network()), "Variant 'a' has `kept` neurons, which belong"),
        (lambda: Trainer(_sweep(network=Network("mlp", {"depth": 0}))), r"has hidden layers of \[\] neurons"),
        (lambda: Trainer(_sweep(network=Network("mlp", {"activation": "x"}))), "The activation is 'x', and has to be"),
        (lambda: Trainer(_sweep(network=Network("dropout"))), r"'dropout' has the layer '0' \(Dropout\), which is ano"),
        (lambda: Trainer(_sweep(network=Network(follow=("relu",)))), r"follow has 'relu'\. The layers are: hidden, "),
        (
            lambda: Trainer(_sweep(network=Network("transformer"), task=Task("parity"))),
            "The network 'transformer' needs the pairs of tokens of a modular task",
        ),
        (lambda: Trainer(_sweep(task=Task("line"))), r"The task 'line' is a regression: give Network\(loss='mse'\)"),
        (lambda: Trainer(_sweep(task=Task("line"), network=None)), r"'line' is a regression.* Sweep\(network=Network"),
    ],
)
def test_what_is_refused(make, message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        make()


def test_a_network_that_names_no_layers_is_measured_where_it_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", _sweep(network=Network("unnamed")))
    with pytest.raises(hoi.HoiError, match=r"'unnamed' does not say which layers to measure\. Name them: Network\("):
        layers_of(run)
    assert layers_of(Run(tmp_path / "other", _sweep(network=Network("unnamed", follow=("0",))))) == ("0",)
