import pytest


@pytest.fixture
def ax():
    return pytest.importorskip("matplotlib.figure").Figure().subplots()
