"""The page of a report in a real browser: on a telephone and a desk, light and dark, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader
from support.browser import WIDE_ONES, Scheme, browser, opened
from support.reports import errors_file, full_bundle, search_directory
from support.results import bundle, compression, measured

from tinycompress.reporting import report

pytestmark = pytest.mark.browser

PAGES = ("one", "several")
# What axe may find: nothing that it calls serious or critical.
_GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("pages")
    errors = errors_file(place / "errors.json")
    one, stages = full_bundle(place / "b"), compression(place / "c")
    search, real = search_directory(place / "f"), bundle(place / "real", measured())
    given = {"one": [one], "several": [one, real, stages, search]}
    made = {
        name: report(*results, output=place / f"{name}.html", errors=errors)
        for name, results in given.items()
    }
    return {name: one.files[0] for name, one in made.items()}


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(
    running: Any, pages: dict[str, Path], name: str, width: int, scheme: Scheme
) -> None:
    with opened(running, pages[name], width=width, scheme=scheme) as (page, told):
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(WIDE_ONES) == []
        assert grave_findings(page) == {}
        assert told.complaints == []
        assert told.requests == []


def grave_findings(page: Any) -> dict[str, Any]:
    """What axe-core finds that it calls serious or critical, by rule."""
    found = Axe().run(page).response["violations"]
    return {one["id"]: one["nodes"] for one in found if one["impact"] in _GRAVE}


def test_an_unsound_page_would_be_seen(running: Any, tmp_path: Path) -> None:
    path = tmp_path / "wide.html"
    path.write_text(
        "<!doctype html><title>x</title><p style='width: 500px; color: #999; background: #aaa'>"
        "wide</p><img src='https://example.org/x.png' alt=''><script>alert(1)</script>"
    )
    with opened(running, path, width=360) as (page, told):
        assert len(page.evaluate(WIDE_ONES)) == 1
        assert page.evaluate("document.documentElement.scrollWidth") > 360
        assert {"color-contrast", "html-has-lang"} <= grave_findings(page).keys()
        assert "1" in told.complaints
        assert told.requests == ["https://example.org/x.png"]


@pytest.mark.parametrize(("width", "shown", "hidden"), [(360, "narrow", "wide"),
                                                         (1280, "wide", "narrow")])  # fmt: skip
def test_drawings_are_made_for_the_width(
    running: Any, pages: dict[str, Path], width: int, shown: str, hidden: str
) -> None:
    with opened(running, pages["one"], width=width) as (page, _):
        assert all(each.is_visible() for each in page.locator(f".{shown} svg").all())
        assert not any(each.is_visible() for each in page.locator(f".{hidden} svg").all())
        # Type in drawings is as large as it was drawn, or larger.
        sizes = page.evaluate(
            """(shown) => [...document.querySelectorAll(`.${shown} svg`)].map((one) =>
                 one.getBoundingClientRect().width / one.viewBox.baseVal.width)""",
            shown,
        )
        assert min(sizes) >= 0.99


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_follow_the_scheme(running: Any, pages: dict[str, Path], scheme: Scheme) -> None:
    with opened(running, pages["one"], width=1280, scheme=scheme) as (page, _):
        text, paper = page.evaluate(
            """() => [getComputedStyle(document.querySelector('.wide svg text')).fill,
                      getComputedStyle(document.documentElement).backgroundColor]"""
        )
    brightness = [sum(map(int, one[one.index("(") + 1 : -1].split(","))) for one in (text, paper)]
    assert (brightness[0] > brightness[1]) is (scheme == "dark")


@pytest.mark.parametrize("name", PAGES)
def test_every_section_is_printed(
    running: Any, pages: dict[str, Path], name: str, tmp_path: Path
) -> None:
    with opened(running, pages[name], width=1280, scheme="dark") as (page, _):
        titles = [one.inner_text() for one in page.locator("main h2, main h3, main h4").all()]
        cells = page.evaluate("[...document.querySelectorAll('td')].map((one) => one.textContent)")
        page.pdf(path=tmp_path / "page.pdf", format="A4")
    text = " ".join(one.extract_text() for one in PdfReader(tmp_path / "page.pdf").pages)
    words = "".join(text.split())
    assert titles
    assert [one for one in titles if "".join(one.split()) not in words] == []
    # Tables that are folded on the screen are on the paper as well.
    numbers = [one for one in cells if one.replace(",", "").isdigit() and len(one) > 4]
    assert [one for one in numbers if one not in words] == []
