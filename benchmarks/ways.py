"""Several ways to compress one model, each from several seeds: run, and made rows of a table."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import tinycompress
from benchmarks.results.reference import MODEL, TEST, TRAIN
from benchmarks.results.run import versions
from tinycompress import _files, _tf
from tinycompress.artifacts import ExactTo

SEEDS = (0, 1, 2)
_PERCENT = 100.0

Run = Mapping[str, Any]
"""One way from one seed: plain values."""


@dataclass(frozen=True)
class Way:
    """A way by its name in the table, and the stages of its recipe."""

    name: str
    stages: tuple[Mapping[str, Any], ...]

    def recipe(self, seed: int) -> dict[str, Any]:
        """Its recipe, which accepts any loss: that is what is to be measured."""
        return {
            "schema": 1, "name": "way", "description": self.name, "seed": seed,
            "limits": {"max_accuracy_drop": 1.0, "max_stage_drop": 1.0},
            "firmware": {"optimize": "flash"}, "stage": [dict(stage) for stage in self.stages],
        }  # fmt: skip


def measured(
    ways: Sequence[Way],
    scratch: Path,
    *,
    board: str | None = None,
    exact_to: ExactTo = "litert",
) -> list[Run]:
    """All ways from all seeds; a run that an earlier call finished is taken over.

    Args:
        ways: What to run.
        scratch: Directory with ``inputs/``, as `reference.make_reference` makes it; runs go there.
        board: Where the firmware of the last stage is measured; None measures accuracy alone.
        exact_to: Whose arithmetic the accuracy is counted with.
    """
    runs: list[Run] = []
    for number, way in enumerate(ways):
        for seed in SEEDS:
            result = tinycompress.compress(
                scratch / "inputs" / MODEL,
                way.recipe(seed),
                scratch / "inputs" / TRAIN,
                val=scratch / "inputs" / TEST,
                board=board,
                output=scratch / f"{number}-{seed}",
                exact_to=exact_to,
                evaluation_samples=None,
            )
            last = result.rows[-1]
            runs.append(
                {
                    "way": way.name,
                    "seed": seed,
                    "float_accuracy": result.rows[0].float_accuracy,
                    "int8_accuracy": last.int8_accuracy,
                    "parameters": last.parameters,
                    "nonzero_parameters": last.nonzero_parameters,
                    "macs": last.macs,
                    "figures": dict(last.figures),
                    "notes": [note for row in result.rows[1:] for note in row.notes],
                }
            )
            print(f"{way.name}, seed {seed}: {_PERCENT * last.int8_accuracy:.2f} %", flush=True)
    return runs


def kept(scratch: Path, asked: str, run: Callable[[], Run]) -> Run:
    """What a run gave; one that an earlier call finished is taken over.

    Args:
        scratch: Directory of the runs.
        asked: All that the run depends on.
        run: Does it.
    """
    path = scratch / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
    if not path.is_file():
        _files.write_text(path, json.dumps(run()) + "\n")
    found: Run = json.loads(path.read_text(encoding="utf-8"))
    return found


def kept_way(scratch: Path, way: Way, seed: int, run: Callable[[Way, int], Run]) -> Run:
    """One way from one seed, as `kept`; its recipe and the tools' versions are what is asked."""
    asked = json.dumps([way.recipe(seed), versions()], sort_keys=True)
    return kept(scratch, asked, lambda: run(way, seed))


def run_command(
    about: str | None,
    figures: Path,
    page: Path,
    scratch: Path,
    measure: Callable[[Path], Mapping[str, Any]],
    page_of: Callable[[Mapping[str, Any]], str],
    parts: Mapping[str, Callable[[Path], Any]] | None = None,
) -> None:
    """The command line of a benchmark: measure, keep the figures, write the page of them.

    Args:
        about: The benchmark's docstring.
        figures: File of what was measured.
        page: What is written of it.
        scratch: Where runs are kept, if ``--scratch`` says nothing else.
        measure: Measures, with its files in a directory.
        page_of: The page of what was measured.
        parts: What ``--part`` measures alone, by their keys in the figures; the others stay.
    """
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--scratch", type=Path, default=scratch)
    parser.add_argument("--page", action="store_true", help="write the page anew, measure nothing")
    if parts:
        parser.add_argument("--part", choices=tuple(parts), help="measure this alone")
    arguments = parser.parse_args()
    part = arguments.part if parts else None
    if not arguments.page:
        _tf.make_deterministic(0, threads=1)
        found: dict[str, Any]
        if parts and part:
            found = json.loads(figures.read_text(encoding="utf-8"))
            found[part] = parts[part](arguments.scratch)
        else:
            found = dict(measure(arguments.scratch))
        _files.write_text(figures, json.dumps(found, indent=1) + "\n")
    _files.write_text(page, page_of(json.loads(figures.read_text(encoding="utf-8"))))


def of_way(runs: Sequence[Run], way: Way) -> list[Run]:
    """The runs of one way."""
    return [run for run in runs if run["way"] == way.name]


def name_of(way: str, runs: Sequence[Run]) -> str:
    """A way's name in a table; says so where not every seed was run."""
    return way if len(runs) == len(SEEDS) else f"{way} ({len(runs)} of {len(SEEDS)} seeds)"


def accuracy_cells(runs: Sequence[Run]) -> list[str]:
    """Mean accuracy of the int8 file, and the least and the most."""
    scores = [_PERCENT * run["int8_accuracy"] for run in runs]
    return [f"{mean(scores):.2f} %", f"{min(scores):.2f} to {max(scores):.2f} %"]


def mean_of(runs: Sequence[Run], name: str) -> float:
    """Mean over the seeds of a value of the runs or of their figures."""
    values = [run[name] if name in run else run["figures"][name] for run in runs]
    return float(mean(values))


def float_percent(runs: Sequence[Run]) -> float:
    """Accuracy of the float model that all runs began with."""
    return _PERCENT * float(runs[0]["float_accuracy"])
