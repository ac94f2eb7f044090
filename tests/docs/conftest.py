"""A browser for the tests of pages."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium of the system, without a window."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="the browser tests run in `make docs-test`")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1600"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def contrast():
    """Contrast of two rgb(...) colours, by the definition of the accessibility guidelines."""

    def of_two(one: str, other: str) -> float:
        low, high = sorted([lightness(one), lightness(other)])
        return (high + 0.05) / (low + 0.05)

    return of_two


def lightness(colour: str) -> float:
    """Relative luminance of an rgb(...) colour."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
