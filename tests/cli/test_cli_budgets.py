"""Budgets of flash and of latency: kept as linked and as run, or refused with figures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded_conv import FewValues

from tinycompress.cli.main import _run

_LAYERS = (
    ConvCase(channels=64, outputs=64, kernel=(1, 1), height=3, width=3),
    ConvCase(channels=16, outputs=32, height=3, width=3, activation="RELU", out_zero=-128),
    ConvCase(channels=32, outputs=64, height=3, width=3),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three layers of few values, 27 KB as they are."""
    cases = FewValues(94)
    for case in _LAYERS:
        add_conv(cases, case)
    path = tmp_path_factory.mktemp("budgets") / "clustered.tflite"
    path.write_bytes(cases.tflite())
    return path


@pytest.fixture(scope="module")
def quick(model: Path) -> dict[str, Any]:
    """What the fastest firmware takes."""
    output = model.with_name("quick")
    return _built(model, output, "--bench")


def _built(model: Path, output: Path, *more: str) -> dict[str, Any]:
    answer = output.with_suffix(".json")
    with pytest.MonkeyPatch.context() as patch, answer.open("w", encoding="utf-8") as file:
        patch.setattr("sys.stdout", file)
        command = ["-q", "build", str(model), "-b", "nano33", "-o", str(output), "--json", *more]
        assert _run(command) == 0
    found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
    return found


def _refused(capsys: pytest.CaptureFixture[str], model: Path, *more: str) -> tuple[int, str]:
    project = model.with_name("refused")
    code = _run(["build", str(model), "-b", "nano33", "-o", str(project), *more])
    assert not project.exists()
    return code, capsys.readouterr().err


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found is not None, text
    return int(found[1].replace(",", ""))


def test_a_budget_that_the_fastest_keeps_changes_nothing(
    model: Path, tmp_path: Path, quick: dict[str, Any]
) -> None:
    taken = quick["flash"]["total_bytes"]
    made = _built(model, tmp_path / "p", "--flash-budget", str(taken))
    assert made["layers"] == quick["layers"]
    assert made["budgets"] == {
        "flash_budget_bytes": taken, "flash_bytes": taken,
        "latency_budget_us": None, "latency_us": None, "more_arena_bytes": 0,
    }  # fmt: skip


@pytest.mark.slow
def test_flash_is_saved_for_as_few_cycles_as_possible(
    model: Path, tmp_path: Path, quick: dict[str, Any]
) -> None:
    before = quick["flash"]["total_bytes"]
    cycles, encoded = [], []
    for share in (0.9, 0.55):
        budget = int(share * before)
        made = _built(model, tmp_path / str(share), "--flash-budget", str(budget), "--bench")
        assert made["flash"]["total_bytes"] <= budget
        assert made["budgets"]["flash_bytes"] == made["flash"]["total_bytes"]
        assert made["bench"]["exact"]["mismatched_samples"] == 0
        cycles.append(made["bench"]["latency"]["cycles"]["median"])
        encoded.append(sum(layer["weights"] is not None for layer in made["layers"]))
    assert quick["bench"]["latency"]["cycles"]["median"] <= cycles[0] < cycles[1]
    assert 1 <= encoded[0] < encoded[1]


@pytest.mark.slow
def test_what_cannot_fit_is_refused_with_figures(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _refused(capsys, model, "--flash-budget", "9000")
    assert code == 4
    assert "the budget is 9,000: weights " in said
    assert "most of it '" in said
    smallest = _number(r"smallest firmware that was found takes ([\d,]+) bytes of flash", said)
    # What the hint says is so, to the byte.
    assert f"--flash-budget {smallest} can be kept" in said
    made = _built(model, tmp_path / "p", "--flash-budget", str(smallest))
    assert made["flash"]["total_bytes"] <= smallest


@pytest.mark.slow
def test_the_arena_stays_within_its_own_budget(
    model: Path, tmp_path: Path, quick: dict[str, Any]
) -> None:
    """Smaller tiles, not plain weights: those would be too large."""
    budget = int(0.75 * quick["flash"]["total_bytes"])
    more = ("--flash-budget", str(budget), "--ram-budget", "8000")
    made = _built(model, tmp_path / "p", *more)
    assert made["flash"]["total_bytes"] <= budget
    assert made["ram"]["arena_bytes"] <= 8000
    assert made["budgets"]["more_arena_bytes"] > 0
    assert any(layer["weights"] for layer in made["layers"])


def test_plain_weights_cannot_be_made_smaller(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _refused(capsys, model, "--flash-budget", "25000", "--weights", "plain")
    assert code == 4
    assert _number(r"smallest firmware that was found takes ([\d,]+) bytes", said) > 25_000


@pytest.mark.slow
def test_edited_files_may_break_the_budget(
    model: Path, tmp_path: Path, quick: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    project, budget = tmp_path / "p", str(quick["flash"]["total_bytes"] + 100)
    _built(model, project, "--flash-budget", budget)
    main = project / "runtime" / "main.c"
    text = main.read_text("utf-8")
    text = text.replace(
        "int main(void) {",
        "static const volatile char more[4096] = {1};\nint main(void) {\n    (void)more[0];",
    )
    main.write_text(text, "utf-8")
    command = ["build", str(model), "-b", "nano33", "-o", str(project), "--flash-budget", budget]
    assert _run(command) == 4
    assert "with the files that you edited" in capsys.readouterr().err
    assert _run([*command, "--force"]) == 0


@pytest.mark.slow
def test_latency_is_kept_with_as_little_flash_as_possible(
    model: Path, tmp_path: Path, quick: dict[str, Any]
) -> None:
    fastest = quick["bench"]["latency"]["us"]["max"]
    flash = [quick["flash"]["total_bytes"]]
    for share in (1.1, 2.0):
        budget = share * fastest
        made = _built(
            model, tmp_path / str(share), "--latency-budget", f"{budget:.1f}us", "--bench"
        )
        latency = made["bench"]["latency"]
        assert latency["within_budget"] is True
        assert latency["us"]["max"] == made["budgets"]["latency_us"] <= latency["budget_us"]
        flash.append(made["flash"]["total_bytes"])
    assert flash[0] > flash[1] > flash[2]


def test_what_is_too_slow_is_refused_with_figures(
    model: Path, quick: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = _refused(capsys, model, "--latency-budget", "0.1ms")
    assert code == 4
    assert "by the fastest kernels, modelled on the emulated board; the budget is 100.0 us" in said
    kept = _number(r"--latency-budget (\d+)us can be kept", said)
    assert 0 <= kept - quick["bench"]["latency"]["us"]["max"] < 1
    # Both budgets: what is small enough takes longer than the fastest.
    flash = str(quick["flash"]["total_bytes"] // 2)
    code, said = _refused(capsys, model, "--flash-budget", flash, "--latency-budget", f"{kept}us")
    assert code == 4
    assert f"within {int(flash):,} bytes of flash" in said


def test_bench_ends_with_4_where_the_budget_is_not_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p"
    _built(model, project, "--latency-budget", "1s")
    assert _run(["bench", str(project)]) == 0
    assert "kept; by the slowest run" in capsys.readouterr().out
    facts = project / "tinycompress.json"
    facts.write_text(
        facts.read_text("utf-8").replace(
            '"latency_budget_us": 1000000.0', '"latency_budget_us": 9.5'
        ),
        "utf-8",
    )
    assert _run(["bench", str(project)]) == 4
    told = capsys.readouterr()
    assert "NOT KEPT" in told.out
    assert "the latency budget is 9.5 us" in told.err


@pytest.mark.parametrize(
    ("said", "us"),
    [("800us", 800.0), ("5ms", 5000.0), ("0.25 s", 250_000.0), (".5ms", 500.0), ("5 µs", 5.0)],
)
def test_times_have_units(said: str, us: float) -> None:
    from tinycompress.cli.options import DurationType

    assert DurationType().convert(said, None, None) == us


@pytest.mark.parametrize("said", ["5", "ms", "-5ms", "5 minutes", "", "1e3us", "nanms"])
def test_what_is_no_time_is_refused(
    said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["build", str(model), "-b", "nano33", "--latency-budget", said]) == 2
    assert "is no time with a unit, such as 800us, 5ms or 0.1s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "share"), [("0.01", 0.01), ("1%", 0.01), ("2.5 %", 0.025), ("0", 0.0), (".5", 0.5)]
)
def test_a_drop_is_a_share_or_per_cent(said: str, share: float) -> None:
    from tinycompress.cli.options import ShareType

    assert ShareType().convert(said, None, None) == pytest.approx(share)


@pytest.mark.parametrize("said", ["1 point", "-1%", "2", "101%", "", "nan"])
@pytest.mark.parametrize("command", ["build", "convert"])
def test_what_is_no_share_is_refused(
    said: str, command: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = ["-b", "nano33"] if command == "build" else []
    wanted = [command, str(model), *board, "-o", str(tmp_path / "o"), "--max-accuracy-drop", said]
    assert _run(wanted) == 2
    assert "is no share, such as 0.01 or 1%" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "convert"])
def test_a_tflite_has_no_float_model_to_lose_against(
    command: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    board = ["-b", "nano33"] if command == "build" else []
    wanted = [command, str(model), *board, "-o", str(tmp_path / "o"), "--max-accuracy-drop", "1%"]
    assert _run(wanted) == 2
    assert "compares with a float model, and" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_board_without_modelled_time_has_no_latency_budget(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", str(model), "-b", "qemu_mps3_an547", "-o", str(tmp_path / "p")]
    assert _run([*command, "--latency-budget", "5ms"]) == 2
    assert "nothing tells the time on the emulated Arm MPS3 AN547" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_channels_are_left_in_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from support.cases.dead_channels import Net

    net = Net(3)
    y = net.conv(net.conv(net.x, 12, dict.fromkeys((0, 5, 7, 11), -128)), 5)
    path = tmp_path / "dead.tflite"
    path.write_bytes(net.builder.pack([net.x], [y]))
    found = [_built(path, tmp_path / name, *more) for name, more in
             (("without", ()), ("with", ("--no-simplify",)))]  # fmt: skip
    assert [each["simplification"] is None for each in found] == [False, True]
    assert found[0]["macs"] < found[1]["macs"] == 16 * (3 * 12 + 12 * 5)
