"""Agreement with published tools: numbers they gave once, stored with their versions, to their own precision.

`python -m benchmarks.peers.published` runs them again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from published import series

import hoi

STORED = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))
JAX, THOI = STORED["jax-hoi"], STORED["thoi"]
X = series()
# that tool's names of the two members of a pair, and ours
ATOMS = {"u1": "x", "u2": "y"}


def stored(name: str) -> tuple[list[tuple[int, ...]], np.ndarray]:
    return [tuple(members) for members, _ in JAX[name]], np.array([value for _, value in JAX[name]])


def shifted() -> hoi.GaussianSystem:
    """Scores, then lags, then second moments about 0: the tool takes scores of whole series and removes no mean."""
    table = hoi.lagged(hoi.copula_transform(X[:, :4]))
    n = len(table.values)
    return hoi.GaussianSystem.from_covariance(table.values.T @ table.values / (n - 1), n_samples=n, names=table.names)


def test_versions() -> None:
    assert (JAX["version"], THOI["version"]) == ("0.0.7", "0.2.42")


@pytest.mark.parametrize(
    ("name", "function", "corrected"),
    [
        ("GradientOinfo", hoi.gradient, True),
        ("InfoTot", hoi.information, False),
        ("RSI", hoi.rsi, False),
        ("RedundancyMMI", hoi.redundancy_mmi, False),
        ("SynergyMMI", hoi.synergy_mmi, False),
    ],
)
def test_about_a_target(name: str, function: object, corrected: bool) -> None:
    """Metrics of mutual information are not corrected for bias there; the gradient, of entropies, is, in float32."""
    sets, values = stored(name)
    assert len(sets) == 10
    got = function(X, sets, target=4, bias_correction=corrected, units="bits")
    np.testing.assert_allclose(got, values, rtol=0, atol=2e-5 if corrected else 5e-7)


def test_coinformation() -> None:
    sets, values = stored("InfoTopo")
    np.testing.assert_allclose(hoi.coinformation(X, sets, units="bits"), values, rtol=0, atol=1e-5)


def test_transfer_entropy() -> None:
    system, values = shifted(), np.array(JAX["TransferEntropy"])
    for i, j in np.argwhere(~np.eye(4, dtype=bool)).tolist():
        got = hoi.information(system, [(f"{i}-1",)], target=f"{j}", given=f"{j}-1", units="bits")
        assert got[0] == pytest.approx(values[i, j], abs=2e-6)
    # means, and ranks of what a lag leaves over, make little of a difference
    whole = hoi.transfer_entropy(X[:, :4], units="bits").to_numpy()
    np.testing.assert_allclose(whole[~np.eye(4, dtype=bool)], values[~np.eye(4, dtype=bool)], rtol=0, atol=3e-3)


def test_dynamic_oinformation_is_summed_over_the_members_as_targets() -> None:
    system = shifted()
    sets, values = stored("DOtot")
    for members, value in zip(sets, values, strict=True):
        of_targets = [
            hoi.gradient(system, [tuple(f"{i}-1" for i in members if i != j)], target=f"{j}", given=f"{j}-1")[0]
            for j in members
        ]
        assert sum(of_targets) / np.log(2) == pytest.approx(value, abs=5e-6)


def test_atoms_of_pairs() -> None:
    scores = hoi.copula_transform(X[:, :4])
    found = hoi.phiid(scores, estimator="gaussian", bias_correction=False, units="bits")
    assert len(JAX["AtomsPhiID"]) == 15  # all but u2ts, for which the tool gives another atom
    for atom, values in JAX["AtomsPhiID"].items():
        ours = atom
        for theirs, name in ATOMS.items():
            ours = ours.replace(theirs, name)
        np.testing.assert_allclose(found[ours], values, rtol=0, atol=1e-4, err_msg=atom)  # it removes no mean


def test_local_values() -> None:
    values = np.array(THOI["local"])  # (sets, samples, measures)
    for k, measure in enumerate(("tc", "dtc", "oinfo", "sinfo")):
        got = hoi.local(X, THOI["sets"], measure=measure, bias_correction=False)
        np.testing.assert_allclose(got, values[..., k].T, rtol=0, atol=1e-8, err_msg=measure)
