"""The built site holds together without a network: every link inside it leads somewhere, and nothing is fetched."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
PAGES = sorted(page for page in SITE.rglob("*.html") if "_static" not in page.parts)


class Parts(HTMLParser):
    """Links, what the page loads, and the ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        if "href" in given:
            # a <link> may name the page's own address, or what a browser does not fetch by itself
            fetched = tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload", "shortcut icon")
            (self.loads if fetched else self.links).append(given["href"])
        if "src" in given:
            self.loads.append(given["src"])
        for part in given.get("srcset", "").split(","):
            if part.strip():
                self.loads.append(part.split()[0])


@cache
def parts(page: Path) -> Parts:
    return Parts(page.read_text(encoding="utf-8"))


def by_path(page: Path) -> str:
    return str(page.relative_to(SITE))


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file of an internal link exists and, in a page, the place within it."""
    target = urlsplit(link)
    path = (page.parent / unquote(target.path)).resolve() if target.path else page
    if not path.is_file():
        return False
    return path.suffix != ".html" or not target.fragment or unquote(target.fragment) in parts(path).ids


def test_there_is_a_site():
    assert SITE / "index.html" in PAGES, "`make docs` builds it"


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_every_link_within_the_site_leads_somewhere(page):
    inside = [link for link in parts(page).links + parts(page).loads if not urlsplit(link).scheme]
    assert inside
    assert [link for link in inside if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=by_path)
def test_a_page_loads_nothing_from_elsewhere(page):
    assert [link for link in parts(page).loads if urlsplit(link).scheme not in ("", "data")] == []


def test_styles_load_nothing_from_elsewhere():
    address = re.compile(r"(?:@import\s+|url\()['\"]?((?:https?:)?//[^'\")\s]+)")
    styles = {by_path(path): path.read_text(encoding="utf-8") for path in SITE.rglob("*.css")}
    assert styles
    assert {name: away for name, text in styles.items() if (away := address.findall(text))} == {}
