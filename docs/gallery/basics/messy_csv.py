"""
A messy table on the command line
=================================

Tables come as they were exported: without names, with a line of something else on top, with decimal commas, units, gaps
and remarks. ``hoi show`` says how a file would be read before anything is computed; what could be read in two ways is
an error that names both.
"""

# %%
# A real one
# ----------
#
# scikit-learn ships 13 measurements of 178 wines. In its file there are no names, the first line holds numbers of
# another kind, and the last column is the kind of wine. (``run`` types a command and prints what it says.)

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sklearn.datasets

import hoi

wine = Path(sklearn.datasets.__file__).parent / "data" / "wine_data.csv"
os.chdir(tempfile.mkdtemp())
_ = Path("wine.csv").write_bytes(wine.read_bytes())


def run(command):
    print(f"$ {command}")
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], capture_output=True, text=True, encoding="utf-8"
    )
    print(done.stderr + done.stdout)


print(*wine.read_text().splitlines()[:3], sep="\n")

# %%
# The file cannot be read surely, so it is not read, and the message says what to do.

run("hoi show wine.csv")

# %%
# The first line is left out, and there is no line of names. Columns have numbers then.

run("hoi show wine.csv --skip 1 --header no")

# %%
# The kind of wine, column 13, is a label and no measurement.

run("hoi search wine.csv --skip 1 --header no --drop 13 --order 3 --n-best 4")

# %%
# The same from a spreadsheet
# ---------------------------
#
# As another program would write it: a remark, names, a line of units, a column that counts the rows, semicolons between
# cells and commas in numbers, a gap written ``n.d.`` and a column of text.

frame = hoi.datasets.load_wine()
rng = np.random.default_rng(0)
names = [str(name) for name in frame.columns[:6]]
lines = ["# exported 2026-11-02", ";".join(["", *names, "remark"]), ";".join(["", *["g/l"] * len(names), ""])]
for i, row in enumerate(frame[names].to_numpy()):
    cells = [f"{value:.2f}".replace(".", ",") for value in row]
    if i in (17, 90):
        cells[2] = "n.d."
    lines.append(";".join([str(i + 1), *cells, "ok"]))
_ = Path("export.csv").write_text("\n".join(lines) + "\n", encoding="cp1252")
print(*lines[:5], sep="\n")

# %%
# Separator, decimal comma, units, names and the column that counts are told from the file, and said. What stands in the
# way is said at once, not one problem after another.

run("hoi show export.csv")

# %%
run("hoi search export.csv --order 3")

# %%
# So: text is left out, ``n.d.`` is a gap, and rows with gaps are dropped. Their number is said.

how = "--numeric-only --na n.d. --missing drop"
run(f"hoi search export.csv --order 3 --n-best 3 {how} --out best.parquet --report best.html")

# %%
# The figure and the paragraph
# ----------------------------
#
# Both stand on the page that ``--report`` wrote. The saved rows give them too:

best = hoi.Multiplets.load("best.parquet")
best.plot()
plt.show()

# %%
print(best.summary())
print()
print(best.methods().split("\n\n")[0])
