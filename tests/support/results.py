"""Results on disk for tests that read them back: of `bench`, of `build` and of `compress`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from tinycompress.compression.run.recipe import load_recipe
from tinycompress.compression.run.report import report
from tinycompress.compression.run.result import StageRow
from tinycompress.measurement.bundle import write_bundle

MODEL_SHA256, ELF_SHA256, BUILD_ID = "5" * 64, "e" * 64, "ab" * 20
ODD = "a/[bold red]<script>alert(1)</script>|\\`x`\x1b[31m é"
"""A name that a model may give a layer."""

BENCHED = BenchResult(
    board_id="arduino_nano_33_ble", engine="aot", toolchain="zig", transport="virtual",
    machine="emulated", build_id=BUILD_ID, runs=5,
    instructions=Spread(100_000, 99_000, 110_000, "emulated"),
    cycles=Spread(128_000, 128_000, 128_000, "emulated"),
    latency_us=Spread(2000.0, 2000.0, 2000.0, "emulated"),
    ram=RamSizes(1536, 1600, 8192, 356), flash=FlashSizes(4716, 3808, 8113, 1467),
    oracle="tflm", samples=360, mismatched_samples=0, fits=True,
    quality=(OutputQuality(0, "out", "classes", 0.975, "accuracy", 0.975, 0.1),),
    cycles_upper_bound=250_000,
    layers=(
        LayerCost("conv", "CONV_2D", 30_000, 80_000, 100_000),
        LayerCost(ODD, "SOFTMAX", 0, 20_000, 28_000),
    ),
    model_sha256=MODEL_SHA256, elf_sha256=ELF_SHA256, samples_sha256="a" * 64,
)  # fmt: skip
FIRMWARE = BuiltFirmware(
    project=FirmwareProject(
        directory=Path("p"), board_id="arduino_nano_33_ble", engine="aot", exact_to="tflm",
        model_sha256=MODEL_SHA256, inputs=(), outputs=(), layers=(), arena_bytes=0,
        weights_bytes=0,
    ),
    elf=Path("p/build/firmware.elf"), images={}, build_id=BUILD_ID, elf_sha256=ELF_SHA256,
    toolchain="zig", toolchain_version="0.15.2", flags=("-O2",), flash=FlashSizes(0, 0, 0, 0),
    ram=RamSizes(0, 0, 0),
)  # fmt: skip


def measured(
    median_us: float = 2000.0, spread_us: float = 20.0, result: BenchResult = BENCHED
) -> BenchResult:
    """The same as from a real board; ``spread_us`` between the fastest and the slowest run."""
    half = spread_us / 2
    spread = Spread(median_us, median_us - half, median_us + half, "measured")
    layers = tuple(replace(one, instructions=None, cycles=None) for one in result.layers)
    return replace(
        result, transport="serial", machine="silicon", instructions=None, cycles=None,
        cycles_upper_bound=None, latency_us=spread, layers=layers,
    )  # fmt: skip


def bundle(directory: Path, result: BenchResult = BENCHED) -> Path:
    """Write a bundle of a result."""
    built = replace(
        FIRMWARE, build_id=result.build_id, elf_sha256=result.elf_sha256 or ELF_SHA256,
        project=replace(FIRMWARE.project, model_sha256=result.model_sha256 or MODEL_SHA256),
    )  # fmt: skip
    write_bundle(result, built, directory)
    return directory


def stage_row(index: int, stage: str, tflite: bytes, **changes: Any) -> StageRow:
    """One row of a compression."""
    figures: Mapping[str, int | float] = {
        "flash_bytes": 40_000 - 1000 * index, "ram_bytes": 9000, "latency_us": 2000.0 - index,
        "instructions": 100_000, "fits": 1,
    }  # fmt: skip
    row = StageRow(
        index=index, stage=stage, float_accuracy=0.98, int8_accuracy=0.975, parameters=5000,
        nonzero_parameters=5000 - 1000 * index, macs=30_000, tflite_bytes=len(tflite),
        tflite_sha256=hashlib.sha256(tflite).hexdigest(), kernels=(), figures=figures,
        measured_on="arduino_nano_33_ble",
    )  # fmt: skip
    return replace(row, **changes)


def compression(directory: Path, *rows: StageRow, last: bytes = b"pruned") -> Path:
    """Write what `compress` leaves, without its Keras models."""
    found = rows or (stage_row(0, "convert", b"dense"), stage_row(1, "prune", last))
    result = directory / "result"
    result.mkdir(parents=True)
    (directory / "run.json").write_text(
        json.dumps({"schema": "tinycompress.compress.run", "schema_version": 1, "identity": "x"})
    )
    facts = report(load_recipe("prune50"), found)
    (result / "report.json").write_text(json.dumps(facts, indent=2) + "\n")
    (result / "model.tflite").write_bytes(last)
    return directory
