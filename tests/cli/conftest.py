"""The command line as a function, and a table for it."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 6))
    X[:, 2] += X[:, 0] + X[:, 1]
    X[:, 4] += X[:, 3]
    X[:, 5] += X[:, 3] + X[:, 4]
    return X


@pytest.fixture
def data(X, tmp_path):
    path = tmp_path / "data.csv"
    np.savetxt(path, X, fmt="%.17g", delimiter=",", header="LHip,LAmy,LPCC,RHip,RAmy,RPCC", comments="")
    return str(path)


@pytest.fixture
def run(capsys):
    """Run hoi with arguments: (exit status, standard output, standard error but the line on how a file was read)."""

    from hoi._cli.main import main

    def run(*arguments):
        status = main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        lines = err.splitlines(keepends=True)
        return status, out, "".join(line for line in lines if not line.startswith("hoi: read "))

    return run
