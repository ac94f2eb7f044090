"""A result in sentences: the paragraph of a methods section, and what was found."""

from __future__ import annotations

import importlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._measures.registry import ALL
from hoi._results.sources import bibtex, cited
from hoi._systems.registry import ESTIMATORS

if TYPE_CHECKING:
    from hoi._results.multiplets import Multiplets

__all__ = ["Words"]

# How surrogates are made, by the name of the null; about a target it is the target alone that moves, but for "member".
_NULLS = {
    "shift": "{each} was shifted circularly in time by a random lag, which keeps autocorrelations",
    "permute": "the samples of {each} were permuted",
    "phase": "the Fourier phases of {each} were drawn anew, which keeps its spectrum [theiler1992]",
    "member": (
        "{one} at a time was shifted circularly in time by a random lag and the others were left as they are; "
        "the p-value of a set is the largest of its members [berger1982]: a small one says that every member adds"
    ),
}
_BY_DIFFERENCE = "corrected for all sets by the largest standardised difference of any set [nichols2002]."


class Words:
    """Sentences made from the settings and the rows of a `Multiplets`."""

    __slots__ = ()

    def methods(self: Any) -> str:
        """The paragraph of a methods section that says how the values were made, and the BibTeX of its sources.

        Everything in it is read from `settings`. What only you know is missing: where the data come from, and what was
        done to them before.

        Returns
        -------
        str
            The paragraph, an empty line, and the entries for a ``.bib`` file.

        Examples
        --------
        >>> import hoi
        >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
        >>> print(found.methods()[:86])
        O-information (Rosas et al. 2019) was computed for all 3,276 sets of 3 of 28 variables
        """
        parts = (_what(self), _how(self.settings), *_choice(self), *_evidence(self.settings), _software(self.settings))
        text, keys = cited(" ".join(part for part in parts if part))
        return f"{text}\n\n{bibtex(keys)}" if keys else text

    def summary(self: Any) -> str:
        """What was found, how sure it is, and what not to conclude, in a few sentences.

        Returns
        -------
        str

        Examples
        --------
        >>> import hoi
        >>> found = hoi.search(hoi.datasets.load_fmri(), 3, which="lowest")
        >>> print(found.summary().split(". ")[0])
        Of 3,276 sets, by O-information: most synergistic LFpol, LMTG, RFpol (-0.1032 nats)
        """
        return " ".join((_found(self), _how_sure(self), _caution(self)))


# -- how it was made ----------------------------------------------------------------------------------


def _what(result: Multiplets) -> str:
    """Which measures, of which sets, from which data."""
    s = result.settings
    measures = [s["measure"]] if s.get("measure") in ALL else [name for name in result.columns if name in ALL]
    named = _listed([ALL[name].label + (f" [{ALL[name].source}]" if ALL[name].source else "") for name in measures])
    subject = named[:1].upper() + named[1:] if named else "Values"
    verb = "was" if len(measures) < 2 else "were"
    n = s.get("n_variables") or len(result.names)
    about = f" about {_listed(s['target'])}" if s.get("target") else ""
    given = f", given {_listed(s['given'])}," if s.get("given") else ""
    groups = " (groups of columns)" if s.get("groups") else ""
    of = f"of {_range_of(s.get('order') or _orders(result))} of {n:,} variables{groups}"
    if s.get("method") == "tabu":
        runs = s.get("n_restarts", "several")
        which = f"was computed for sets {of} that {runs} runs of tabu search [glover1989] came by, a heuristic that "
        which += "need not find the best,"
    elif s.get("order") is None or s.get("method") == "influence" or s.get("evaluated") is None:
        which = f"{verb} computed for {_count(len(result), 'set')} {of}"
    else:
        skipped = s.get("skipped") or 0
        which = f"{verb} computed for all {_looked_at(s):,} sets {of}"
        which += f" but {skipped:,} that are numerically singular," if skipped else ""
        if s.get("determined") == "drop":
            which += " (without those in which the others determine a member, or nearly)"
    return f"{subject}{about}{given} {which}{_data(s)}."


def _looked_at(s: dict[str, Any]) -> int:
    """How many different sets a search went through."""
    n_times = 1 if s.get("across") == "mean" else s.get("n_datasets") or 1
    return (s["evaluated"] + (s.get("skipped") or 0)) // n_times


def _data(s: dict[str, Any]) -> str:
    said = ""
    if s.get("n_samples") is not None:
        counts = s["n_samples"] if isinstance(s["n_samples"], list) else [s["n_samples"]]
        low, high = min(counts), max(counts)
        said += f" from {low:,} samples" if low == high else f" from {low:,} to {high:,} samples"
        if s.get("n_datasets"):
            mean = "as the mean over" if s.get("across") == "mean" else "each of"
            said += f" {mean} {s['n_datasets']:,} data sets"
    if s.get("dropped_rows"):
        said += f" ({_count(s['dropped_rows'], 'sample')} with missing values left out)"
    return said


def _how(s: dict[str, Any]) -> str:
    """Estimator, bias and unit."""
    name = s.get("estimator")
    if name is None:
        return ""
    known, there = _class_of(name), defaultdict(lambda: "not recorded", s)
    if name == "covariance":
        text = "Entropies were taken from a given covariance, as those of a Gaussian distribution [cover2006]"
    elif known is None or not known.methods:
        text = f"Entropies were estimated by {name}"
    else:
        text = f"Entropies were estimated {known.methods.format_map(there)}"
    if s.get("discrete"):
        text += f", with {_listed(s['discrete'])} as categories"
    bias = s.get("bias_correction")
    if bias == "effective":
        text += "; their bias for the effective number of samples of autocorrelated series was subtracted"
    elif bias and (known is None or known.bias):
        text += f"; {known.bias.format_map(there) if known else 'their bias was corrected'}"
    elif bias is False:
        text += "; no bias was corrected"
    return f"{text}. Values are in {s.get('units', 'nats')}."


def _choice(result: Multiplets) -> list[str]:
    """Which sets are reported."""
    s = result.settings
    if s.get("chosen_in"):
        first, second = s["chosen_in"], s["estimated_in"]
        chosen = f"Sets were chosen in samples {first[0] + 1:,} to {first[1]:,}"
        return [f"{chosen}; values and intervals are of samples {second[0] + 1:,} to {second[1]:,} alone."]
    if s.get("n_best") is None:
        return []
    ends = {"both": "lowest and the highest", "lowest": "lowest", "highest": "highest"}[s.get("which", "both")]
    what = "differences" if s.get("comparison") else "values"
    each = " of each order" if s.get("per_order") else ""
    return [f"Up to {_count(s['n_best'], 'set')}{each} with the {ends} {what} are reported."]


def _evidence(s: dict[str, Any]) -> list[str]:
    """Tests, comparisons and intervals."""
    said = []
    seed = f" (seed {s['null_seed']})" if s.get("null_seed") is not None else ""
    several = "all sets, orders and ends" if "to" in _range_of(s.get("order", 0)) else "all sets"
    if s.get("null"):
        said.append(
            f"They were compared with {s['n_resamples']:,} surrogates in which {_moved(s)}{seed}. p-values are "
            f"corrected for {several} by the most extreme value of any set in each surrogate [nichols2002], and count "
            "the data as one of the surrogates, so that none is 0 [phipson2010]."
        )
    if s.get("comparison") == "datasets":
        dealt = "the signs of the differences of pairs were" if s.get("paired") else "the labels of the data sets were"
        of = f"{s['n_compared'][0]} and {s['n_compared'][1]} data sets"
        said.append(
            f"Values are mean differences of {of}. In {s['n_resamples']:,} resamples {dealt} dealt out anew{seed}; "
            f"p-values are {_BY_DIFFERENCE}"
        )
    if s.get("comparison") == "conditions":
        block = s["block_length"]
        dealt = "samples" if block == 1 else f"blocks of {block:,} neighbouring samples"
        said.append(
            f"Values are differences of two conditions. In {s['n_resamples']:,} resamples {dealt} were dealt out anew "
            f"to the conditions{seed}; p-values are {_BY_DIFFERENCE}"
        )
    if s.get("confidence_level"):
        how = "influence functions with the long-run variance of the series [geyer1992]"
        if s.get("method") == "bootstrap":
            how = f"a bootstrap of {s.get('n_resamples', 0):,} draws"
        chosen = "" if s.get("chosen_in") else ", which are not corrected for the choice of sets"
        said.append(f"Confidence intervals ({100 * s['confidence_level']:g} %) are from {how}{chosen}.")
    return said


def _moved(s: dict[str, Any]) -> str:
    """What happened to which columns in a surrogate."""
    each = "the target alone" if s.get("target") else "every variable on its own"
    fixed = f"; what is given ({_listed(s['given'])}) stayed as it is" if s.get("given") else ""
    one = "one variable, or the target alone," if s.get("target") else "one variable"
    return _NULLS[s["null"]].format(each=each, one=one) + fixed


def _software(s: dict[str, Any]) -> str:
    versions = dict(s.get("versions") or {})
    if "hoi" not in versions:
        return ""
    others = ", ".join(f"{'Python' if name == 'python' else name} {v}" for name, v in versions.items() if name != "hoi")
    return f"Computed with hoi {versions['hoi']}{f' ({others})' if others else ''}."


# -- what was found -----------------------------------------------------------------------------------


def _found(result: Multiplets) -> str:
    name = result.lead
    if not len(result) or name is None:
        return "No sets were found."
    values = getattr(result, name)
    if np.isnan(values).all():
        return "No set has a value."
    if len(result) == 1:
        return f"{_first_upper(ALL[name].label)} of {_set(result, 0)} is {_value(result, name, 0)}."
    rows = [int(np.nanargmin(values)), int(np.nanargmax(values))]
    if result.extreme is not None:
        rows = [row for row, end in zip(rows, ("lowest", "highest")) if end in result.extreme]
    rows = list(dict.fromkeys(rows))
    said = [f"{_side(result, name, row)} {_set(result, row)} ({_value(result, name, row)})" for row in rows]
    s = result.settings
    all_of = s.get("evaluated") is not None and s.get("method") != "tabu"
    of = f"Of {_count(_looked_at(s) if all_of else len(result), 'set')}{'' if all_of else ' reported'}"
    return f"{of}, by {ALL[name].label}: {', '.join(said)}."


def _side(result: Multiplets, name: str, row: int) -> str:
    """What the set at an end of the list is called: by its sign, where that says something."""
    value, end = getattr(result, name)[row], int(row == int(np.nanargmax(getattr(result, name))))
    if result.settings.get("comparison"):
        return ("lowest difference", "highest difference")[end]
    side = ALL[name].synergy * value
    if side == 0 or (value < 0) == end:
        return ("lowest", "highest")[end]
    return "most synergistic" if side > 0 else "most redundant"


def _how_sure(result: Multiplets) -> str:
    s = result.settings
    if result.pvalue is not None:
        count = int((result.pvalue <= 0.05).sum())
        them = "what the others tell of the target" if s.get("target") else "the others"
        chance = "a target that depends on none of them gives" if s.get("target") else "independent variables give"
        means, no = {
            "member": (f"every member adds to {them}", f"that every member adds to {them} is not shown"),
            None: ("more than chance makes of no difference", "chance makes as much of no difference"),
        }.get(s.get("null"), (f"more extreme than {chance}", f"{chance} as much"))
        corrected = "p ≤ 0.05, corrected for all sets that were looked at"
        if not count:
            return f"None of the {len(result):,} listed has {corrected}: {no}."
        have = "has" if count == 1 else "have"
        return f"Of {_count(len(result), 'set')} listed, {count:,} {have} {corrected}: {means}."
    if result.low is not None:
        outside = int(((result.low > 0) | (result.high < 0)).sum())
        level = f"{100 * s.get('confidence_level', 0.95):g} %"
        honest = "" if s.get("chosen_in") else ", not corrected for how the sets were chosen"
        leave = "leaves" if outside == 1 else "leave"
        return f"Of {_count(len(result), 'interval')} at {level}, {outside:,} {leave} out 0{honest}."
    if s.get("n_best") is None and s.get("order") is None:
        return "How sure the values are is not known yet: hoi.confidence_interval gives intervals."
    return (
        "No test was made, and the most extreme of many sets is far from 0 in noise too: hoi.permutation_test says "
        "which values chance would give."
    )


def _caution(result: Multiplets) -> str:
    known = _class_of(str(result.settings.get("estimator")))
    share = "Sets share members, so rows are not separate findings, and" if len(result) > 1 else "And"
    own = f"{known.caution} " if known and known.caution else ""
    return f"{own}{share} none of this says what causes what."


# -- pieces -------------------------------------------------------------------------------------------


def _class_of(name: str) -> Any:
    """The class of an estimator of the library; None for one's own, and for a given covariance."""
    if name not in ESTIMATORS:
        return None
    module, attribute = ESTIMATORS[name].split(":")
    return getattr(importlib.import_module(module), attribute)


def _orders(result: Multiplets) -> list[int]:
    return [int(result.order.min()), int(result.order.max())] if len(result) else [0, 0]


def _range_of(order: Any) -> str:
    low, high = (order, order) if isinstance(order, int) else (min(order), max(order))
    return f"{low}" if low == high else f"{low} to {high}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _listed(names: list[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _set(result: Multiplets, row: int) -> str:
    names = ", ".join(result[row].names)
    if result.dataset is None:
        return names
    named = result.dataset_names
    return f"{names} in data set {result.dataset[row] if named is None else named[row]}"


def _value(result: Multiplets, name: str, row: int) -> str:
    return f"{getattr(result, name)[row]:z.4f} {result.units}"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
