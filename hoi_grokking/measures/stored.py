"""Progress measures of a stored run: every checkpoint of every model, written line by line, in parallel.

`measures/member_003.jsonl` of a run folder holds one JSON object per checkpoint, layer and probe, appended as it is
known, checkpoint by checkpoint. A second call computes what is missing; a probe that is added later adds lines. The
hidden layer of the paper's network has no name.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import hoi
from hoi_grokking import registry
from hoi_grokking.measures.activations import capture
from hoi_grokking.measures.downstream import downstream_affinity
from hoi_grokking.measures.estimators import Extreme, Measured, Probe, measure
from hoi_grokking.measures.layer import Layer, NothingToMeasure
from hoi_grokking.store import Run
from hoi_grokking.training import paper
from hoi_grokking.training.tasks import Data, load

__all__ = ["Series", "downstream_at", "hidden_at", "layers_of", "measure_run", "series"]


@dataclasses.dataclass(frozen=True)
class Series:
    """A progress measure over training.

    Attributes
    ----------
    step : ndarray, shape (n_steps,)
    lowest, highest : ndarray, shape (n_models, n_steps)
        O-information in nats of the most synergistic and the most redundant set.
    lowest_size, highest_size : ndarray, shape (n_models, n_steps)
        Neurons in these sets.
    lowest_neurons : list of lists of tuple
        ``lowest_neurons[model][place]``: the neurons themselves.
    """

    step: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    lowest_size: np.ndarray
    highest_size: np.ndarray
    lowest_neurons: list[list[tuple[int, ...]]]

    @property
    def synergy(self) -> np.ndarray:
        """Minus the lowest O-information: more is more synergy, below 0 no set is synergistic."""
        return -self.lowest


def measure_run(
    run: Run,
    probes: Sequence[Probe],
    *,
    members: Sequence[int] | None = None,
    steps: Sequence[int] | None = None,
    jobs: int | None = None,
    progress: bool | None = None,
) -> None:
    """Measure the checkpoints of a run that have not been measured yet.

    Parameters
    ----------
    run : Run
        Finished.
    probes : sequence of Probe
    members, steps : sequence of int, optional
        Models and checkpoints; all by default.
    jobs : int, optional
        Processes; by default one per core.
    progress : bool, optional
        Show a bar; None shows one in a terminal.
    """
    from joblib import Parallel, delayed, effective_n_jobs
    from tqdm import tqdm

    chosen = list(range(len(run.sweep.members)) if members is None else members)
    steps = run.checkpoint_steps if steps is None else steps
    # a model's checkpoints are shared out too: whole models would leave cores without work at the end
    layers = layers_of(run)
    tasks = [
        (member, step, lacking)
        for member in chosen
        for step, lacking in _missing(run, member, list(itertools.product(layers, probes)), steps)
    ]
    for member in {member for member, _, _ in tasks}:
        _drop_broken_end(_path(run, member))
    jobs = min(effective_n_jobs(-1 if jobs is None else jobs), len(tasks))
    # one process is this one; the order of the lines is that of the checkpoints, however many there are
    work = Parallel(n_jobs=max(jobs, 1), backend="loky" if jobs > 1 else "sequential", return_as="generator")
    bar = tqdm(total=len(tasks), unit="checkpoint", disable=None if progress is None else not progress)
    with bar:
        lines = work(delayed(_measured)(registry.added(), run.path, *task) for task in tasks)
        for (member, _, _), found in zip(tasks, lines, strict=True):
            path = _path(run, member)
            path.parent.mkdir(exist_ok=True)
            with open(path, "a", encoding="utf-8") as file:
                file.write(found)
            bar.update()


def series(run: Run, probe: Probe, members: Sequence[int] | None = None, layer: str | None = None) -> Series:
    """What was measured with a probe: of the first layer that is followed, or of another one by its name.

    Raises
    ------
    hoi.HoiError
        If a checkpoint has not been measured with it.
    """
    chosen = list(range(len(run.sweep.members)) if members is None else members)
    wanted = (layers_of(run)[0] if layer is None else layer, probe.key)
    rows = [
        {line["step"]: line for line in _lines(run, member) if (line.get("layer"), line["probe"]) == wanted}
        for member in chosen
    ]
    steps = sorted(rows[0]) if rows else []
    if not steps or any(sorted(row) != steps for row in rows):
        raise hoi.HoiError(
            f"{run.path} is not measured with {probe.key}{f' at {layer!r}' if layer else ''}, or not wholly. Call "
            "measure_run first."
        )

    def table(name: str) -> np.ndarray:
        return np.array([[row[step][name] for step in steps] for row in rows], float)

    neurons = [[tuple(row[step]["lowest_neurons"]) for step in steps] for row in rows]
    return Series(
        np.array(steps),
        table("lowest"),
        table("highest"),
        np.array([[len(found) for found in row] for row in neurons]),
        np.array([[len(row[step]["highest_neurons"]) for step in steps] for row in rows]),
        neurons,
    )


def layers_of(run: Run) -> tuple[str | None, ...]:
    """The layers of a run that are measured; None is that of the paper's network.

    Raises
    ------
    hoi.HoiError
        If the network names none, nor `Network.follow`.
    """
    if run.sweep.network is None:
        return (None,)
    from hoi_grokking.training.general import followed_layers, made

    layers = followed_layers(run.sweep, made(run.sweep, load(run.sweep.task), 0))
    if not layers:
        raise hoi.HoiError(
            f"The network {run.sweep.network.name!r} does not say which layers to measure. Name them: "
            "Network(follow=('hidden.1',)), as in module.named_modules()."
        )
    return layers


def hidden_at(
    run: Run, member: int, step: int, inputs: str, data: Data | None = None, layer: str | None = None
) -> np.ndarray:
    """Activations of a layer at a checkpoint, on the training inputs in the order of the split, or on these and then
    the test inputs. Without a name it is the first layer that is followed.
    """
    found = _hidden(run, member, step, inputs, data or load(run.sweep.task))
    return found[next(iter(found)) if layer is None else layer]


def downstream_at(run: Run, member: int, step: int, hidden: np.ndarray, data: Data) -> np.ndarray | None:
    """How alike neurons of the paper's network are in what they do to the loss; None for another network."""
    if run.sweep.network is not None:
        return None
    shape = paper.shape_of(run.sweep, data.n_inputs, data.n_classes)
    return downstream_affinity(hidden, shape.split(run.checkpoint(step, member)[None]).out[0])


def _hidden(run: Run, member: int, step: int, inputs: str, data: Data) -> dict[str | None, np.ndarray]:
    """All layers that are measured."""
    n_train = len(data.drawn)
    everything = data.everything.inputs
    everything[:n_train] = everything[data.drawn]
    chosen = everything[:n_train] if inputs == "train" else everything
    row = run.checkpoint(step, member)
    if run.sweep.network is None:
        shape = paper.shape_of(run.sweep, data.n_inputs, data.n_classes)
        return {None: paper.hidden(shape, row, chosen)}
    import torch

    from hoi_grokking.training.general import followed_layers, with_parameters

    module = with_parameters(run.sweep, row, data)
    found = capture(module, [torch.from_numpy(chosen)], followed_layers(run.sweep, module))
    return dict(found.items())


def _measured(
    registered: list[tuple[str, str, Any]],
    path: Path,
    member: int,
    step: int,
    lacking: list[tuple[str | None, Probe]],
) -> str:
    """One checkpoint of one model: a line for each layer and probe."""
    from threadpoolctl import threadpool_limits

    for one in registered:
        registry.register(*one)
    run = Run(path)
    data = load(run.sweep.task)
    seen: dict[str, dict[str | None, np.ndarray]] = {}
    made: dict[tuple[str | None, str], Layer | None] = {}
    lines = []
    with threadpool_limits(1):
        for name, probe in lacking:
            if probe.inputs not in seen:
                seen[probe.inputs] = _hidden(run, member, step, probe.inputs, data)
            if (name, probe.inputs) not in made:
                activations = seen[probe.inputs][name]
                asked = any(one.clustering == "downstream" and one.inputs == probe.inputs for _, one in lacking)
                does = downstream_at(run, member, step, activations, data) if asked else None
                made[name, probe.inputs] = _layer(activations, does)
            layer = made[name, probe.inputs]
            found = measure(layer, probe) if layer else _NOTHING
            where = {} if name is None else {"layer": name}
            lines.append(json.dumps({**where, **_line(step, probe, found)}) + "\n")
    return "".join(lines)


# What a layer has that has died or diverged.
_NOTHING = Measured(Extreme(float("nan"), 0, ()), Extreme(float("nan"), 0, ()), 0)


def _layer(activations: np.ndarray, downstream: np.ndarray | None) -> Layer | None:
    try:
        return Layer(activations, downstream)
    except NothingToMeasure:
        return None


def _line(step: int, probe: Probe, found: Measured) -> dict[str, Any]:
    ends = {"lowest": found.lowest, "highest": found.highest}
    return {
        "step": step,
        "probe": probe.key,
        "alive": found.n_alive,
        **{name: end.value for name, end in ends.items()},
        **{f"{name}_clusters": end.n_clusters for name, end in ends.items()},
        **{f"{name}_neurons": list(end.neurons) for name, end in ends.items()},
    }


def _missing(
    run: Run, member: int, wanted: Sequence[tuple[str | None, Probe]], steps: Sequence[int]
) -> list[tuple[int, list[tuple[str | None, Probe]]]]:
    """Checkpoints with the layers and probes that they lack."""
    done = {(line["step"], line.get("layer"), line["probe"]) for line in _lines(run, member)}
    todo = [(step, [(name, probe) for name, probe in wanted if (step, name, probe.key) not in done]) for step in steps]
    return [(step, lacking) for step, lacking in todo if lacking]


def _lines(run: Run, member: int) -> list[dict[str, Any]]:
    """The whole lines of a model's file; a kill may have cut the last one."""
    path = _path(run, member)
    if not path.exists():
        return []
    held = path.stat()
    return _parsed(path, held.st_mtime_ns, held.st_size)


@functools.lru_cache(maxsize=64)
def _parsed(path: Path, mtime_ns: int, size: int) -> list[dict[str, Any]]:
    """The whole lines of a file as it was then; kept, since each figure asks for all of them several times."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _drop_broken_end(path: Path) -> None:
    if path.exists():
        whole = path.read_bytes()
        with open(path, "r+b") as file:
            file.truncate(whole.rfind(b"\n") + 1)


def _path(run: Run, member: int) -> Path:
    return run.path / "measures" / f"member_{member:03d}.jsonl"
