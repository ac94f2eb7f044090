"""Synergy and redundancy inside any torch network: `track` them during a training loop of your own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import hoi
from hoi_grokking.measures.activations import Reduce, capture, modules_of, reductions_of
from hoi_grokking.measures.estimators import Extreme, Measured, Probe, measure
from hoi_grokking.measures.layer import Layer, NothingToMeasure
from hoi_grokking.store import write

if TYPE_CHECKING:
    import os

    import pandas as pd
    from matplotlib.figure import Figure
    from torch import nn

__all__ = ["Tracker", "track"]


class Tracker:
    """Progress measures of some layers of a network, step by step. Made by :func:`track`.

    Attributes
    ----------
    records : list of dict
        One per call, layer and probe: "step", "layer", "probe" (how it was measured), "lowest" and "highest" with their
        neurons, "n_alive", what was asked for by `fixed` ("fixed") and `null` ("null_lowest", "null_highest"), and the
        values given in the call. Where there is nothing to measure, values are NaN and sets are empty.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: Iterable[Any],
        layers: Sequence[str],
        probes: Sequence[Probe],
        every: int,
        reduce: Reduce | Mapping[str, Reduce] | None,
        forward: Callable[[nn.Module, Any], Any] | None,
        fixed: Mapping[str, Sequence[int]],
        null: int,
    ) -> None:
        self.model, self.batches, self.layers = model, batches, tuple(layers)
        self.probes, self.every, self.reduce, self.forward = tuple(probes), every, reduce, forward
        self.fixed, self.null = {name: tuple(neurons) for name, neurons in fixed.items()}, null
        self.records: list[dict[str, Any]] = []
        self._warned: set[str] = set()

    def __call__(self, step: int, **values: float) -> dict[tuple[str, str], Measured] | None:
        """Measure if `step` is due; `values` (loss, accuracy) are kept beside the measures."""
        if step % self.every:
            return None
        found = {}
        seen = capture(self.model, self.batches, self.layers, reduce=self.reduce, forward=self.forward)
        for name, activations in seen.items():
            bands = self._bands(activations, step)
            for probe, result in zip(self.probes, self._measured(name, activations, step), strict=True):
                found[name, probe.method] = result
                self.records.append(
                    {
                        "step": step,
                        "layer": name,
                        "probe": probe.method,
                        "lowest": result.lowest.value,
                        "highest": result.highest.value,
                        "lowest_neurons": result.lowest.neurons,
                        "highest_neurons": result.highest.neurons,
                        "n_alive": result.n_alive,
                        **self._of_fixed(name, activations, probe),
                        **bands.get(probe.method, {}),
                        **values,
                    }
                )
        return found

    def _of_fixed(self, name: str, activations: np.ndarray, probe: Probe) -> dict[str, float]:
        """O-information of the neurons that are followed; NaN where they do not all vary."""
        if not self.fixed:
            return {}
        chosen = activations[:, self.fixed.get(name, ())]
        if not chosen.size or not np.isfinite(chosen).all() or (np.ptp(chosen, axis=0) == 0).any():
            return {"fixed": float("nan")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hoi.HoiWarning)
            by = hoi.estimators.GaussianCopula(probe.ties, probe.seed)
            value = hoi.oinfo(chosen, estimator=by, bias_correction=False, singular="nan")
        return {"fixed": float(value)}

    def _bands(self, activations: np.ndarray, step: int) -> dict[str, dict[str, float]]:
        """Of each probe the extremes that 95 of 100 layers of independent neurons with the same values keep within."""
        if not self.null:
            return {}
        rng = np.random.default_rng(step)
        ends: dict[str, list[tuple[float, float]]] = {probe.method: [] for probe in self.probes}
        for _ in range(self.null):
            try:
                layer = Layer(rng.permuted(activations, axis=0))
            except NothingToMeasure:
                return {method: {"null_lowest": float("nan"), "null_highest": float("nan")} for method in ends}
            for probe in self.probes:
                result = measure(layer, probe)
                ends[probe.method].append((result.lowest.value, result.highest.value))
        return {
            method: {
                "null_lowest": float(np.quantile([low for low, _ in values], 0.05)),
                "null_highest": float(np.quantile([high for _, high in values], 0.95)),
            }
            for method, values in ends.items()
        }

    def _measured(self, name: str, activations: np.ndarray, step: int) -> list[Measured]:
        """By every probe. A layer that has died or diverged must not end the training that it is followed in."""
        try:
            layer = Layer(activations)
        except NothingToMeasure as error:
            if name not in self._warned:
                self._warned.add(name)
                warnings.warn(
                    f"Layer {name!r} at step {step}: {error} Its values are NaN, at later steps too without a warning.",
                    hoi.HoiWarning,
                    stacklevel=3,
                )
            alive = int(np.count_nonzero(np.ptp(activations, axis=0) > 0)) if len(activations) else 0
            nothing = Extreme(float("nan"), 0, ())
            return [Measured(nothing, nothing, alive)] * len(self.probes)
        return [measure(layer, probe) for probe in self.probes]

    def to_dataframe(self) -> pd.DataFrame:
        """The records as a table."""
        import pandas as pd

        return pd.DataFrame(self.records)

    def plot(self) -> Figure:
        """What was followed, over the training: the values given in the calls on top, then each layer and probe.

        Returns
        -------
        matplotlib.figure.Figure
            Synergy and redundancy with a scale each; the fixed set as a dashed line on the scale of synergy; the
            extremes of independent neurons as bands.

        Raises
        ------
        hoi.HoiError
            When nothing has been measured.
        """
        from hoi_grokking.drawing import training

        if not self.records:
            raise hoi.HoiError("Nothing has been measured: call the tracker with the step, in the training loop.")
        return training(self.to_dataframe())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the records as csv; neurons of a set are separated by blanks.

        Parameters
        ----------
        path : str or path
            A file with the suffix ``.csv``. ``to_dataframe()`` has the ways of pandas to others.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        hoi.HoiError
            For another suffix, or a file that cannot be written.
        """
        path = Path(path).expanduser()
        if path.suffix.lower() != ".csv":
            raise hoi.HoiError(f"cannot write to {str(path)!r}: the suffix must be .csv, or use to_dataframe().")
        table = self.to_dataframe()
        for column in {"lowest_neurons", "highest_neurons"} & set(table.columns):
            table[column] = [" ".join(map(str, neurons)) for neurons in table[column]]
        write(path, table.to_csv(index=False))
        return path

    def __repr__(self) -> str:
        steps = sorted({record["step"] for record in self.records})
        when = f"{len(steps)} steps from {steps[0]} to {steps[-1]}" if steps else "not called yet"
        lines = [f"Tracker of {', '.join(self.layers)}: {when}"]
        for record in self.records:
            if record["step"] == steps[-1]:
                ends = f"lowest {record['lowest']:.4f}, highest {record['highest']:.4f} nats"
                lines.append(f"  {record['layer']} by {record['probe']}: {ends}, {record['n_alive']} neurons vary")
        return "\n".join(lines)


def track(
    model: nn.Module,
    loader: Iterable[Any],
    layers: Sequence[str],
    *,
    probes: Sequence[Probe] = (Probe(),),
    every: int = 1,
    reduce: Reduce | Mapping[str, Reduce] | None = None,
    forward: Callable[[nn.Module, Any], Any] | None = None,
    fixed: Mapping[str, Sequence[int]] | None = None,
    null: int = 0,
) -> Tracker:
    """Follow synergy and redundancy of a network through a training loop of your own.

    Parameters
    ----------
    model : torch.nn.Module
    loader : iterable
        Inputs to measure on, gone through at every call (a list of batches or a DataLoader; not a generator).
    layers : sequence of str
        Names as in ``model.named_modules()``.
    probes : sequence of Probe
    every : int
        Steps between measurements.
    reduce, forward : optional
        As in :func:`capture`.
    fixed : mapping, optional
        Layer -> neurons whose O-information is kept at every step: one set that does not change, where the extremes are
        of another set at each step.
    null : int
        Copies of each layer in which every neuron is permuted over the samples on its own, measured too at every step:
        what extremes independent neurons give, from 20 on. They cost as much each as the measurement itself.

    Returns
    -------
    Tracker
        Call it with the step in the loop; `to_dataframe` gives the table, `plot` the picture, `save` a file. The
        training does not depend on it: a layer
        of which fewer than three neurons vary, or whose activations are not finite, has NaN, with one warning.
        ``hoi_grokking.callbacks`` calls it from a trainer of Lightning or Hugging Face.

    Raises
    ------
    hoi.HoiError
        For a name that is not in the network, a loader that can be gone through only once, or options out of range.

    Examples
    --------
    >>> import torch
    >>> from hoi_grokking import Probe, track
    >>> _ = torch.manual_seed(0)
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh())
    >>> follow = track(net, [torch.randn(100, 3)], ["1"], probes=[Probe("neurons")], every=10)
    >>> for step in range(20):
    ...     _ = follow(step, loss=0.0)
    >>> follow.to_dataframe()[["step", "layer", "loss"]].values.tolist()
    [[0, '1', 0.0], [10, '1', 0.0]]
    """
    if isinstance(loader, Iterator):
        raise hoi.HoiError("`loader` can be gone through only once; give a list of batches or a DataLoader.")
    if every < 1:
        raise hoi.HoiError(f"`every` is {every}, and has to be 1 or more.")
    names = tuple(modules_of(model, layers))
    reductions_of(names, reduce)
    if null < 0 or 0 < null < 20:
        raise hoi.HoiError(f"`null` is {null}: at least 20 copies are needed for 5 % of them, or 0 for none.")
    fixed = fixed or {}
    if unknown := [name for name in fixed if name.partition("#")[0] not in names]:
        raise hoi.HoiError(f"`fixed` has neurons of {unknown[0]!r}, which is not among the layers: {', '.join(names)}.")
    if few := [name for name, neurons in fixed.items() if len(set(neurons)) < 3]:
        raise hoi.HoiError(f"`fixed` has fewer than three neurons of {few[0]!r}: their O-information is 0 always.")
    return Tracker(model, loader, names, probes, every, reduce, forward, fixed, null)
