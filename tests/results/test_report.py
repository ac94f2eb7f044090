"""The HTML report: complete in itself, with every row, and safe against whatever names hold."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from messages import message, says

import hoi
from hoi import Multiplets

pytest.importorskip("matplotlib")

ODD = ["a & b", "</script><b>", "$x$", "Größe 脳", '"q"']


def example(**changes):
    fields = {
        "indices": [[0, 1, 2, -1], [1, 2, 3, 4], [0, 2, 4, -1]],
        "tc": [0.1, np.nan, 2.0],
        "dtc": [0.5, 0.25, 1.0],
        "oinfo": [-0.4, 1 / 3, 1.0],
        "sinfo": [0.6, 0.5, np.inf],
        "names": ODD,
        "extreme": ["lowest", "lowest", "highest"],
        "settings": {"units": "bits", "evaluated": 10, "note": "</script>", "order": [3, 4]},
    }
    return Multiplets(**{**fields, **changes})


class Page(HTMLParser):
    """Elements with their attributes, the text of each script, and the visible text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.text, self._open = [], {}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = (tag, dict(attrs).get("id"))

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open and self._open[0] == "script":
            self.scripts[self._open[1]] = data
        else:
            self.text += data


def page_of(found, tmp_path, **options):
    path = found.report(tmp_path / "out.html", **options)
    assert path == tmp_path / "out.html"
    return Page(path.read_text(encoding="utf-8"))


def test_every_row_and_name_is_in_the_page(tmp_path):
    data = json.loads(page_of(example(dataset=[0, 0, 2]), tmp_path).scripts["data"])
    assert data["names"] == ODD
    assert data["members"] == [[0, 1, 2], [1, 2, 3, 4], [0, 2, 4]]
    assert data["columns"] == ["dataset", "extreme", "order", "oinfo", "tc", "dtc", "sinfo"]
    assert data["dataset"] == [0, 0, 2]
    assert data["extreme"] == ["lowest", "lowest", "highest"]
    assert data["order"] == [3, 4, 3]
    assert data["oinfo"] == [-0.4, 1 / 3, 1.0]
    assert data["tc"] == [0.1, None, 2.0]
    assert data["sinfo"] == [0.6, 0.5, None]
    assert data["labels"]["tc"] == "total correlation, in bits"


def test_no_name_or_setting_becomes_markup(tmp_path):
    page = page_of(example(), tmp_path, title="<i>title</i>")
    assert [tag for tag, _ in page.elements if tag in ("b", "i")] == []
    assert set(page.scripts) == {"data", None}
    assert "<i>title</i>" in page.text
    assert "</script>" in page.text


HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "{{ 7 * 7 }}", "&lt;i&gt;", "$x$",
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_of_any_kind_stays_text_wherever_it_stands(hostile, tmp_path):
    def shape(word):
        settings = {"units": "bits", word: word, "source": word, "warnings": [word], "deep": {"a": [word]}}
        found = Multiplets(
            [[0, 1, 2]] * 2, [word, "b", "c"], oinfo=[-0.5, 0.5], extreme=["lowest", "highest"], settings=settings
        )
        return found, page_of(found, tmp_path, title=word)

    (found, page), (_, harmless) = shape(hostile), shape("word")
    tags = [[(tag, sorted(attributes)) for tag, attributes in p.elements] for p in (page, harmless)]
    without_pictures = [[tag for tag in of if tag[0] not in ("path", "g", "use", "defs", "clippath")] for of in tags]
    assert without_pictures[0] == without_pictures[1]
    assert json.loads(page.scripts["data"])["names"][0] == hostile
    assert page.text.count(hostile) >= 5
    notebook = Page(found._repr_html_())
    assert not {tag for tag, _ in notebook.elements} & {"script", "img"}
    assert hostile in notebook.text


def test_warnings_source_and_dropped_rows_are_on_the_page(tmp_path):
    settings = {"source": "data.csv", "dropped_rows": 3, "warnings": ["Column 'a' repeats <40 %> of its values."]}
    page = page_of(example(settings=settings), tmp_path)
    says(page.text, "read from data.csv", "3 rows with missing values left out", "repeats <40 %> of its values")
    assert ("ul", {"id": "remarks"}) in page.elements
    assert ("ul", {"id": "remarks"}) not in page_of(example(), tmp_path).elements


def test_the_page_asks_for_nothing_from_outside(tmp_path):
    page = page_of(example(), tmp_path)
    addresses = [
        (tag, name, value)
        for tag, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "data") and not (value or "").startswith("#")
    ]
    assert addresses == []
    text = (tmp_path / "out.html").read_text(encoding="utf-8")
    named = set(re.findall(r"https?://[^\s\"'<)]+", text))
    assert named <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest", text)


def test_a_row_without_a_value_is_in_the_table_and_in_no_picture(tmp_path):
    oinfo = np.array([0.5, np.nan, -0.25])
    found = Multiplets([[0, 1, 2], [0, 1, 3], [0, 2, 4]], ODD, oinfo=oinfo)
    whole, known, none = (page_of(some, tmp_path) for some in (found, found[~np.isnan(oinfo)], found[np.isnan(oinfo)]))
    assert json.loads(whole.scripts["data"])["oinfo"] == [0.5, None, -0.25]
    drawn = [[tag for tag in page.elements if tag[0] in ("path", "text")] for page in (whole, known, none)]
    assert drawn[0] == drawn[1] and drawn[0] and not drawn[2]


def test_pictures_follow_the_mode_of_the_page(tmp_path):
    page = page_of(example(names=list("abcde")), tmp_path)
    assert sum(tag == "svg" for tag, _ in page.elements) == 5  # the ranking has one for each end
    svg = (tmp_path / "out.html").read_text(encoding="utf-8").split("<figure>", 1)[1]
    svg = svg[: svg.index("</section>")]
    for name in ("currentColor", "var(--synergy)", "var(--redundancy)", "var(--neutral)", "var(--faint)"):
        assert name in svg
    assert not re.search(r"#(010203|0072b2|d55e00|000000)\b", svg, re.IGNORECASE)


def test_settings_and_what_was_done(tmp_path):
    text = page_of(example(), tmp_path).text
    says(text, "Multiplets: 3 sets of 3 to 4 out of 5 variables, values in bits", "10 sets evaluated")
    says(text, "note", "</script>", "order", "[3, 4]")


def test_the_same_result_gives_the_same_page(tmp_path):
    first = example().report(tmp_path / "a.html").read_bytes()
    assert example().report(tmp_path / "b.htm").read_bytes() == first


@pytest.mark.parametrize(
    "found",
    [
        example()[:0],
        example(names=["n" * 200] * 2 + list("cde"))[:1],
        example(settings=None, extreme=None),
    ],
)
def test_results_of_every_kind(found, tmp_path):
    page = page_of(found, tmp_path)
    assert len(json.loads(page.scripts["data"])["members"]) == len(found)
    assert sum(tag == "svg" for tag, _ in page.elements) == (4 if len(found) else 0)


def test_a_real_search(tmp_path):
    found = hoi.search(hoi.datasets.load_fmri(), (3, 4), n_best=3, per_order=True)
    data = json.loads(page_of(found, tmp_path).scripts["data"])
    assert data["oinfo"] == found.oinfo.tolist()


def test_no_figure_is_left_open(tmp_path):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    example().report(tmp_path / "out.html")
    assert pyplot.get_fignums() == before


def test_messages(tmp_path, monkeypatch):
    says(message(example().report, tmp_path / "out.pdf"), "out.pdf", "the suffix must be .html or .htm")
    says(message(example().report, tmp_path / "no" / "out.html"), "there is no folder", "create it first")
    (tmp_path / "d.html").mkdir()
    says(message(example().report, tmp_path / "d.html"), "it is a folder")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    says(message(example().report, tmp_path / "out.html"), "matplotlib is needed for a report", "hoi[plot]")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else name)
    says(message(example().report, tmp_path / "out.html"), "jinja2 is needed for a report", "hoi[plot]")
    assert [path.name for path in tmp_path.iterdir()] == ["d.html"]


def test_summary_and_methods(tmp_path):
    found = hoi.search(hoi.datasets.load_fmri().iloc[:, :5], 3)
    page = html.unescape(found.report(tmp_path / "out.html").read_text(encoding="utf-8"))
    methods, bibtex = found.methods().split("\n\n")
    assert f'<p id="summary">{found.summary()}</p>' in page
    assert f"<p>{methods}</p>" in page
    assert bibtex in page
