"""``build --budget``: limits that are kept, exceeded, unknown, or cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.common import ROOT

from tinycompress.cli.main import _run
from tinycompress.options import BuildOptions
from tinycompress.pipeline.limits import read_limits

DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="module")
def val(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few samples; the model tells them all."""
    path = tmp_path_factory.mktemp("samples") / "val.npz"
    with np.load(DIGITS / "digits.npz") as file:
        np.savez(path, x=file["x_test"][:20].astype(np.float32) / 16, y=file["y_test"][:20])
    return path


def built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], budget: str, *more: str
) -> tuple[int, dict[str, Any], str]:
    path = tmp_path / "budget.toml"
    path.write_text(budget, encoding="utf-8")
    code = _run(
        [
            "build", str(DIGITS / "digits_int8.tflite"), "-b", "nano33", "-o", str(tmp_path / "d"),
            "--budget", str(path), "--json", *more,
        ]
    )  # fmt: skip
    told = capsys.readouterr()
    return code, json.loads(told.out), told.err


def test_limits_that_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], val: Path
) -> None:
    budget = 'flash = "64 KiB"\nram = "24 kB"\narena = "4_000 B"\nlatency = "2ms"\naccuracy = "90%"'
    code, answer, _ = built(tmp_path, capsys, budget, "--val", str(val))
    assert code == 0
    limits = {one["name"]: one for one in answer["limits"]}
    assert [one["limit"] for one in limits.values()] == [65536, 24000, 4000, 2000, 0.9]
    assert [one["unit"] for one in limits.values()] == ["bytes"] * 3 + ["us", "share"]
    assert all(one["kept"] and one["excess"] == 0 for one in limits.values())
    assert limits["flash"]["value"] == answer["flash"]["total_bytes"]
    assert limits["ram"]["value"] == answer["ram"]["reserved_bytes"]
    assert limits["latency"]["obtained"] == "emulated"
    # Asked for by the limit alone.
    assert "bench" not in answer


def test_all_that_exceeds_is_named_with_by_how_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], val: Path
) -> None:
    budget = 'flash = "12 KiB"\nram = "32 KiB"\nlatency = "1 ms"\naccuracy = "100 %"'
    with np.load(val) as file:
        np.savez(tmp_path / "wrong.npz", x=file["x"], y=(file["y"] + (np.arange(20) < 5)) % 10)
    code, answer, err = built(tmp_path, capsys, budget, "--val", str(tmp_path / "wrong.npz"))
    assert code == 4
    error = answer["error"]
    exceeded = {one["name"]: one for one in error["details"]["exceeded"]}
    assert list(exceeded) == ["flash", "latency", "accuracy"]
    flash = answer["flash"]["total_bytes"]
    assert exceeded["flash"]["excess"] == flash - 12288
    assert f"- flash: {flash:,} bytes, {flash - 12288:,} bytes more than 12,288 bytes" in err
    assert "- accuracy: 75.00 %, 25.00 points less than 100.00 % (counted)" in err
    assert "us more than 1,000 us (emulated)" in err
    # What was built is there, to be looked at.
    assert (tmp_path / "d" / "build" / "firmware.elf").is_file()


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ('flsh = "1 KiB"', "flsh: unknown key; did you mean 'flash'?"),
        ("flash = 65536", "flash: 65536: must be a text with a number and its unit"),
        ('flash = "64"', "flash: '64': must be a text"),
        ('flash = "64 kb"', "flash: '64 kb': must be a text"),
        ('flash = "-1 B"', "flash: '-1 B': must be a text"),
        ('flash = "0 B"', "must be greater than 0"),
        ('latency = "5"', '(us, ms, s), such as "5 ms"'),
        ('accuracy = "120 %"', "must be less than or equal to 1"),
        ('accuracy = "0.9"', 'such as "97.5 %"'),
        ('accuracy = "90 %"', "there are no samples to count it on; name them with --val"),
        ("schema = 2", "schema: 2"),
        ("", "no limit is in it; allowed: flash, ram, arena, latency, accuracy"),
        ("[flash]", "flash: a table: must be a text"),
        ("flash =", "is not valid TOML"),
        ("\udcff", "is not valid TOML"),
    ],
)
def test_a_broken_file_is_refused_before_anything_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], budget: str, told: str
) -> None:
    path = tmp_path / "budget.toml"
    path.write_bytes(budget.encode(errors="surrogateescape"))
    model = str(DIGITS / "digits_int8.tflite")
    command = ["build", model, "-b", "nano33", "-o", str(tmp_path / "d"), "--budget", str(path)]
    assert _run(command) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_all_problems_of_a_file_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer, _ = built(tmp_path, capsys, 'flsh = "1 KiB"\nram = 3\nlatncy = "1 s"')
    assert code == 2
    assert "3 problems" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("board", "more", "told"),
    [
        ("qemu_mps2_an386", [], "latency: QEMU, which runs qemu_mps2_an386, knows no time"),
        ("nano33", ["--framework", "arduino"], "a project for Arduino is not measured here"),
    ],
)
def test_limits_that_nothing_tells_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], board: str, more: list[str], told: str
) -> None:
    path = tmp_path / "budget.toml"
    path.write_text('latency = "1 s"')
    model = str(DIGITS / "digits_int8.tflite")
    command = ["build", model, "-b", board, "-o", str(tmp_path / "d"), "--budget", str(path)]
    assert _run([*command, *more]) == 2
    assert told in capsys.readouterr().err


def test_samples_without_labels_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], val: Path
) -> None:
    with np.load(val) as file:
        np.savez(tmp_path / "x.npz", x=file["x"])
    code, answer, _ = built(tmp_path, capsys, 'accuracy = "90 %"', "--val", str(tmp_path / "x.npz"))
    assert code == 2
    assert "has a limit for accuracy, which is not known: no labels y" in answer["error"]["message"]


def test_the_page_shows_a_file_that_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "budgets.md").read_text("utf-8")
    (tmp_path / "budget.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    limits = read_limits(tmp_path / "budget.toml", "nano33", BuildOptions(val=Path("x")))
    assert (limits.flash, limits.latency, limits.accuracy) == (65536, 5000, 0.975)
