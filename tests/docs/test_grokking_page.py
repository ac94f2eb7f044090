"""The report of the case study in a real browser: it shows every figure, unfolds, and can be read in either mode."""

from __future__ import annotations

import pytest

pytest.importorskip("selenium", reason="the browser tests run in `make docs-test`")
pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking.claims import CLAIMS
from hoi_grokking.cli import main

CSS = "css selector"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A tiny study with one figure of the paper; the other ones are missing."""
    out = tmp_path_factory.mktemp("grokking")
    for command in (["figure", "2"], ["report"]):
        assert main([*command, "--scale", "tiny", "--seeds", "1", "--jobs", "1", "--out", str(out)]) == 0
    return (out / "report.html").as_uri()


@pytest.fixture
def page(browser, report):
    """The browser with the report opened anew."""
    browser.get(report)
    return browser


def test_nothing_goes_wrong_and_nothing_is_fetched(page):
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    fetched = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched == []


def test_every_figure_is_drawn(page):
    sizes = page.execute_script("return [...document.images].map((e) => [e.complete, e.naturalWidth, e.alt.length])")
    assert len(sizes) == 1
    assert all(complete and width > 300 and words > 10 for complete, width, words in sizes)


def test_a_claim_unfolds_by_estimator(page):
    rows = page.find_elements(CSS, "tr.claim")
    assert [row.get_attribute("id") for row in rows] == [claim.key for claim in CLAIMS]
    more = page.find_element(CSS, "[id='peak-weight-decay-2'] + tr.more details")
    table = more.find_element(CSS, "table")
    assert not table.is_displayed()
    more.find_element(CSS, "summary").click()
    assert table.is_displayed()
    names = [cell.text for cell in table.find_elements(CSS, "tbody td:first-child")]
    assert names[:2] == ["pooled", "union, ordinal ties"]


def test_verdicts_differ_by_sign_and_words(page):
    signs = dict(
        page.execute_script("return [...document.querySelectorAll('.mark')].map((e) => [e.className, e.textContent])")
    )
    assert len(signs) == 4
    assert len({text[0] for text in signs.values()}) == 4
    assert len({text[2:] for text in signs.values()}) == 4


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read_in_either_mode(page, mode, contrast):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": mode}]})
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0,0,0)") > 10) == (mode == "light")
    shades = page.execute_script(
        "return [...document.querySelectorAll('body, h1, .note, .criterion, .missing, .mark, .control, summary, a')]"
        ".map((e) => getComputedStyle(e).color)"
    )
    assert len(set(shades)) > 5
    assert min(contrast(shade, ground) for shade in set(shades)) > 4.5
    card = page.execute_script("return getComputedStyle(document.querySelector('figure div')).backgroundColor")
    assert contrast(card, "rgb(0,0,0)") > 20, "figures are drawn for a white ground"


@pytest.mark.parametrize("width", [390, 1200])
def test_only_tables_and_figures_scroll_sideways(page, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
