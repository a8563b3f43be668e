"""``tinycompress compare``: tables that fit, Markdown that is safe, JSON, exit codes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from support.results import BENCHED, ODD, bundle, compression, measured

from tinycompress.artifacts import FlashSizes, LayerCost, Spread
from tinycompress.cli.main import _run
from tinycompress.measurement.differences.figures import Figure
from tinycompress.measurement.differences.texts import value_text

LARGE = replace(
    BENCHED,
    cycles=Spread(123_675_499, 123_675_499, 123_675_499, "emulated"),
    latency_us=Spread(198_054.7, 198_054.7, 198_054.7, "emulated"),
    flash=FlashSizes(1_280_284, 39_808, 8113, 1467),
    layers=(
        LayerCost(
            "functional_1/depthwise_conv2d_13/BiasAdd;relu", "DEPTHWISE_CONV_2D", 9, 9, 12345678
        ),
        BENCHED.layers[1],
    ),
)  # fmt: skip


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return str(bundle(tmp_path / "a")), str(bundle(tmp_path / "b", LARGE))


def test_the_tables_fit_80_columns(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(Path(two[0]).parent)
    assert _run(["compare", "a", "b"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for label in ("accuracy", "latency us", "cycles", "flash", "RAM reserved"):
        assert re.search(rf"^│ {label} ", shown, re.MULTILINE), label
    assert "emulated (by a virtual board or QEMU): latency" in shown
    # A name from a model must not speak to the terminal.
    assert "\x1b" not in shown


@pytest.mark.parametrize(("limit", "code"), [("2%", 9), ("100000 %", 0), ("0.0%", 9)])
def test_what_got_worse_ends_with_9(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str], limit: str, code: int
) -> None:
    assert _run(["compare", *two, "--max-regression", limit]) == code
    told = capsys.readouterr()
    if code:
        assert "- latency: 2,000 us -> 198,054.7 us (+196,054.7 us, +9802.7 %)" in told.err
        assert "- flash: 18,104 B -> 1,329,672 B" in told.err
    else:
        assert "no total is worse by more than 100000 %" in told.out


@pytest.mark.parametrize("limit", ["2", "-1%", "x%", "", "1e3%", "nan%"])
def test_a_limit_is_written_in_per_cent(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str], limit: str
) -> None:
    assert _run(["compare", *two, "--max-regression", limit]) == 2
    assert "no share in per cent" in capsys.readouterr().err


def test_json_is_one_object_with_the_error(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["compare", *two, "--max-regression", "2%", "--json"]) == 9
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["schema_version"]) == ("tinycompress.compare", 1)
    assert found["error"]["code"] == 9
    assert len(found["error"]["details"]["regressions"]) == len(found["regressions"]) > 2
    (latency,) = [one for one in found["figures"] if one["name"] == "latency.us"]
    assert latency["a"] == {
        "value": 2000, "min": 2000, "max": 2000, "runs": 5, "obtained": "emulated"
    }  # fmt: skip
    assert (latency["verdict"], latency["significant"]) == ("worse", True)


def test_markdown_shows_names_as_they_are(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["compare", *two, "--format", "md", "--max-regression", "2%"]) == 9
    text = capsys.readouterr().out
    assert text.startswith("**Worse by more than 2 %:**\n")
    # Rendered as GitHub does it: HTML passes through, so none may come from a name.
    page = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "<script>" not in page
    assert page.count("<table>") == 2
    shown = re.sub(r"<[^>]+>", "\n", page).replace("&lt;", "<").replace("&gt;", ">")
    assert ODD.replace("\x1b", "\\x1b") in shown.replace("&amp;", "&")


@pytest.mark.parametrize("style", ["text", "md"])
def test_compressions_are_shown_stage_by_stage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    a, b = compression(tmp_path / "a"), compression(tmp_path / "b")
    assert _run(["compare", str(a), str(b), "--format", style]) == 0
    shown = capsys.readouterr().out
    assert "1: prune" in shown
    assert "Stages (int accuracy, latency us, flash)" in shown


def test_what_is_no_change_is_not_called_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = bundle(tmp_path / "a", measured()), bundle(tmp_path / "b", measured(2005.0))
    assert _run(["compare", str(a), str(b), "--format", "md", "--max-regression", "0%"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("**No figure got better or worse.**\n")
    assert "spread: apart by less than the runs of one result are; no change" in text
    assert _run(["compare", str(a), str(a), "--format", "md"]) == 0
    assert capsys.readouterr().out.startswith("**Nothing changed.**\n")


@pytest.mark.parametrize("content", ["", "{", '{"schema": "tinycompress.bench"}', "[]"])
def test_a_broken_result_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    broken = tmp_path / "x.json"
    broken.write_text(content)
    assert _run(["compare", str(bundle(tmp_path / "a")), str(broken)]) == 2
    told = capsys.readouterr()
    assert "x.json" in told.err
    assert told.out == ""


def test_a_name_in_an_error_does_not_speak_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worse = LayerCost(ODD, "SOFTMAX", 0, 40_000, 56_000)
    other = replace(BENCHED, layers=(BENCHED.layers[0], worse))
    command = ["compare", str(bundle(tmp_path / "a")), str(bundle(tmp_path / "b", other))]
    assert _run([*command, "--max-regression", "1%", "--parts"]) == 9
    told = capsys.readouterr()
    assert "\x1b[31m" not in told.err
    assert "layer 'a/[bold red]<script>alert(1)</script>|\\`x`\\x1b[31m é', cycles" in told.err


def test_numbers_beyond_a_billion_are_short() -> None:
    assert value_text(Figure("macs", "MACs", 45_123_675_499, "", "counted")) == "45.1237 G"
    assert value_text(Figure("macs", "MACs", 999_999_999, "", "counted")) == "999,999,999"
