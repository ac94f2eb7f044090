"""The built site in a real browser. Screenshots of what is looked at lie in docs/_build/screenshots afterwards."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

import pytest

ui = pytest.importorskip("selenium.webdriver.support.ui", reason="the browser tests run in `make docs-test`")

BUILD = Path(__file__).parents[2] / "docs" / "_build"
SITE = BUILD / "html"
CSS = "css selector"
# one of each kind
PAGES = [
    "index.html", "quickstart.html", "theory.html", "settings.html", "migrating/jax-hoi.html", "faq.html",
    "api/index.html", "generated/api/hoi.search.html", "generated/api/hoi.Multiplets.html",
    "generated/gallery/index.html", "generated/gallery/searching/chance.html",
    "generated/gallery/searching/hundred_variables.html", "developer/architecture.html",
]  # fmt: skip


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server that keeps what it does to itself."""

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def address():
    """The site, served to the browser."""
    assert (SITE / "index.html").is_file(), "`make docs` builds the site"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser, address):
    """Open a page of the site, in the light mode unless told otherwise."""

    def open_page(path: str, mode: str = "light"):
        browser.get(f"{address}/{path}")
        browser.execute_script("localStorage.setItem('mode', arguments[0])", mode)
        browser.get(f"{address}/{path}")
        return browser

    yield open_page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def shoot(browser, name: str) -> None:
    folder = BUILD / "screenshots"
    folder.mkdir(exist_ok=True)
    browser.save_screenshot(str(folder / f"{name}.png"))


def wait(browser, condition):
    return ui.WebDriverWait(browser, 30).until(condition)


def pictures(browser) -> list[int]:
    """Widths of the pictures in the text, in their own pixels; 0 is a picture that did not load."""
    return browser.execute_script("return [...document.querySelectorAll('article img')].map((e) => e.naturalWidth)")


def test_the_front_page(visit):
    page = visit("index.html")
    shoot(page, "front-light")
    assert page.find_element(CSS, "h1").text.startswith("hoi")
    assert pictures(page)
    assert min(pictures(page)) > 0
    links = {e.get_attribute("href").rpartition("/")[2] for e in page.find_elements(CSS, "article a.internal")}
    assert {"install.html", "quickstart.html", "theory.html", "results.html"} <= links


@pytest.mark.parametrize("path", PAGES)
def test_nothing_goes_wrong_and_nothing_comes_from_elsewhere(visit, address, path):
    page = visit(path)
    fetched = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched
    assert [name for name in fetched if not name.startswith(address)] == []
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_search_finds_oinfo(visit):
    page = visit("index.html")
    page.find_element(CSS, ".search-button-field, button.search-button").click()
    box = wait(page, lambda b: next((e for e in b.find_elements(CSS, "input[type=search]") if e.is_displayed()), None))
    box.send_keys("oinfo\n")
    found = wait(page, lambda b: b.find_elements(CSS, "#search-results li a"))
    wait(page, lambda b: "generated/api/hoi.oinfo.html" in " ".join(
        e.get_attribute("href") for e in b.find_elements(CSS, "#search-results li a")
    ))  # fmt: skip
    shoot(page, "search")
    assert found


def test_an_api_page(visit):
    page = visit("generated/api/hoi.search.html")
    shoot(page, "api")
    assert page.find_element(CSS, "h1").text.startswith("hoi.search")
    text = page.find_element(CSS, "article").text
    for part in ("Parameters", "Returns", "Examples", "n_best", "per_order"):
        assert part in text


def test_a_page_of_the_gallery_has_its_picture(visit, address):
    page = visit("generated/gallery/index.html")
    shoot(page, "gallery")
    thumbnails = page.find_elements(CSS, ".sphx-glr-thumbcontainer a.reference")
    assert len(thumbnails) >= 10
    assert min(pictures(page)) > 0
    for target in [e.get_attribute("href") for e in thumbnails]:
        page.get(target)
        shown = page.execute_script(
            "return [...document.querySelectorAll('img.sphx-glr-single-img, img.sphx-glr-multi-img')]"
            ".map((e) => e.naturalWidth)"
        )
        assert shown, target
        assert min(shown) > 300, target
    shoot(page, "example")


def test_formulas_are_set(visit):
    page = visit("theory.html")
    wait(page, lambda b: b.find_elements(CSS, "mjx-container"))
    assert page.find_elements(CSS, "mjx-merror") == []


@pytest.mark.parametrize("path", PAGES)
def test_text_can_be_read_in_light_and_dark(visit, contrast, path):
    grounds = []
    for mode in ("light", "dark"):
        page = visit(path, mode)
        shoot(page, f"{path.replace('/', '-').removesuffix('.html')}-{mode}")
        assert page.find_element(CSS, "html").get_attribute("data-theme") == mode
        ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        grounds.append(contrast(ground, "rgb(0,0,0)"))
        shades = page.execute_script(
            "return [...document.querySelectorAll('article h1, article p, article a, article td, article li')]"
            ".map((e) => getComputedStyle(e).color)"
        )
        assert min(contrast(shade, ground) for shade in set(shades)) > 4.5
    light, dark = grounds
    assert light > 15
    assert dark < 2


def test_the_button_changes_the_mode(visit):
    page = visit("index.html", "light")
    page.find_element(CSS, ".theme-switch-button").click()
    page.find_element(CSS, ".theme-change-button[data-mode=dark]").click()
    assert page.find_element(CSS, "html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_scrolls_no_page_sideways(visit, path):
    page = visit("index.html")
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page = visit(path)
    shoot(page, f"phone-{path.replace('/', '-').removesuffix('.html')}")
    assert page.execute_script("return window.innerWidth") == 390
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390
