"""What the processor is given to do in the compiled walks: vector and scalar arithmetic in their hot loops.

`python -m benchmarks.assembly` compiles each walk afresh, for this processor, and reads its machine code. A loop is
what lies between a label and a jump back to it, less the loops within. The hot loop of a walk divides by the last
variance of eight sets at once, and has the most other arithmetic of the loops that divide; a walk that divides
elsewhere is judged by the loop with the most vector arithmetic.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import pkgutil
import re
import tempfile
from collections import Counter
from collections.abc import Iterator

# arithmetic on doubles, without moves and conversions; v for AVX and later
ARITHMETIC = r"v?(?:add|sub|mul|div|sqrt|max|min|fn?m(?:add|sub)(?:132|213|231)?)"
PACKED, SCALAR = re.compile(rf"{ARITHMETIC}pd$"), re.compile(rf"{ARITHMETIC}sd$")
# members of a set less two, for walks that are compiled for a number of them
ROWS = (3, 8)


def loops(assembly: str) -> Iterator[list[str]]:
    """Bodies of the loops, each without those within it, as lines."""
    lines = [line.strip() for line in assembly.splitlines() if line.strip()]
    labels = {line[:-1]: i for i, line in enumerate(lines) if re.fullmatch(r"[.\w$]+:", line)}
    jumps = ((labels.get(line.split()[-1]), i) for i, line in enumerate(lines) if line.startswith("j"))
    back = sorted((i - start, start, i) for start, i in jumps if start is not None and start < i)
    taken: set[int] = set()
    for _, start, end in back:  # the shortest first: those within others
        own = [i for i in range(start, end + 1) if i not in taken]
        taken.update(own)
        yield [lines[i] for i in own]


def operations(body: list[str]) -> Counter[str]:
    """Arithmetic on doubles by the width of its registers, vector divisions, and all instructions."""
    found: Counter[str] = Counter()
    for line in body:
        name = line.split()[0]
        if name.startswith((".", "#")) or name.endswith(":"):
            continue
        found["all"] += 1
        if PACKED.match(name):
            found[max(re.findall(r"[xyz]mm", line), default="xmm")] += 1
            found["divisions"] += "div" in name
        elif SCALAR.match(name):
            found["scalar"] += 1
    return found


def hot_loop(assembly: str) -> Counter[str]:
    """Operations of the loop that the time goes into."""
    return max(
        map(operations, loops(assembly)),
        key=lambda found: (found["divisions"] > 0, found["zmm"] + found["ymm"] + found["xmm"] - found["divisions"]),
    )


def walks() -> Iterator[tuple[str, object]]:
    """Every compiled walk of the backend, with what it is called."""
    import hoi._backends.numba_ as package

    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for name, made in vars(loaded).items():
            if name.endswith("_walk") and not name.startswith("_") and isinstance(made, functools._lru_cache_wrapper):
                if made.__wrapped__.__module__ != loaded.__name__:
                    continue
                if not inspect.signature(made).parameters:
                    yield name, made()
                    continue
                for rows in ROWS:
                    yield f"{name}({rows})", made(rows)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder  # code from the cache cannot be read
        from benchmarks.machine import describe

        machine = describe()
        print(f"{machine['cpu']} ({', '.join(machine['vector_instructions'])}), {machine['date'][:10]}")
        print(f"{'walk':20s} {'zmm':>5} {'ymm':>5} {'xmm':>5} {'scalar':>7} {'divisions':>10} {'instructions':>13}")
        for name, walk in walks():
            for assembly in walk.inspect_asm().values():
                found = hot_loop(assembly)
                columns = " ".join(f"{found[width]:5d}" for width in ("zmm", "ymm", "xmm"))
                print(f"{name:20s} {columns} {found['scalar']:7d} {found['divisions']:10d} {found['all']:13d}")


if __name__ == "__main__":
    main()
