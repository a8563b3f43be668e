"""What exact simplification saves in every model of the collection: ``make weights-simplified``.

Every model is generated; one that loses something is built for the virtual Nano 33 BLE with and
without simplification, run and compared with the reference runtime. Writes the table of
docs/simplification.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from pathlib import Path

from benchmarks.kernels import ROOT, data_directory
from benchmarks.performance_page import table
from tinycompress import _files, pipeline
from tinycompress.artifacts import Simplification
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import ModelError
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.samples import Samples, random_samples
from tinycompress.toolchain import build

BOARD = "arduino_nano_33_ble"
PAGE = ROOT / "docs" / "simplification.md"
_BEGIN, _END = "<!-- simplified: begin -->", "<!-- simplified: end -->"


@dataclass(frozen=True)
class Figures:
    """One build and inference; flash in bytes, cycles as modelled."""

    weights_bytes: int
    flash_bytes: int
    arena_bytes: int
    cycles: int


@dataclass(frozen=True)
class Row:
    """A model that loses something, without and with simplification."""

    summary: Simplification
    before: Figures
    after: Figures


Found = Row | str
"""A model that loses something, or what else becomes of it: ``nothing to remove``, ``refused``."""


def measure(file: Path) -> Found:
    """What simplification does to a model."""
    options = CodegenOptions.for_board(load_board(BOARD))
    tflite = file.read_bytes()
    try:
        summary = generate(read_model(tflite), options).simplification
    except ModelError:
        return "refused"
    if summary is None:
        return "nothing to remove"
    before, after = (_run(file, replace(options, simplify=way)) for way in (False, True))
    return Row(summary, before, after)


def _run(file: Path, options: CodegenOptions) -> Figures:
    board, tflite = load_board(BOARD), file.read_bytes()
    sources = generate(read_model(tflite), options)
    with tempfile.TemporaryDirectory(prefix="tinycompress-simplified-") as directory:
        project = render_project(
            sources, board, Path(directory) / "p", tflite=tflite, model_name=file.stem
        )
        built = build(project, board)
        link = VirtualBoard(board, built.elf)
        samples = Samples(random_samples(tflite, 1).sample(0))
        once = BenchOptions(runs=1, warmup=0)
        try:
            result = bench(built, board, link, tflite=tflite, samples=samples, options=once)
        finally:
            link.close()
    pipeline.require_exact(result)
    if result.cycles is None:
        raise SystemExit(f"{BOARD}: counts no cycles")
    return Figures(
        result.flash.weights_bytes,
        result.flash.total_bytes,
        result.ram.arena_bytes,
        round(result.cycles.median),
    )


def page(found: Mapping[str, Found]) -> str:
    """The table, and the names of the models that lose nothing."""
    heads = [
        "model", "channels removed", "dense inputs", "MACs", "flash: weights, bytes",
        "flash, bytes", "arena, bytes", "cycles",
    ]  # fmt: skip
    rows = [[f"`{name}`", *_cells(row)] for name, row in found.items() if isinstance(row, Row)]
    unchanged = [f"`{name}`" for name, row in found.items() if row == "nothing to remove"]
    refused = sum(row == "refused" for row in found.values())
    return (
        f"{table(heads, rows)}\n"
        f"Of {len(found)} models, {len(rows)} lose something. In {len(unchanged)} there is nothing "
        f"to remove: {', '.join(unchanged)}. The engine refuses the other {refused}.\n"
    )


def _cells(row: Row) -> list[str]:
    pairs = [(row.summary.macs_before, row.summary.macs_after)] + [
        (getattr(row.before, name), getattr(row.after, name))
        for name in ("weights_bytes", "flash_bytes", "arena_bytes", "cycles")
    ]
    changes = [
        f"{old:,}" if old == new else f"{old:,} → {new:,} ({100 * new / old - 100:+.1f} %)"
        for old, new in pairs
    ]
    return [f"{row.summary.removed_channels:,}", f"{row.summary.removed_inputs:,}", *changes]


def _rises(found: Mapping[str, Found]) -> list[str]:
    """Figures that must not rise and do."""
    return [
        f"{name}: {figure} rise"
        for name, row in found.items()
        if isinstance(row, Row)
        for figure in ("weights_bytes", "arena_bytes", "cycles")
        if getattr(row.after, figure) > getattr(row.before, figure)
    ]


def _write(text: str) -> None:
    whole = PAGE.read_text(encoding="utf-8")
    before, _, rest = whole.partition(_BEGIN)
    _, mark, after = rest.partition(_END)
    if not mark:
        sys.exit(f"error: {PAGE} has lost the marks around its figures")
    _files.write_text(PAGE, f"{before}{_BEGIN}\n{text}{_END}{after}")


def _files_of(data: Path, families: Sequence[str]) -> list[Path]:
    entries = json.loads((data / "models.json").read_text(encoding="utf-8"))
    names = [entry["file"] for entry in entries if entry["family"] not in families]
    return [data / name for name in sorted(names) if name.endswith(".tflite")]


def main() -> int:
    """The command; exit code 1 if a figure rises that must not."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    data = data_directory(options.data)
    # Files that are damaged on purpose, and single layers.
    files = _files_of(data, ("negative", "mlperf_tiny_layers", "tflm_seanet_int16"))
    found: dict[str, Found] = {}
    with Pool(options.jobs, maxtasksperchild=1) as pool:
        for file, result in zip(files, pool.imap(measure, files, chunksize=1), strict=True):
            name = str(file.relative_to(data / "models").with_suffix(""))
            found[name] = result
            print(f"{name:56} {result if isinstance(result, str) else _cells(result)}", flush=True)
    _write(page(found))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    rises = _rises(found)
    print("\n".join(rises))
    return 1 if rises else 0


if __name__ == "__main__":
    sys.exit(main())
