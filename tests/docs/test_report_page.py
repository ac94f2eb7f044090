"""The HTML report in a real browser: it sorts, filters, and follows the reader's light or dark mode."""

from __future__ import annotations

import numpy as np
import pytest

import hoi

pytest.importorskip("selenium", reason="the browser tests run in `make docs-test`")
pytest.importorskip("matplotlib")

ID, CSS = "id", "css selector"


@pytest.fixture(scope="module")
def found():
    return hoi.search(hoi.datasets.load_fmri(), (3, 4), n_best=15, per_order=True)


@pytest.fixture
def page(browser, found, tmp_path):
    """The browser with the report opened anew."""
    browser.get(found.report(tmp_path / "out.html").as_uri())
    return browser


def column(page, name):
    """The texts of a column of the table, from the top; names of variables as tuples."""
    texts = page.execute_script(
        "const heads = [...document.querySelectorAll('#table thead th')];"
        "const place = heads.findIndex((head) => head.dataset.column === arguments[0]);"
        "return [...document.querySelectorAll('#table tbody tr')].map((row) => place < 0 ? null :"
        "  [...row.cells[place].querySelectorAll('.name'), row.cells[place]].map((e) => e.textContent))",
        name,
    )
    return [tuple(names) if names else text.replace("−", "-") for *names, text in texts]


def sort_by(page, name):
    page.find_element(CSS, f'#table th[data-column="{name}"] button').click()


def count(page):
    return page.find_element(ID, "count").text


def test_the_rows_stand_in_the_order_of_the_result(page, found):
    assert column(page, "oinfo") == [f"{value:.4f}" for value in found.oinfo]
    assert column(page, "variables") == found.member_names
    assert count(page) == "60 of 60 sets"


def test_nothing_goes_wrong_in_the_console(page):
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_nothing_is_fetched(page):
    fetched = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched == []


def test_a_heading_sorts_up_and_then_down(page, found):
    values = [f"{value:.4f}" for value in np.sort(found.tc)]
    sort_by(page, "tc")
    assert column(page, "tc") == values
    assert page.find_element(CSS, 'th[data-column="tc"]').get_attribute("aria-sort") == "ascending"
    sort_by(page, "tc")
    assert column(page, "tc") == values[::-1]


def test_the_box_filters_by_parts_of_names(page, found):
    page.find_element(ID, "words").send_keys("rprec lp")
    wanted = [
        names for names in found.member_names
        if any("rprec" in n.lower() for n in names) and any("lp" in n.lower() for n in names)
    ]  # fmt: skip
    assert 0 < len(wanted) < len(found)
    assert column(page, "variables") == wanted
    assert count(page) == f"{len(wanted)} of 60 sets"


def test_a_name_shows_the_sets_with_it(page, found):
    name = found.member_names[0][0]
    page.find_element(CSS, "#table tbody .name").click()
    assert page.find_element(ID, "words").get_attribute("value") == f'"{name}"'
    wanted = [names for names in found.member_names if name in names]
    assert 0 < len(wanted) < len(found)
    assert column(page, "variables") == wanted


def test_ends_and_orders_are_chosen(page):
    page.find_element(CSS, "#choose-extreme option[value=highest]").click()
    page.find_element(CSS, "#choose-order option[value='3']").click()
    assert set(column(page, "extreme")) == {"highest"}
    assert set(column(page, "order")) == {"3"}
    assert count(page) == "15 of 60 sets"


def test_a_long_table_is_shown_in_full_when_asked_for(browser, tmp_path):
    many = hoi.search(hoi.datasets.load_fmri(), 3, n_best=150)
    browser.get(many.report(tmp_path / "many.html").as_uri())
    assert count(browser) == "300 of 300 sets, the first 200 shown"
    assert len(column(browser, "order")) == 200
    browser.find_element(ID, "more").click()
    assert len(column(browser, "order")) == 300
    assert not browser.find_element(ID, "more").is_displayed()


def test_the_zero_of_all_bars_is_one_line(browser, tmp_path):
    wide = hoi.Multiplets([[0, 1]] * 3, "ab", oinfo=[-123.5, 0.25, 7.0])
    browser.get(wide.report(tmp_path / "wide.html").as_uri())
    lines = [bar.rect["x"] + bar.rect["width"] / 2 for bar in browser.find_elements(CSS, "#table .bar")]
    filled = [fill.rect for fill in browser.find_elements(CSS, "#table .bar i")]
    begins = [rect["x"] + rect["width"] * (value < 0) for rect, value in zip(filled, wide.oinfo, strict=True)]
    assert np.ptp(lines + begins) < 1.1  # pixels, of which the line is one
    assert filled[0]["width"] > 10 * filled[2]["width"] > 0


def test_odd_names_and_missing_values_are_shown_as_they_are(browser, tmp_path):
    names = ["</script><b>", "a & b", "脳"]
    odd = hoi.Multiplets([[0, 1, 2]] * 2, names, tc=[np.nan, 1.0], dtc=[0.5] * 2, oinfo=[np.nan, 0.5])
    browser.get(odd.report(tmp_path / "odd.html").as_uri())
    assert column(browser, "variables")[0] == tuple(names)
    assert column(browser, "tc") == ["–", "1.0000"]
    sort_by(browser, "tc")
    sort_by(browser, "tc")
    assert column(browser, "tc") == ["1.0000", "–"]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_pictures_can_be_read_in_either_mode(page, mode, contrast):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": mode}]})
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (contrast(ground, "rgb(0,0,0)") > 10) == (mode == "light")
    shades = page.execute_script(
        "return [...document.querySelectorAll('body, h1, #count, .name, figure svg text')]"
        ".map((e) => e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color)"
    )
    assert len(shades) > 50
    # the vermilion on white is the faintest; text that is large or bold needs 3
    assert min(contrast(shade, ground) for shade in set(shades)) > 3.5


@pytest.mark.parametrize("width", [390, 1200])
def test_only_the_table_and_the_pictures_scroll_sideways(page, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
