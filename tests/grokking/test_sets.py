"""Regularisers that go by sets of neurons: which sets they take, what they drop, and the dose of a penalty."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")

import hoi  # noqa: E402
from hoi_grokking import Network, Penalty, Sweep, Task, Variant  # noqa: E402
from hoi_grokking.training.sets import SetDropout, SetPenalty, extreme_sets  # noqa: E402
from hoi_grokking.training.trainer import Trainer  # noqa: E402

SMALL = {"task": Task(modulus=7, train_fraction=0.7), "width": 16, "steps": 20, "seeds": (3,), "network": Network()}


def planted() -> np.ndarray:
    """Ten neurons: 2 is the sum of 0 and 1 (synergy), 3 to 5 say the same (redundancy), 9 is silent."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((400, 10))
    values[:, 2] = values[:, 0] + values[:, 1] + 0.3 * values[:, 2]
    values[:, 4:6] = values[:, 3:4] + 0.3 * values[:, 4:6]
    values[:, 9] = 0
    return values


def variant(name: str, strength: float = 0.0, *, every: int = 5, relative: bool = False, **options) -> Variant:
    return Variant(name, penalty=Penalty(name, strength, every, relative, options))


@pytest.mark.parametrize(("kind", "first"), [("synergistic", [0, 1, 2]), ("redundant", [3, 4, 5])])
def test_planted_sets_lead(kind: str, first: list[int]) -> None:
    found = extreme_sets(planted(), kind, 20, 3, np.random.default_rng(1))
    assert found.shape == (20, 3)
    assert sorted(found[0].tolist()) == first
    assert 9 not in found


def test_random_sets_hold_neurons_that_vary_and_each_of_them_once() -> None:
    found = extreme_sets(planted(), "random", 300, 3, np.random.default_rng(1))
    assert set(found.ravel().tolist()) == set(range(9))
    assert all(len(set(row)) == 3 for row in found.tolist())


def test_there_are_as_many_sets_as_were_asked_for() -> None:
    assert extreme_sets(planted(), "synergistic", 200, 3, np.random.default_rng(1)).shape == (200, 3)


def test_too_few_neurons_that_vary() -> None:
    with pytest.raises(hoi.HoiError, match="2 neurons vary over the samples, and sets of 3 are wanted"):
        extreme_sets(planted()[:, [0, 1, 9]], "synergistic", 5, 3, np.random.default_rng(1))


def test_an_unknown_kind_of_sets() -> None:
    with pytest.raises(hoi.HoiError, match="`sets` is 'best', and has to be one of"):
        SetPenalty(sets="best")


def test_the_penalty_is_the_mean_absolute_o_information_of_its_sets() -> None:
    hidden = {"layer": torch.from_numpy(planted())}
    penalty = SetPenalty(n_sets=10)
    memory = penalty.refresh({}, hidden, torch.Generator().manual_seed(0))
    expected = np.abs(hoi.oinfo(planted()[:, :9], memory.tolist(), estimator="gaussian", bias_correction=False)).mean()
    assert float(penalty.penalty({}, hidden, memory)) == pytest.approx(expected, rel=1e-3)


def test_a_neuron_that_falls_silent_between_two_looks_stops_nothing() -> None:
    values = planted()
    values[:, 2] = 0
    found = SetPenalty().penalty({}, {"layer": torch.from_numpy(values)}, torch.tensor([[0, 1, 2]]))
    assert abs(float(found)) < 0.05


def test_networks_with_a_penalty_on_sets_are_taken_one_at_a_time() -> None:
    """Also where all others train together, as on a GPU."""
    variants = (Variant("plain"), variant("set_penalty", 1.0, n_sets=20), variant("l2", 1.0))
    trainer = Trainer(Sweep(variants, **{**SMALL, "seeds": (3, 4)}), together=True)
    assert trainer.networks.chunks == [slice(0, 2), slice(2, 3), slice(3, 4), slice(4, 6)]
    assert np.isfinite(trainer.advance(2, [2])).all()


@pytest.mark.parametrize("sets", ["synergistic", "random"])
def test_a_relative_penalty_has_the_dose_it_says(sets: str) -> None:
    plain = Trainer(Sweep((Variant("plain"),), **SMALL))
    dosed = Trainer(Sweep((variant("set_penalty", 0.7, relative=True, sets=sets, n_sets=20),), **SMALL))
    gradients = [trainer.networks.open(slice(0, 1), trainer.rows).gradient(0)[0].double() for trainer in (plain, dosed)]
    added = gradients[1] - gradients[0]
    assert float(added.norm() / gradients[0].norm()) == pytest.approx(0.7, rel=1e-4)


def test_a_penalty_that_is_relative_has_the_direction_of_one_that_is_not() -> None:
    """Also of networks that train together."""
    kinds = [Penalty("l2", strength, 0, relative) for strength, relative in ((0.0, False), (0.3, False), (0.3, True))]
    sweeps = [Sweep((Variant("one", penalty=kind),), **{**SMALL, "seeds": (3, 4)}) for kind in kinds]
    found = []
    for sweep in sweeps:
        trainer = Trainer(sweep, together=True)
        found.append(trainer.networks.open(slice(0, 2), trainer.rows).gradient(0).double())
    absolute, relative = ((one - found[0]) / (one - found[0]).norm(dim=1, keepdim=True) for one in found[1:])
    torch.testing.assert_close(relative, absolute, rtol=1e-3, atol=1e-4)
    sizes = (found[2] - found[0]).norm(dim=1) / found[0].norm(dim=1)
    torch.testing.assert_close(sizes, torch.full_like(sizes, 0.3), rtol=1e-4, atol=0)


def test_a_synergy_penalty_lowers_the_synergy_of_the_most_synergistic_sets() -> None:
    """Beside no penalty, with the same weights at the start."""
    best = []
    for strength in (0.0, 3.0):
        one = variant("set_penalty", strength, every=2, relative=True, n_sets=50)
        trainer = Trainer(Sweep((one,), **{**SMALL, "steps": 40}))
        trainer.advance(40, [])
        networks = trainer.networks
        hidden = networks.open(slice(0, 1), trainer.rows)._hidden(trainer.rows[0])["hidden.1"].double().numpy()
        sets = torch.from_numpy(extreme_sets(hidden, "synergistic", 50, 3, np.random.default_rng(0)))
        best.append(-float(SetPenalty().penalty({}, {"hidden.1": torch.from_numpy(hidden)}, sets)))
    assert best[0] < best[1] - 0.01


def dropped(regulariser: SetDropout, memory: torch.Tensor, seed: int) -> list[int]:
    mask = regulariser.masks({"layer": 40}, memory, torch.Generator().manual_seed(seed))["layer"]
    assert mask.sum() == pytest.approx(40), "the sum of the activations stays the same on average"
    return torch.nonzero(mask == 0).flatten().tolist()


def test_dropout_takes_so_many_neurons_of_the_sets() -> None:
    memory = torch.tensor(list(itertools.combinations(range(10), 3)))
    regulariser = SetDropout(n_dropped=6)
    drawn = [dropped(regulariser, memory, seed) for seed in range(20)]
    assert {len(one) for one in drawn} == {6}
    assert set().union(*drawn) == set(range(10))
    assert dropped(regulariser, memory[:1], 0) == [0, 1, 2], "no more than there are"
    assert regulariser.masks({"layer": 40}, None, torch.Generator()) is None


def test_neurons_that_stand_for_others_have_as_much_output_weight() -> None:
    rng = np.random.default_rng(0)
    hidden = {"layer": torch.from_numpy(rng.standard_normal((200, 128)).cumsum(1))}
    norms = rng.lognormal(0, 1, 128)
    weights = torch.from_numpy(rng.standard_normal((5, 128)))
    parameters = {"into": torch.ones(128, 3), "out": weights / weights.norm(dim=0) * torch.from_numpy(norms)}
    own, others = (
        SetDropout(n_sets=400, alike=alike).refresh(parameters, hidden, torch.Generator().manual_seed(1)).numpy()
        for alike in (False, True)
    )
    assert (own != others).mean() > 0.7
    assert norms[others].mean() == pytest.approx(norms[own].mean(), rel=0.15)
    assert np.corrcoef(np.log(norms[own].ravel()), np.log(norms[others].ravel()))[0, 1] > 0.9


def test_dropped_neurons_have_no_gradient() -> None:
    sweep = Sweep((variant("set_dropout", n_dropped=4, n_sets=30),), **SMALL)
    trainer = Trainer(sweep)
    gradient = trainer.networks.open(slice(0, 1), trainer.rows).gradient(0)[0]
    into = trainer.networks.layout.split(gradient)["hidden.0.weight"]
    assert sum(not row.any() for row in into) == 4


def test_a_dose_is_a_setting_of_its_own() -> None:
    one = Sweep((variant("l2", 0.3),), **SMALL)
    other = dataclasses.replace(one, variants=(variant("l2", 0.3, relative=True),))
    assert one.key() != other.key()
    assert "relative" not in str(one.to_dict())
