"""What all the tests share: hypothesis profiles, the backends that must run, and small seeded data.

HOI_TEST_BACKENDS names the backends that must run, separated by commas ("numpy,numba" by default). A named
backend that cannot load fails its tests; another one that cannot load is skipped, with the reason.
HYPOTHESIS_PROFILE chooses "ci" (default: few examples, the same in every run) or "thorough" (many, fresh).
"""

from __future__ import annotations

import os

import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile(
    "ci",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("thorough", max_examples=500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def required_backends() -> tuple[str, ...]:
    """The backends that must run here."""
    listed = os.environ.get("HOI_TEST_BACKENDS", "numpy,numba")
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def usable(backend: str) -> str:
    """The name, if the backend runs here; else the test fails if it is required, and is skipped if not."""
    import hoi

    four = np.array([[2.0, 0.3, 0.2, 0.1], [0.3, 1.0, 0.4, 0.2], [0.2, 0.4, 3.0, 0.5], [0.1, 0.2, 0.5, 1.0]])
    try:
        hoi.oinfo(hoi.GaussianSystem.from_covariance(four), backend=backend)
    except hoi.HoiError as error:
        if backend in required_backends():
            pytest.fail(f"HOI_TEST_BACKENDS requires {backend!r}, which cannot run here: {error}")
        pytest.skip(f"backend {backend!r} is not available: {error}")
    return backend


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `backend` once for each registered backend, and for those required by name."""
    if "backend" in metafunc.fixturenames:
        from hoi._backends.registry import BACKENDS

        names = dict.fromkeys([*BACKENDS, *required_backends()])
        metafunc.parametrize("backend", list(names), indirect=True, scope="session")


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> str:
    """A backend that runs here."""
    return usable(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh generator of the same numbers."""
    return np.random.default_rng(20240607)


@pytest.fixture(scope="session")
def recording() -> np.ndarray:
    """300 samples of 8 correlated variables without ties, none of them Gaussian."""
    rng = np.random.default_rng(7)
    mixed = rng.standard_normal((300, 8)) @ rng.standard_normal((8, 8)) + 0.5 * rng.standard_normal((300, 8))
    mixed[:, ::2] = np.exp(mixed[:, ::2] / 4)
    mixed.setflags(write=False)
    return mixed
