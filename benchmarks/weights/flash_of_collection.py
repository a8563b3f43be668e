"""Flash of every model of the collection, now and before: ``make flash-of-collection``.

Builds each model for the Nano 33 BLE by ``build --optimize flash``, with gcc, from this tree and
from that of a commit before weights were encoded, whose sources `git archive` gives. Each build is
kept in ``build/flash-of-collection`` by commit and model, so that an interrupted run goes on; this
tree's are made anew, those with encoded weights a second time without. Prints the table, and ends
with exit code 1 if a model got larger: than before by more than the model's own functions take,
or by its encodings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from benchmarks.kernels import ROOT, data_directory
from benchmarks.performance_page import table
from tinycompress import _files

BEFORE = "4885881"
"""The last commit whose firmware has all weights as plain int8."""
_BOARD = "nano33"
_STORE = ROOT / "build" / "flash-of-collection"
_HEADS = ("model", "weights and kernels, before", "now", "whole firmware, before", "now", "encoded")
_TIMEOUT_S = 900.0
_REFUSED = 3
_API_BYTES = 80
"""Of ``tcm_NAME_init``, ``_input`` and so on, which firmware had not before: 64 and alignment."""


@dataclass(frozen=True)
class Flash:
    """Of one firmware; None where the engine refuses the model, or it does not fit."""

    model_bytes: int | None = None
    total_bytes: int | None = None
    encoded_layers: int = 0


def models(data: Path) -> list[Path]:
    """The files of the collection, the smallest first."""
    return sorted((data / "models").rglob("*.tflite"), key=lambda path: path.stat().st_size)


def tree_of(commit: str, directory: Path) -> Path:
    """The sources of a commit, in a new directory."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True
    )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as opened:
        opened.extractall(directory, filter="data")
    return directory


def built(tree: Path, model: Path, directory: Path, *more: str) -> Flash:
    """What a model takes, built by the sources of a tree, with more options.

    Raises:
        SystemExit: The build failed for another reason than that the model is refused.
    """
    command = [
        sys.executable, "-m", "tinycompress", "build", str(model), "--board", _BOARD,
        "--optimize", "flash", "--toolchain", "gcc", "--json",
        "-o", str(directory / "firmware"), *more,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=directory, check=False,
        timeout=_TIMEOUT_S,
    )  # fmt: skip
    if done.returncode in (_REFUSED, _REFUSED + 1):
        return Flash()
    if done.returncode:
        raise SystemExit(f"{model.name} by {tree}: {done.stderr}")
    found = json.loads(done.stdout)
    flash = found["flash"]
    encoded = [layer for layer in found.get("layers", ()) if layer.get("weights")]
    return Flash(
        flash["weights_bytes"] + flash["kernels_bytes"], flash["total_bytes"], len(encoded)
    )


def kept(commit: str, tree: Path, model: Path) -> Flash:
    """The same of a commit, which never changes: built once."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:16]
    store = _STORE / commit / f"{digest}.json"
    if store.is_file():
        return Flash(**json.loads(store.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(prefix="tinycompress-flash-") as directory:
        found = built(tree, model, Path(directory))
    store.parent.mkdir(parents=True, exist_ok=True)
    _files.write_text(store, json.dumps(asdict(found)) + "\n")
    return found


def compared(chosen: list[Path], commit: str) -> Iterator[tuple[Path, Flash, Flash, Flash]]:
    """Of each model what it takes before, now without encodings, and now."""
    with tempfile.TemporaryDirectory(prefix="tinycompress-before-") as directory:
        tree = tree_of(commit, Path(directory))
        for model in chosen:
            before = kept(commit, tree, model)
            with tempfile.TemporaryDirectory(prefix="tinycompress-flash-") as place:
                now = built(ROOT, model, Path(place))
            plain = now
            if now.encoded_layers:
                with tempfile.TemporaryDirectory(prefix="tinycompress-flash-") as place:
                    plain = built(ROOT, model, Path(place), "--weights", "plain")
            yield model, before, plain, now


def is_larger(before: Flash, plain: Flash, now: Flash) -> bool:
    """Whether a model that was built each time takes more flash for what it is."""
    sizes = (before.total_bytes, plain.total_bytes, now.total_bytes)
    least_before, without, taken = (size or 0 for size in sizes)
    return taken > least_before + _API_BYTES or taken > without


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument("--before", default=BEFORE, metavar="COMMIT")
    parser.add_argument("--only", default="", metavar="TEXT", help="models with it in their path")
    parser.add_argument("--most", type=int, default=None, metavar="N", help="the N smallest files")
    options = parser.parse_args()
    data = data_directory(options.data)
    chosen = [path for path in models(data) if options.only in str(path)][: options.most]
    rows, larger, refused = [], [], 0
    for model, before, plain, now in compared(chosen, options.before):
        name = str(model.relative_to(data / "models").with_suffix(""))
        if None in (before.model_bytes, now.model_bytes):
            refused += 1
            continue
        rows.append([name, *_cells(before, now)])
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
        if is_larger(before, plain, now):
            larger.append(name)
    print(table(list(_HEADS), rows, 1))
    print(f"{len(rows)} models, {refused} more refused before or now; larger: {larger or 'none'}")
    return 1 if larger else 0


def _cells(before: Flash, now: Flash) -> list[str]:
    sizes = (before.model_bytes, now.model_bytes, before.total_bytes, now.total_bytes)
    return [*(f"{size:,}" for size in sizes), str(now.encoded_layers)]


if __name__ == "__main__":
    sys.exit(main())
