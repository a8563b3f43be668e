"""The kernels under the flags of Arduino's core for the Nano 33 BLE, on its virtual board."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress import pipeline
from tinycompress.boards import load_board
from tinycompress.firmware import load_project
from tinycompress.toolchain import build

# arduino/ArduinoCore-mbed variants/ARDUINO_NANO33BLE/cflags.txt
ARDUINO = ("-std=gnu11", "-Os", "-fno-delete-null-pointer-checks", "-funsigned-char",
           "-fomit-frame-pointer")  # fmt: skip


@pytest.mark.gcc
def test_outputs_are_exact_as_arduino_compiles_them(tmp_path: Path) -> None:
    model = ROOT / "examples" / "digits" / "digits_int8.tflite"
    directory = tmp_path / "digits"
    pipeline.build(model, "nano33", toolchain="gcc", output=directory)
    facts = json.loads((directory / "tinycompress.json").read_text())
    plan = facts["build"]
    plan["compile_flags"] = [
        *(flag for flag in plan["compile_flags"] if not flag.startswith(("-std", "-O"))), *ARDUINO
    ]  # fmt: skip
    cpu = plan["toolchains"]["gcc"]["compile"]
    plan["toolchains"]["gcc"]["compile"] = [
        flag.replace("-mfloat-abi=hard", "-mfloat-abi=softfp") for flag in cpu
    ]
    assert "-mfloat-abi=softfp" in plan["toolchains"]["gcc"]["compile"]
    (directory / "tinycompress.json").write_text(json.dumps(facts))
    built = build(load_project(directory), load_board("nano33"), toolchain="gcc")
    assert "-Os" in built.flags
    result = pipeline.bench(directory)
    assert result.mismatched_samples == 0
