"""Measures of a stored run: what a kill leaves is kept, what is missing is added, and nothing is computed twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the case study trains with PyTorch")

import hoi  # noqa: E402
from hoi_grokking import Probe, Run, Sweep, Task, Variant, measure, train  # noqa: E402
from hoi_grokking.comparison import COMPARISONS, compare, fourier_gap, inverse_participation  # noqa: E402
from hoi_grokking.measures.stored import hidden_at, measure_run, series  # noqa: E402
from hoi_grokking.training.paper import hidden, shape_of  # noqa: E402
from hoi_grokking.training.tasks import load  # noqa: E402

ROOT = Path(__file__).parents[2]
PROBES = [Probe("pooled", n_clusters=4), Probe("union", "ordinal", n_clusters=4, inputs="all")]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    sweep = Sweep(
        (Variant("plain"), Variant("decay", weight_decay=1.0)), Task(modulus=11, train_fraction=0.6), seeds=(0,),
        width=12, steps=30, n_checkpoints=6,
    )  # fmt: skip
    return train(sweep, tmp_path / "run", progress=False)


def lines(run: Run, member: int = 0) -> list[str]:
    return (run.path / "measures" / f"member_{member:03d}.jsonl").read_text().splitlines()


def measured(run: Run, **options) -> None:
    measure_run(run, PROBES, jobs=1, progress=False, **options)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The probes that are really evaluated."""
    seen: list[str] = []

    def counting(layer: object, probe: Probe) -> object:
        seen.append(probe.key)
        return measure(layer, probe)

    monkeypatch.setattr("hoi_grokking.measures.stored.measure", counting)
    return seen


def test_a_series_holds_what_single_calls_give(run: Run) -> None:
    measured(run)
    for probe in PROBES:
        found = series(run, probe)
        np.testing.assert_array_equal(found.step, run.checkpoint_steps)
        for member in range(2):
            for place, step in enumerate(run.checkpoint_steps):
                alone = measure(hidden_at(run, member, step, probe.inputs), probe)
                assert found.lowest[member, place] == alone.lowest.value
                assert found.highest[member, place] == alone.highest.value
                assert found.lowest_neurons[member][place] == alone.lowest.neurons
                assert found.lowest_size[member, place] == len(alone.lowest.neurons)
                assert found.highest_size[member, place] == len(alone.highest.neurons)
        np.testing.assert_array_equal(found.synergy, -found.lowest)


def test_the_inputs_of_a_probe_are_those_measured_on(run: Run) -> None:
    assert len(hidden_at(run, 0, 30, "train")) == 72
    assert len(hidden_at(run, 0, 30, "all")) == 121


def test_nothing_is_computed_twice(run: Run, computed: list[str]) -> None:
    measured(run)
    n = len(run.checkpoint_steps)
    assert len(computed) == 2 * 2 * n
    measured(run)
    assert len(computed) == 2 * 2 * n
    more = Probe("grouped", n_clusters=4)
    measure_run(run, [*PROBES, more], jobs=1, progress=False)
    assert computed[2 * 2 * n :] == [more.key] * (2 * n)


def test_parts_can_be_measured_one_after_the_other(run: Run, computed: list[str]) -> None:
    measured(run, steps=run.checkpoint_steps[:2])
    measured(run, members=[1])
    assert len(computed) == 2 * (2 + 2 + len(run.checkpoint_steps) - 2)
    assert len(series(run, PROBES[0], [1]).step) == len(run.checkpoint_steps)
    with pytest.raises(hoi.HoiError, match=r"is not measured with pooled_average_train_ward4, or not wholly"):
        series(run, PROBES[0])
    measured(run)
    assert series(run, PROBES[0]).lowest.shape == (2, len(run.checkpoint_steps))


def test_a_line_that_a_kill_cut_is_made_again(run: Run, computed: list[str]) -> None:
    measured(run)
    whole = lines(run)
    path = run.path / "measures" / "member_000.jsonl"
    path.write_text("\n".join(whole[:-3]) + "\n" + whole[-3][:17])
    del computed[:]
    measured(run)
    assert len(computed) == 3
    assert lines(run) == whole


def test_a_killed_measurement_goes_on(run: Run) -> None:
    program = (
        "import sys, time, hoi_grokking.measures.stored as m\n"
        "from hoi_grokking import Probe, Run\n"
        "real = m.measure\n"
        "def slow(layer, probe):\n"
        "    time.sleep(0.2)\n"
        "    return real(layer, probe)\n"
        "m.measure = slow\n"
        "m.measure_run(Run(sys.argv[1]), [Probe('pooled', n_clusters=4)], jobs=1, progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(run.path)], cwd=ROOT)
    path = run.path / "measures" / "member_000.jsonl"
    try:
        while not path.exists() or not path.read_text().count("\n"):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    before = lines(run)
    assert 0 < len(before) < len(run.checkpoint_steps)
    measured(run)
    assert lines(run)[: len(before)] == before
    steps = [json.loads(line)["step"] for line in lines(run) if json.loads(line)["probe"] == PROBES[0].key]
    assert steps == run.checkpoint_steps


def test_processes_change_no_number(run: Run) -> None:
    measured(run)
    alone = [lines(run, member) for member in range(2)]
    for member in range(2):
        (run.path / "measures" / f"member_{member:03d}.jsonl").unlink()
    measure_run(run, PROBES, jobs=2, progress=False)
    assert [lines(run, member) for member in range(2)] == alone


def test_samples_are_measured_in_the_order_of_the_split(tmp_path: Path) -> None:
    """Ordinal ties go by the order of the samples: that of the published training set, not the one trained in."""
    run = train(Sweep((Variant("plain"),), Task(modulus=7), seeds=(0,), width=5, steps=1), tmp_path, progress=False)
    data = load(run.sweep.task)
    first = torch.randperm(49, generator=torch.Generator().manual_seed(420))[:19].numpy()
    tokens = np.stack([first // 7, 7 + first % 7], axis=1)
    shape = shape_of(run.sweep, 14, 7)
    expected = hidden(shape, run.checkpoint(1, 0), tokens)
    np.testing.assert_array_equal(hidden_at(run, 0, 1, "train"), expected)
    np.testing.assert_array_equal(
        hidden_at(run, 0, 1, "all"), np.concatenate([expected, hidden(shape, run.checkpoint(1, 0), data.test.inputs)])
    )


def test_comparison_measures_of_some_models_and_steps_are_those_of_all(run: Run) -> None:
    everything = compare(run)
    assert everything["weight_norm"].shape == (2, len(run.checkpoint_steps))
    some = compare(run, members=[1], steps=run.checkpoint_steps[2:4])
    np.testing.assert_array_equal(some["step"], run.checkpoint_steps[2:4])
    for name in COMPARISONS:
        assert np.isfinite(some[name]).all() == (name != "fourier_gap"), "which is for parities"
        np.testing.assert_array_equal(some[name], everything[name][1:, 2:4])


def test_each_neuron_has_a_spectrum_of_its_own() -> None:
    """Every frequency is used by some neuron, each neuron is tuned to one: a pooled spectrum would be flat."""
    tokens, width = 31, 15
    waves = np.cos(2 * np.pi * np.outer(np.arange(tokens), np.arange(1, width + 1)) / tokens + np.arange(width))
    assert inverse_participation(np.concatenate([waves, 3 * waves]), tokens) == pytest.approx(1)
    shared = inverse_participation(waves.sum(1, keepdims=True), tokens)
    assert shared == pytest.approx(1 / width)
    assert inverse_participation(np.zeros((2 * tokens, 4)), tokens) == 0


def test_the_participation_of_noise_is_that_of_its_spectrum() -> None:
    """Shares of 48 frequencies of two positions each are Dirichlet(2): the mean of the sum of squares is 3 / 97."""
    noise = np.random.default_rng(0).standard_normal((194, 4000))
    assert inverse_participation(noise, 97) == pytest.approx(3 / 97, rel=0.01)


def test_the_fourier_gap_of_a_majority() -> None:
    """On for most of three bits: coefficients of 1/4 for one bit, -1/4 for all three, 0 for two."""
    into = np.array([[1.0], [1.0], [1.0], [0.0]])
    assert fourier_gap(into[:3], np.zeros(1), 2) == pytest.approx(1 / 4 - 1 / 4, abs=0.01)
    assert fourier_gap(into, np.zeros(1), 3) == pytest.approx(0, abs=0.01), "no pair of bits, and no four of them"
    assert fourier_gap(into[[0, 1, 3]], np.zeros(1), 2) == pytest.approx(1 / 4, abs=0.01)
    assert fourier_gap(into[[3, 3, 0]], np.zeros(1), 2) == pytest.approx(0, abs=0.01)
    assert fourier_gap(np.ones((1, 1)), np.zeros(1), 1) == pytest.approx(0.5, abs=0.01), "the constant part"
