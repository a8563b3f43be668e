"""The page: what it shows, that names stay names, that it needs nothing and stays the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.reports import LAYERS, MARKUP, answered, errors_file, full_bundle, search_directory
from support.results import bundle, compression, measured

from tinycompress.artifacts import FlashSizes
from tinycompress.reporting import report


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def values(self, name: str) -> Iterator[str]:
        return (attrs[name] or "" for _, attrs in self.tags if name in attrs)


def made(path: Path, *results: Path, errors: Path | None = None) -> Reader:
    return Reader(report(*results, output=path, errors=errors).text)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    place = tmp_path_factory.mktemp("page")
    errors = errors_file(place / "errors.json")
    return made(place / "r.html", full_bundle(place / "b"), errors=errors)


def test_every_section_is_there_and_linked(page: Reader) -> None:
    ids = {attrs["id"] for tag, attrs in page.tags if tag == "section" and "id" in attrs}
    assert ids == {"memory", "time", "plan", "accuracy", "error", "sources"}
    links = {attrs["href"] for tag, attrs in page.tags if tag == "a"}
    assert links == {f"#{one}" for one in ids}


@pytest.mark.parametrize(
    "told",
    [
        "digits on Arduino Nano 33 BLE",
        "fits the Arduino Nano 33 BLE, equals TensorFlow Lite Micro byte for byte in 30 samples",
        "takes 2.00 ms for one inference",
        "flash 18,104 B, 1.8 %; RAM 11,328 B, 4.3 %",
        "emulated, not measured on silicon",
        "39,000 MACs in 3 layers",
        # Of the tables.
        "weights 4,716 B 26.0 %",
        "CONV_2D 30,000 100,000 69.9 % 3.33",
        "Peak: layer 1,",
        "No plan of these layers in this order is below 1,400 B",
        "Confusion matrix",
        "Answered worst",
        "stem/conv CONV_2D 31.5 dB",
        "equal",
        "12.2 dB",
        "at most 32 samples",
        # Where figures come from.
        "emulated , cycles that the emulator models",
        "measured , in the linked ELF",
        "tinycompress build model.tflite --board arduino_nano_33_ble",
        "--samples 'a b.npz'",
        "model (.tflite), SHA-256 " + "5" * 64,
        "firmware (ELF), SHA-256 " + "e" * 64,
        "zig 0.15.2",
        "tflite-micro",
    ],
)
def test_the_page_tells(page: Reader, told: str) -> None:
    assert told in page.text


def test_names_of_model_files_stay_text(page: Reader) -> None:
    tags = [tag for tag, _ in page.tags]
    assert {"script", "iframe", "object", "link", "form", "base"} & set(tags) == set()
    assert page.comments == []
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert all((one["src"] or "").startswith("data:image/png;base64,") for one in pictures)
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert [attrs for tag, attrs in page.tags if tag == "b" and "bold" in str(attrs)] == []
    visible = MARKUP.replace("\u202e", "\\u202e")
    assert visible.split("$")[0] in page.text
    assert "\u202e" not in page.text
    # matplotlib would make a formula of it.
    assert "$x^2$" in page.text


def test_names_of_any_script_are_drawn_in_silence(tmp_path: Path) -> None:
    """matplotlib measures text by a font that lacks most of them; the browser has others."""
    name = "\u6df1\u5ea6/\U0001f600\u05d0\u0e01"
    layers = (replace(LAYERS[0], name=name), *LAYERS[1:])
    result = replace(answered(), layers=layers)
    page = made(tmp_path / "r.html", full_bundle(tmp_path / "b", result))
    assert name in page.text


def test_nothing_is_loaded_from_elsewhere(page: Reader) -> None:
    for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
        for value in page.values(name):
            assert value.startswith(("#", "data:image/png;base64,")), value
    styles = " ".join([*page.values("style"), *page.words])
    assert "url(" not in re.sub(r"url\(#", "", styles)
    assert "@import" not in styles
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and "content" in a
                 and "http-equiv" in a]  # fmt: skip
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def test_ids_are_unique_and_drawings_have_text(page: Reader) -> None:
    ids = list(page.values("id"))
    assert len(ids) == len(set(ids))
    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(charts) == 2 * 7
    for attrs in charts:
        assert attrs["role"] == "img"
        assert set((attrs["aria-labelledby"] or "").split()) <= set(ids)
    assert [tag for tag, _ in page.tags].count("desc") == len(charts)


def test_colours_of_drawings_are_the_style_sheets(tmp_path: Path) -> None:
    text = report(full_bundle(tmp_path / "b"), output=tmp_path / "r.html").text
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    assert "var(--accent)" in drawn
    assert re.findall(r"#[0-9a-f]{6}", drawn) == []
    assert "DejaVu" not in drawn


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    results = [full_bundle(tmp_path / "b"), compression(tmp_path / "c")]
    pages = [report(*results, output=tmp_path / "r.html") for _ in range(2)]
    assert pages[0].text == pages[1].text
    assert (tmp_path / "r.html").read_text("utf-8") == pages[0].text


def test_several_results_stand_side_by_side(tmp_path: Path) -> None:
    other = replace(answered(), flash=FlashSizes(1_000_000, 3808, 8113, 1467), fits=False,
                    mismatched_samples=2)  # fmt: skip
    results = (
        full_bundle(tmp_path / "b"), full_bundle(tmp_path / "large", other),
        bundle(tmp_path / "real", measured()), compression(tmp_path / "c"),
        search_directory(tmp_path / "f"),
    )  # fmt: skip
    page = made(tmp_path / "r.html", *results)
    assert "5 results side by side" in page.text
    assert "digits on Arduino Nano 33 BLE (b)" in page.text
    assert "digits on Arduino Nano 33 BLE (large)" in page.text
    assert "flash 18,104 B 1,013,388 B 18,104 B" in page.text
    assert " RAM 11,328 B 11,328 B 11,328 B – 9,060 B " in page.text
    assert "103.1 % of the board" in page.text
    assert (
        "does not fit the Arduino Nano 33 BLE, differs from TensorFlow Lite Micro in 2" in page.text
    )
    assert "measured on the board" in page.text
    assert "trial 6 is the best within the limits" in page.text
    assert len(page.text.encode()) < 2 * 1024 * 1024


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    real = measured()
    page = made(tmp_path / "r.html", bundle(tmp_path / "b", replace(real, quality=())))
    assert "Nothing here tells what single layers cost" in page.text
    assert "The result does not hold the plan" in page.text
    assert "No labels were given" in page.text
    assert "No float model was compared" in page.text
    assert "emulated" not in page.text.split("Where figures come from")[-1]


def test_a_compression_without_a_board_has_a_curve_of_files(tmp_path: Path) -> None:
    from support.results import stage_row

    rows = [
        stage_row(0, "original", b"dense", figures={}, measured_on=""),
        stage_row(1, "prune", b"pruned", figures={}, measured_on=""),
    ]
    page = made(tmp_path / "r.html", compression(tmp_path / "c", *rows))
    assert "No board was named" in page.text
    assert ".tflite file" in page.text


def test_many_layers_are_drawn_within_bounds(tmp_path: Path) -> None:
    layers = tuple(replace(LAYERS[0], name=f"block_{i}/conv", cycles=1000 + i) for i in range(400))
    made_of = report(
        bundle(tmp_path / "b", replace(answered(), layers=layers)), output=tmp_path / "r.html"
    )
    assert "The 39 dearest of 400 layers have bars" in made_of.text
    assert "361 other layers" in made_of.text
    assert len(made_of.text.encode()) < 2 * 1024 * 1024
