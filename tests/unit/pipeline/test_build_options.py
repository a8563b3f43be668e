"""What goes with what in a build, from Python as from the command line."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from support.models.tflite_files import small_cnn

import tinycompress
from tinycompress import BuildOptions
from tinycompress.cli.build import build_command
from tinycompress.errors import ConfigError
from tinycompress.options import weights_of


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "cmsis"}, "engine is 'cmsis'; allowed: aot, tflm"),
        ({"optimize": "size"}, "optimize is 'size'; allowed: speed, ram, flash"),
        ({"transport": "spi"}, "transport is 'spi'; allowed: usb, uart"),
        ({"activations": "int4"}, "activations is 'int4'; allowed: int8, int16"),
        ({"ram_budget_bytes": 0}, "ram_budget_bytes is 0; allowed: 1 or more"),
        ({"flash_budget_bytes": 0}, "flash_budget_bytes is 0; allowed: 1 or more"),
        ({"latency_budget_us": 0.0}, r"latency_budget_us is 0.0; allowed: above 0"),
        ({"latency_budget_us": float("nan")}, "latency_budget_us is nan; allowed: above 0"),
        ({"flash_budget_bytes": 9, "optimize": "flash"}, "a flash budget says .*: no --optimize"),
        (
            {"latency_budget_us": 9.0, "optimize": "ram"},
            "a latency budget says .*no --optimize ram",
        ),
        (
            {
                "engine": "tflm",
                "flash_budget_bytes": 9,
                "latency_budget_us": 5e3,
                "simplify": False,
            },
            "no --flash-budget 9, --latency-budget 5000us, --no-simplify",
        ),
        ({"framework": "zephyr", "flash_budget_bytes": 9}, "libraries: no --flash-budget 9"),
        ({"tflm_compression": "lut"}, "tflm_compression is for the engine tflm, not aot"),
        ({"tflm_dir": "tflm"}, "--tflm-dir goes with --engine tflm"),
        ({"engine": "tflm", "toolchain": "zig"}, "cannot be built with zig"),
        (
            {"engine": "tflm", "exact_to": "litert", "ram_budget_bytes": 9},
            "no --exact-to litert, --ram-budget 9",
        ),
        ({"framework": "zephyr", "toolchain": "gcc"}, "no --toolchain gcc"),
        (
            {"framework": "arduino", "engine": "tflm", "tflm_dir": "x"},
            "--framework arduino brings its own compiler and libraries: no --tflm-dir x",
        ),
        ({"framework": "arduino", "transport": "uart"}, "a sketch talks over Serial"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        BuildOptions(**options)
    assert caught.value.exit_code == 2


def test_a_keyword_replaces_an_option(tmp_path: Path) -> None:
    (tmp_path / "small.tflite").write_bytes(small_cnn())
    options = BuildOptions(framework="zephyr", output=tmp_path / "one")
    made = tinycompress.build(
        tmp_path / "small.tflite", "pico", options, output=tmp_path / "other", optimize="ram"
    )
    assert made.directory == tmp_path / "other"
    assert made.project.framework == "zephyr"
    assert made.firmware is None
    with pytest.raises(ConfigError, match="is not compiled yet") as caught:
        made.require_firmware()
    assert "west build -b rpi_pico" in str(caught.value.hint)


def test_an_unknown_keyword(tmp_path: Path) -> None:
    (tmp_path / "small.tflite").write_bytes(small_cnn())
    with pytest.raises(TypeError, match="quantise"):
        tinycompress.build(tmp_path / "small.tflite", "pico", quantise=True)  # type: ignore[call-arg]
    assert list(tmp_path.iterdir()) == [tmp_path / "small.tflite"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimize": "flash", "weights": "plain", "exact_to": "litert", "name": "my net"},
        {"flash_budget_bytes": 64_000, "latency_budget_us": 1_234_567.5, "simplify": False},
        {"engine": "tflm", "tflm_compression": "auto", "toolchain": "gcc"},
        {"framework": "zephyr", "ram_budget_bytes": 9000},
        {"transport": "uart"},
    ],
)
def test_a_build_can_be_said_on_the_command_line(options: dict[str, Any]) -> None:
    """What a project keeps as the command that makes it again, read by the command itself."""
    wanted = BuildOptions(**options)
    words = ["model.tflite", "--board", "nano33", *wanted.words()]
    told = build_command.make_context("build", words).params
    told |= weights_of(told["engine"], told.pop("weights"))
    known = {field.name for field in dataclasses.fields(BuildOptions)}
    assert BuildOptions(**{k: v for k, v in told.items() if k in known}) == wanted
