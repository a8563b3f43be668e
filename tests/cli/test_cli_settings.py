"""``tinycompress.toml``: commands without options, whose word counts, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from support.common import ROOT
from support.models.tflite_files import small_cnn

from tinycompress.cli.main import _run, main
from tinycompress.cli.settings import COMMANDS, SHARED, keys_of, taking
from tinycompress.deploy import compressing
from tinycompress.errors import ConfigError

MINIMAL = """
schema = 1
model = "net.tflite"
board = "nano33"
samples = "test.npz"
val = "test.npz"
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, a project with a model, samples and settings."""
    monkeypatch.chdir(tmp_path)
    Path("net.tflite").write_bytes(small_cnn())
    samples = np.random.default_rng(1).random((4, 4, 4, 1), np.float32)
    np.savez("test.npz", x=samples, y=np.arange(4) % 3)
    return settings(tmp_path, MINIMAL)


def settings(directory: Path, text: str) -> Path:
    """Write the file; its directory."""
    (directory / "tinycompress.toml").write_text(text, encoding="utf-8")
    return directory


def options(capsys: pytest.CaptureFixture[str], *before: str) -> dict[tuple[str, str], Any]:
    """What ``doctor`` says of each option and command."""
    assert _run([*before, "doctor", "--json"]) in (0, 5)
    told = json.loads(capsys.readouterr().out)
    return {(one["option"], name): one for one in told["options"] for name in one["commands"]}


@pytest.mark.usefixtures("place")
def test_commands_need_no_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["inspect", "--json"]) == 0
    assert _run(["build"]) == 0
    assert Path("net-nano33/build/firmware.elf").is_file()
    capsys.readouterr()
    assert _run(["bench", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["exact"]["samples"] == 4
    assert _run(["flash"]) == 6
    assert "no way to flash Arduino Nano 33 BLE" in capsys.readouterr().err


def test_a_parents_file_counts_and_its_paths_are_its_own(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "notes" / "today").mkdir(parents=True)
    monkeypatch.chdir(place / "notes" / "today")
    assert _run(["build"]) == 0
    assert (place / "net-nano33" / "build" / "firmware.elf").is_file()
    assert _run(["bench"]) == 0
    assert list(Path().iterdir()) == []
    capsys.readouterr()
    assert _run(["build", "-o", "here"]) == 0
    assert Path("here/build/firmware.elf").is_file(), "a flag's path is the user's"


@pytest.mark.usefixtures("place")
def test_the_nearest_file_counts_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "inner").mkdir()
    settings(place / "inner", 'schema = 1\nboard = "pico"\n')
    monkeypatch.chdir(place / "inner")
    found = options(capsys)
    assert found["board", "build"]["value"] == "pico"
    assert ("model", "build") not in found


def test_a_flag_counts_more_than_the_file_and_that_more_than_the_default(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(place, MINIMAL + '\n[build]\noptimize = "flash"\noutput = "fw"\nsimplify = false\n')
    assert _run(["build", "--board", "pico", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["board"], told["directory"]) == ("raspberry_pi_pico", "fw")
    assert _run(["bench", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "raspberry_pi_pico", "as built"


def test_doctor_says_where_each_option_comes_from(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFLM_DIR", "checkout")
    settings(place, MINIMAL + '\n[build]\noptimize = "flash"\n[bench]\nruns = 3\n')
    found = options(capsys)
    told = {key: (one["value"], one["source"], one["where"]) for key, one in found.items()}
    assert told["board", "build"] == ("nano33", "file", "board")
    assert told["optimize", "build"] == ("flash", "file", "build.optimize")
    assert told["runs", "bench"] == ("3", "file", "bench.runs")
    assert told["directory", "bench"] == ("net-nano33", "file", "[build]")
    assert told["transport", "build"] == ("usb-cdc", "board", "arduino_nano_33_ble")
    assert told["method", "fit"] == ("search", "default", "")
    assert told["tflm_dir", "build"] == ("checkout", "environment", "TFLM_DIR")
    assert told["engine", "build"] == ("aot", "default", "")
    assert told["optimize", "compress"] == ("what the recipe says", "default", "")
    isolated = options(capsys, "--isolated")
    assert isolated["optimize", "build"]["source"] == "default"
    assert _run(["doctor"]) in (0, 5)
    out = capsys.readouterr().out
    assert "tinycompress.toml: build.optimize" in out
    assert "tinycompress.toml: [build]" in out


@pytest.mark.parametrize(("size", "told"), [("20480", "20480"), ('"20K"', "20K")])
def test_sizes_are_numbers_or_have_a_unit(
    place: Path, capsys: pytest.CaptureFixture[str], size: str, told: str
) -> None:
    settings(place, MINIMAL + f"\n[build]\nram_budget = {size}\n")
    assert options(capsys)["ram_budget", "build"]["value"].replace(",", "") == told


BROKEN = """
schema = 1
modle = "net.tflite"
board = 3
runs = 2
[build]
engine = "aott"
latency_budget = "5"
ram_budget = 0
simplify = "no"
json = true
[compres]
"""


def test_all_problems_of_the_file_at_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings(place, BROKEN)
    for command in COMMANDS:
        assert _run([command]) == 2
        message = capsys.readouterr().err
        assert message.startswith("error: settings file tinycompress.toml: 9 problems")
    for problem in (
        "modle: unknown key; did you mean 'model'?",
        "compres: unknown key; did you mean 'compress'?",
        "runs: unknown key; it belongs into [bench]",
        "board: 3: input must be a valid string",
        "build.engine: 'aott': 'aott' is not one of 'aot', 'tflm'",
        "build.latency_budget: '5': '5' is no time with a unit",
        "build.ram_budget: 0: 0 is no size, such as 49152, 48K or 1M",
        "build.simplify: 'no': input must be a valid boolean",
        "build.json: unknown key; allowed:",
    ):
        assert problem in message
    assert sorted(path.name for path in place.iterdir()) == [
        "net.tflite", "test.npz", "tinycompress.toml",
    ]  # fmt: skip


def test_a_broken_file_keeps_nobody_from_help(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(place, BROKEN)
    assert _run(["build", "--help"]) == 0
    assert _run(["boards", "list"]) == 0
    assert _run(["--isolated", "build", "net.tflite", "-b", "nano33"]) == 0
    capsys.readouterr()
    assert _run(["doctor", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["findings"]
    assert "9 problems" in told["error"]["message"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"schema = 1\nboard = ", "is not valid TOML"),
        (b"schema = 1\nboard = '\xff'", "is not valid TOML"),
        (b"schema = 2\n", "schema: 2"),
        (b"", "schema: missing"),
        (b"schema = 1\nmodel = ''\n", "model: '': empty"),
        (b"schema = 1\nbuild = 3\n", "build: 3"),
    ],
)
def test_files_that_say_nothing(
    place: Path, content: bytes, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "tinycompress.toml").write_bytes(content)
    assert _run(["build"]) == 2
    assert why in capsys.readouterr().err


def test_a_directory_that_is_gone_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert _run(["inspect", str(ROOT / "examples/digits/digits_int8.tflite")]) == 0
    assert _run(["build"]) == 2
    assert "Missing argument 'MODEL'" in capsys.readouterr().err


def test_a_file_of_another_name(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "tinycompress.toml").rename(place / "release.toml")
    assert _run(["--config", "release.toml", "inspect"]) == 0
    assert _run(["--config", "lost.toml", "inspect"]) == 2
    assert "cannot read the settings file lost.toml: no such file" in capsys.readouterr().err
    assert _run(["--config", "release.toml", "--isolated", "inspect"]) == 2


def test_a_refusal_names_what_the_file_said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(place, MINIMAL + '\n[build]\nlatency_budget = "5ms"\n')
    assert _run(["build", "--optimize", "ram"]) == 2
    told = capsys.readouterr().err
    assert "a latency budget says itself what comes first" in told
    assert told.endswith(
        "note: model, val, board, build.latency_budget came from tinycompress.toml\n"
    )
    assert _run(["build", "--board", "nano34"]) == 2
    assert "note: model, val" in capsys.readouterr().err


def test_what_the_file_says_is_no_contradiction_of_a_flag(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port for real boards, say, and a run on the emulated one."""
    settings(
        place,
        MINIMAL + '\n[build]\nport = "/dev/none"\n[bench]\nport = "/dev/none"\nruns = 2\n'
        '[inspect]\ndata = "test.npz"\n',
    )
    assert _run(["inspect"]) == 0
    assert _run(["build"]) == 0
    assert _run(["bench", "--virtual"]) == 0
    Path("roster.toml").write_text(
        'schema = 1\nboard = [{ directory = "net-nano33", samples = "test.npz" }]\n', "utf-8"
    )
    assert _run(["bench", "--all", "roster.toml"]) == 0
    assert _run(["bench"]) == 6
    assert "/dev/none" in capsys.readouterr().err


def test_a_board_file_is_found_beside_the_settings(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text(encoding="utf-8")
    (place / "boards").mkdir()
    own = re.sub(r"aliases = \[.*?\]", "aliases = []", own, flags=re.DOTALL)
    (place / "boards" / "mine.toml").write_text(
        own.replace('"arduino_nano_33_ble"', '"mine"'), encoding="utf-8"
    )
    settings(place, MINIMAL.replace('"nano33"', '"boards/mine.toml"'))
    (place / "sub").mkdir()
    monkeypatch.chdir(place / "sub")
    assert _run(["build"]) == 0
    capsys.readouterr()
    assert _run(["bench", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["board"] == "mine"


def test_fit_takes_the_file_as_well(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, dict[str, Any]]] = []

    def pretended(model: Any = None, **options: Any) -> None:
        asked.append((model, options))
        raise ConfigError("enough")

    monkeypatch.setattr("tinycompress.search.running.fit", pretended)
    settings(place, MINIMAL + 'data = "train.npz"\n[fit]\nlatency = "5ms"\ntrials = 7\n')
    assert _run(["fit"]) == 2
    assert _run(["fit", "other.keras", "--trials", "9"]) == 2
    assert _run(["fit", "--model-function", "imu"]) == 2
    capsys.readouterr()
    (first, options_of_file), (second, flags), (third, _) = asked
    assert (str(first), str(second), third) == ("net.tflite", "other.keras", None)
    assert (options_of_file["trials"], flags["trials"]) == (7, 9)
    assert options_of_file["latency_us"] == flags["latency_us"] == 5000
    assert str(options_of_file["data"]) == "train.npz"
    settings(place, "schema = 1\n")
    assert _run(["fit"]) == 2
    assert "Usage: tinycompress fit" in capsys.readouterr().err


def test_shared_keys_are_options_of_their_commands() -> None:
    for key, users in SHARED.items():
        for user in users:
            assert user in COMMANDS
            assert key in keys_of(taking(main.commands)[user]), (key, user)


def test_every_option_that_takes_a_value_is_a_key() -> None:
    """So that a new option needs no second place."""
    for command in taking(main.commands).values():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.is_flag:
                key = max(parameter.opts, key=len).lstrip("-").replace("-", "_")
                assert (key in keys_of(command)) != (parameter.hidden or key == "all")


def test_an_option_that_is_repeated_is_a_list_or_one_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'schema = 1\n[compress]\nteacher = ["one.keras", "two.keras"]\nassistant = "mid.keras"\n'
    settings(tmp_path, text)
    told = options(capsys)
    assert told["teacher", "compress"]["value"] == "one.keras two.keras"
    assert told["assistant", "compress"]["value"] == "mid.keras"
    # The command gets what it would get of repeated flags.
    given: dict[str, Any] = {}

    def compress(*args: Any, **options: Any) -> None:
        given.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(compressing, "compress", compress)
    command = ["compress", "m.keras", "--recipe", "pqat", "--data", "d.npz", "-o", "out"]
    assert _run(command) == 130
    assert given["teacher"] == (Path("one.keras"), Path("two.keras"))
    assert given["assistant"] == (Path("mid.keras"),)
    settings(tmp_path, "schema = 1\n[compress]\nteacher = [3]\n")
    assert _run(command) == 2
    assert "compress.teacher" in capsys.readouterr().err
