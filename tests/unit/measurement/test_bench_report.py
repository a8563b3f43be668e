"""The report for people and for programs, and the result bundle."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.results import ODD

from tinycompress._sealed import SEAL, seal_problem
from tinycompress.artifacts import (
    BenchResult,
    BuiltFirmware,
    FirmwareProject,
    FlashSizes,
    LayerCost,
    OutputQuality,
    RamSizes,
    Spread,
)
from tinycompress.boards import load_board
from tinycompress.errors import ConfigError
from tinycompress.measurement.bundle import write_bundle
from tinycompress.measurement.report import print_table, to_json

RESULT = BenchResult(
    board_id="arduino_nano_33_ble", engine="aot", toolchain="zig", transport="virtual",
    machine="emulated", build_id="ab" * 20, runs=5,
    instructions=Spread(100, 90, 110, "emulated"), cycles=Spread(200.5, 200.5, 200.5, "emulated"),
    latency_us=Spread(3.125, 3.0, 3.25, "emulated"),
    ram=RamSizes(1536, 1600, 8192, 356), flash=FlashSizes(4716, 3808, 8113, 1467),
    oracle="tflm", samples=360, mismatched_samples=0, fits=True,
    quality=(OutputQuality(0, "out", "classes", 0.975, "accuracy", 0.975, 0.1),),
    cycles_upper_bound=640,
    layers=(LayerCost("conv[1], a", "CONV_2D", 300, 60, 120), LayerCost("s", "SOFTMAX", 0, 20, 80)),
    notes=("47% [bold] of it",), model_sha256="5" * 64, elf_sha256="e" * 64,
    samples_sha256="a" * 64,
)  # fmt: skip
REAL = replace(RESULT, transport="serial", machine="silicon", instructions=None,
               latency_us=Spread(3.0, 3.0, 3.0, "measured"), cycles=None,
               layers=(LayerCost("conv", "CONV_2D", 300, None, None),))  # fmt: skip
BUILT = BuiltFirmware(
    project=FirmwareProject(
        directory=Path("p"), board_id="arduino_nano_33_ble", engine="aot", exact_to="tflm",
        model_sha256="5" * 64, inputs=(), outputs=(), layers=(), arena_bytes=0, weights_bytes=0,
    ),
    elf=Path("p/build/firmware.elf"), images={}, build_id="ab" * 20, elf_sha256="e" * 64,
    toolchain="zig", toolchain_version="0.15.2", flags=("-O2",), flash=FlashSizes(0, 0, 0, 0),
    ram=RamSizes(0, 0, 0),
)  # fmt: skip


def printed(result: BenchResult, width: int = 140) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    print_table(result, load_board("nano33"), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(text: str, label: str) -> str:
    (line,) = [line for line in text.splitlines() if label in line]
    return " ".join(line.replace("│", " ").split())


def test_json_has_every_figure_with_its_unit() -> None:
    found = to_json(RESULT)
    assert seal_problem(found) is None
    assert {key: found[key] for key in found if key != SEAL} == {
        "schema": "tinycompress.bench",
        "schema_version": 1,
        "board": "arduino_nano_33_ble",
        "engine": "aot",
        "toolchain": "zig",
        "transport": "virtual",
        "machine": "emulated",
        "build_id": "ab" * 20,
        "model_sha256": "5" * 64,
        "elf_sha256": "e" * 64,
        "samples_sha256": "a" * 64,
        "runs": 5,
        "latency": {
            "instructions": {"median": 100, "min": 90, "max": 110, "obtained": "emulated"},
            "cycles": {"median": 200.5, "min": 200.5, "max": 200.5, "obtained": "emulated"},
            "cycles_upper_bound": 640,
            "us": {"median": 3.125, "min": 3, "max": 3.25, "obtained": "emulated"},
            "budget_us": None,
            "within_budget": None,
        },
        "clock": None,
        "ram": {
            "arena_bytes": 1536,
            "static_bytes": 1600,
            "stack_peak_bytes": 356,
            "stack_reserved_bytes": 8192,
            "used_bytes": 3492,
            "reserved_bytes": 11328,
        },
        "flash": {
            "weights_bytes": 4716,
            "kernels_bytes": 3808,
            "runtime_bytes": 8113,
            "platform_bytes": 1467,
            "total_bytes": 18104,
        },
        "exact": {
            "exact_to": "tflm",
            "oracle": "tflm",
            "not_compared": None,
            "samples": 360,
            "mismatched_samples": 0,
        },
        "accuracy": {
            "device": 0.975,
            "host_int8": 0.975,
            "outputs": [
                {"index": 0, "name": "out", "device": 0.975, "host_int8": 0.975, "chance": 0.1}
            ],
        },
        "quality": [
            {
                "output": "out",
                "index": 0,
                "kind": "classes",
                "score": 0.975,
                "score_name": "accuracy",
                "host_score": 0.975,
                "chance": 0.1,
                "confusion": None,
                "class_names": None,
                "per_class": [],
                "mean_absolute_error": None,
                "float_score": None,
                "float_mean_absolute_error": None,
                "mean_iou": None,
                "mean_squared_error": None,
                "channels": [],
                "float_channels": [],
            }
        ],
        "fits": True,
        "macs": 300,
        "recomputed_macs": 0,
        "layers": [
            {"name": "conv[1], a", "op": "CONV_2D", "macs": 300, "instructions": 60, "cycles": 120},
            {"name": "s", "op": "SOFTMAX", "macs": 0, "instructions": 20, "cycles": 80},
        ],
        "cascade": None,
        "notes": ["47% [bold] of it"],
    }


def test_json_of_what_could_not_be_told_is_null() -> None:
    found = to_json(replace(REAL, mismatched_samples=None, quality=()))
    assert found["latency"]["instructions"] is None
    assert found["latency"]["us"]["obtained"] == "measured"
    assert found["exact"]["mismatched_samples"] is None
    assert found["accuracy"]["device"] is None
    assert found["layers"][0]["cycles"] is None


def test_table_of_an_emulated_board() -> None:
    text = printed(RESULT)
    assert "Arduino Nano 33 BLE (emulated), cortex-m4 at 64 MHz" in text
    assert row(text, "accuracy").endswith("97.50% of 360 samples; same model on the host: 97.50%")
    assert "0 of 360, byte for byte" in row(text, "unlike the oracle's")
    assert "median of 5 runs, 90 to 110" in row(text, "instructions per")
    assert "200.5 modelled by the emulator; 5 runs, all alike" in row(text, "cycles per")
    assert "3.1 us modelled cycles at 64 MHz" in row(text, "latency")
    assert "11,328 B budget with this; 250,304 B (95.7%) of 261,632 B left" in row(
        text, "RAM: reserved"
    )
    assert "3,492 B with the stack that was used" in row(text, "RAM: used")
    assert "356 B high-water mark" in row(text, "RAM: stack, used")
    assert "8,192 B" in row(text, "RAM: stack, reserved")
    assert "640 upper bound" in row(text, "cycles, at most")
    assert "18,104 B" in row(text, "flash: total")
    assert "yes" in row(text, "fits the board")
    assert row(text, "conv[1], a") == "conv[1], a CONV_2D 300 60 120 0.40 60.0%"
    assert row(text, "all layers") == "all layers 300 80 200"
    assert "note: 47% [bold] of it" in text


def test_accuracy_of_several_outputs() -> None:
    two = (
        OutputQuality(0, "age", "classes", 0.5, "accuracy", None, 0.1),
        OutputQuality(2, "mood", "classes", 0.75, "accuracy", 0.8, 0.5),
    )
    result = replace(RESULT, quality=two)
    text = printed(result)
    assert row(text, "accuracy of output 0").endswith("50.00% of 360 samples, output 0: age")
    assert "host: 80.00%, output 2: mood" in row(text, "accuracy of output 2")
    found = to_json(result)["accuracy"]
    assert (found["device"], found["host_int8"]) == (None, None)
    assert [one["name"] for one in found["outputs"]] == ["age", "mood"]


def test_what_patches_recompute_stands_below_the_sum() -> None:
    result = replace(RESULT, recomputed_macs=40)
    text = printed(result)
    assert row(text, "all layers").startswith("all layers 300")
    assert row(text, "of which recomputed") == "of which recomputed in patches 40"
    found = to_json(result)
    assert (found["macs"], found["recomputed_macs"]) == (260, 40)
    assert "recomputed" not in printed(RESULT)


def test_no_line_is_wider_than_the_terminal() -> None:
    name = "functional_1/block_3_depthwise/depthwise;functional_1/batch_normalization/FusedBatch"
    layers = tuple(
        LayerCost(f"{name}_{i}", "UNIDIRECTIONAL_SEQUENCE_LSTM", 12_501_632, 48_326_502, 65_479_856)
        for i in range(3)
    )
    text = printed(replace(RESULT, layers=layers, recomputed_macs=147_456), width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "65,479,856" in text
    assert "Batch_2" in text


def test_table_of_an_emulated_board_behind_a_port() -> None:
    latency = Spread(3.0, 3.0, 3.0, "emulated")
    text = printed(replace(REAL, machine="emulated", latency_us=latency))
    assert "Arduino Nano 33 BLE (emulated), cortex-m4" in text
    assert "modelled cycles at 64 MHz" in row(text, "latency")
    assert "real" not in text
    assert "measured" not in text


def test_table_of_a_device_that_does_not_say_what_it_is() -> None:
    latency = Spread(3.0, 3.0, 3.0, "unknown")
    result = replace(REAL, machine="unknown", latency_us=latency, cycles=latency)
    text = printed(result)
    assert "(real or emulated: it does not say)" in text
    for label in ("cycles per", "latency"):
        assert "3" in row(text, label)
        assert "by the device's tick counter" in row(text, label)
    assert "measured" not in text
    assert to_json(result)["latency"]["us"]["obtained"] == "unknown"
    assert to_json(result)["machine"] == "unknown"


def test_table_of_a_real_board() -> None:
    text = printed(REAL)
    assert "(real)" in text
    assert "instructions per" not in text
    assert "measured on the board" in row(text, "latency")
    assert "emulat" not in text


def test_table_of_qemu() -> None:
    text = printed(replace(RESULT, cycles=None, latency_us=None))
    assert "100 counted by QEMU, to one timer tick" in row(text, "instructions per")
    assert "latency" not in text


def test_table_of_what_failed() -> None:
    huge = replace(RESULT, fits=False, flash=FlashSizes(983_040, 60, 0, 0), mismatched_samples=None)
    text = printed(huge)
    assert "60 B more than the board's 983,040 B" in row(text, "flash: total")
    assert "NO" in row(text, "fits the board")
    assert "not compared" in row(text, "unlike the oracle's")


def test_table_in_a_narrow_terminal_loses_no_figure() -> None:
    text = printed(RESULT, width=80)
    assert "18,104 B" in text
    assert "3,492 B" in text


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def test_bundle(tmp_path: Path) -> None:
    write_bundle(RESULT, BUILT, tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "details.json", "summary.json", "layers.csv", "manifest.json",
    }  # fmt: skip
    assert load(tmp_path / "out/summary.json") == to_json(RESULT)
    with (tmp_path / "out/layers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "name": "conv[1], a", "op": "CONV_2D", "macs": "300", "instructions": "60", "cycles": "120",
    }  # fmt: skip
    manifest = load(tmp_path / "out/manifest.json")
    assert manifest["model_sha256"] == "5" * 64
    assert manifest["elf_sha256"] == "e" * 64
    assert manifest["compiler"] == {"name": "zig", "version": "0.15.2", "flags": ["-O2"]}
    assert {"python", "numpy", "tinycompress", "tflite-micro"} <= manifest["versions"].keys()
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest


def test_bundle_of_absent_figures(tmp_path: Path) -> None:
    write_bundle(REAL, BUILT, tmp_path / "out")
    assert (tmp_path / "out/layers.csv").read_text().splitlines()[1] == "conv,CONV_2D,300,,"


def test_same_result_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bundle(RESULT, BUILT, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_bundle_replaces_a_bundle_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_bundle(REAL, BUILT, out)
    write_bundle(RESULT, BUILT, out)
    assert load(out / "summary.json")["transport"] == "virtual"
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        write_bundle(REAL, BUILT, out)
    assert (out / "thesis.txt").read_text() == "mine"
    assert load(out / "summary.json")["transport"] == "virtual"
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ConfigError, match="a file is in the way"):
        write_bundle(REAL, BUILT, file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_names_of_outputs_and_notes_show_as_they_are() -> None:
    two = tuple(OutputQuality(i, ODD, "classes", 0.5, "accuracy", None, 0.1) for i in range(2))
    text = printed(replace(RESULT, quality=two, notes=(f"look at {ODD}",)))
    assert "\x1b" not in text
    assert text.count("[bold red]<script>") == 3
