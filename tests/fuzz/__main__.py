"""Fuzzers by hand: python -m tests.fuzz --seconds 60 --seed 1 [--only tables] [--case 17].

Each kind is a module here with `case(rng)`, which gives None where all is well, "asked" where the answer is a HoiError,
and else what is wrong. A case is named by its seed and number, and `--case` runs it alone.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections import Counter

import numpy as np

KINDS = ("containers", "functions", "recordings", "tables")


def main() -> int:
    """Run cases until the time is over; the exit status is 1 if one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="time for each kind (default 10)")
    parser.add_argument("--cases", type=int, default=10**9, help="at most so many of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--case", type=int, help="this one only")
    arguments = parser.parse_args()
    wrong = 0
    for kind in arguments.only:
        run = importlib.import_module(f"{__package__}.{kind}").case
        counts: Counter[str] = Counter()
        end = time.monotonic() + arguments.seconds
        numbers = range(arguments.cases) if arguments.case is None else [arguments.case]
        for number in numbers:
            if time.monotonic() > end:
                break
            found = run(np.random.default_rng([arguments.seed, number]))
            counts["right" if found is None else found if found == "asked" else "wrong"] += 1
            if found not in (None, "asked"):
                sys.stdout.write(f"{kind} --seed {arguments.seed} --case {number}: {found}\n")
        wrong += counts["wrong"]
        sys.stdout.write(f"{kind}: {counts.total()} cases, {dict(counts)}\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
