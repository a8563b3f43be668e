"""Every model of the collection on the product's own road, as the page docs/corpus.md.

``build``, ELF, emulated board, serial protocol, oracle: on one board of each family of cores, with
both compilers, for both oracles and every ``--optimize`` that generates other C; and the Arduino
sketch and the Zephyr application, compiled with what stands in for them in the tests.

Run by ``make corpus``. Results are kept in ``build/corpus`` by the contents of model and product,
so that an interrupted run goes on. Ends with exit code 1 if anything is wrong, 5 if a tool is
missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from support.cases.kernels import BOTH
from support.models.collection import Collection
from support.models.corpus import FAMILIES, models
from support.models.road import (
    BOARD_OF_CORE,
    CHAINS,
    Verdict,
    aims_that_differ,
    framework_verdict,
    road_verdict,
    tool_versions,
)

from benchmarks.corpus_page import FRAMEWORKS, PLACES, ModelRuns, Run, kernels_run, page_of
from benchmarks.product import commit, digest_of
from tinycompress._files import write_text
from tinycompress.artifacts import FrameworkName
from tinycompress.errors import ToolError

ROOT = Path(__file__).resolve().parents[1]
_KEY_LENGTH = 32
_FRAMEWORKS: Mapping[str, FrameworkName] = {"Arduino": "arduino", "Zephyr": "zephyr"}


@dataclass(frozen=True)
class Task:
    """One model at one place, with all compilers, oracles and aims; ``store`` keeps the result."""

    family: str
    name: str
    model: Path
    place: str
    store: Path

    def stored(self) -> Stored | None:
        """What an earlier run came to, if product and model are the same."""
        return Stored.read(self.store) if self.store.is_file() else None


@dataclass(frozen=True)
class Stored:
    """What became of a model at a place, and the product's commit that made its firmware."""

    model: str
    place: str
    commit: str
    runs: tuple[Run, ...]

    @staticmethod
    def read(path: Path) -> Stored:
        """From a file of the results."""
        found = json.loads(path.read_text(encoding="utf-8"))
        runs = tuple(_run_of(entry) for entry in found["runs"])
        return Stored(found["model"], found["place"], found["commit"], runs)

    def write(self, path: Path) -> None:
        """As a file of the results."""
        write_text(path, json.dumps(asdict(self), indent=1) + "\n")


def main() -> int:
    """Run what is left, and write the page."""
    arguments = _arguments()
    try:
        tools = tool_versions()
    except ToolError as error:
        print(f"error: {error}\nhint:  {error.hint}", file=sys.stderr)
        return error.exit_code
    if not (arguments.data / "models.json").is_file():
        print(f"error: no collection at {arguments.data} (TC_SHARED_DATA)", file=sys.stderr)
        return 2
    tasks = _tasks(arguments, tools)
    _run(tasks, arguments.jobs, arguments.seconds)
    columns = _columns(tasks, arguments.earlier)
    rows, commits = _rows(tasks, columns), _commits(columns)
    everything = arguments.families == FAMILIES and arguments.boards == PLACES
    page = arguments.page or (Path("docs") if everything else arguments.results) / "corpus.md"
    write_text(page, page_of(rows, tools, commits))
    write_text(page.with_suffix(".json"), _json_of(rows, tools, commits))
    wrong = [(row.name, run) for row in rows for run in row.runs if run.outcome == "wrong"]
    for name, run in wrong:
        how = f"{run.toolchain}, {run.exact_to}, {'/'.join(run.optimize)}"
        print(f"WRONG: {name} ({how}): {run.detail}")
    print(f"{page}: {sum(len(list(row.runs)) for row in rows)} runs, {len(wrong)} wrong")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("TC_SHARED_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=default, help="directory of models.json")
    parser.add_argument("--jobs", type=int, default=1, help="models at a time")
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--models", nargs="+", help="names of models, such as tflm/hello_world")
    parser.add_argument("--boards", nargs="+", choices=PLACES, default=PLACES)
    parser.add_argument("--results", type=Path, default=Path("build/corpus"))
    parser.add_argument(
        "--earlier",
        type=Path,
        help="results of an earlier commit, for places that this one has not run whole",
    )
    parser.add_argument(
        "--seconds", type=float, help="start no further model after so long; the page says so"
    )
    parser.add_argument(
        "--page", type=Path, help="where to write it; a part is not written into docs/ by default"
    )
    return parser.parse_args()


def product_digest(tools: Mapping[str, str]) -> str:
    """A digest of all that a result depends on, but for the model."""
    parts = [("tinycompress", "*.py"), ("firmware_templates", "*"), ("boards", "*.toml"),
             ("tests/stand_ins", "*"), ("tests/support/models", "road.py")]  # fmt: skip
    return digest_of(parts, json.dumps(tools, sort_keys=True).encode())


def _tasks(arguments: argparse.Namespace, tools: Mapping[str, str]) -> list[Task]:
    """All models at the first place, then all at the next."""
    collection, product = Collection(arguments.data), product_digest(tools)
    return [
        Task(family, name, file, place, arguments.results / f"{_key(product, file, place)}.json")
        for place in PLACES
        if place in arguments.boards
        for family in FAMILIES
        if family in arguments.families
        for name, entry in models(collection, family)
        for file in [collection.file(entry["file"])]
        if arguments.models is None or name in arguments.models
    ]


def _key(product: str, model: Path, place: str) -> str:
    digest = hashlib.sha256(f"{product}\0{place}\0".encode() + model.read_bytes())
    return digest.hexdigest()[:_KEY_LENGTH]


def _run(tasks: Sequence[Task], jobs: int, seconds: float | None) -> None:
    """Carry out what is not there yet, until the time is up."""
    left = [task for task in tasks if not task.store.is_file()]
    # Small models first: they say most in a run that is cut short.
    left.sort(key=lambda task: (PLACES.index(task.place), task.model.stat().st_size))
    print(f"{len(tasks) - len(left)} of {len(tasks)} are there already", flush=True)
    end = math.inf if seconds is None else time.monotonic() + seconds
    # Emulators and oracles start processes of their own: nothing is forked into the middle of that.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(carry_out, task) for task in left]
        try:
            for number, future in enumerate(as_completed(futures), 1):
                print(f"[{number}/{len(left)}] {future.result()}", flush=True)
                if time.monotonic() > end:
                    print("the time is up: the same command goes on from here", flush=True)
                    break
        except KeyboardInterrupt:
            print("interrupted: the same command goes on from here", file=sys.stderr)
            raise SystemExit(130) from None
        finally:
            pool.shutdown(cancel_futures=True)


def carry_out(task: Task) -> str:
    """Run a model at a place and keep what came of it; a line to print."""
    begun = time.monotonic()
    runs = _framework_runs(task) if task.place in FRAMEWORKS else _board_runs(task)
    Stored(task.name, task.place, commit(), tuple(runs)).write(task.store)
    found = ", ".join(dict.fromkeys(run.outcome for run in runs))
    return f"{task.place} {task.name}: {found} ({time.monotonic() - begun:.0f} s)"


def _framework_runs(task: Task) -> list[Run]:
    verdict = framework_verdict(task.model, _FRAMEWORKS[task.place])
    return [_run_from(verdict, "", "tflm", ("speed",))]


def _board_runs(task: Task) -> list[Run]:
    board, tflite = BOARD_OF_CORE[task.place], task.model.read_bytes()
    return [
        _run_from(road_verdict(task.model, board, chain, exact_to, aim), chain, exact_to, same)
        for exact_to in BOTH
        for aim, same in aims_that_differ(tflite, board, exact_to).items()
        for chain in CHAINS
    ]


def _run_from(verdict: Verdict, chain: str, exact_to: str, same: tuple[str, ...]) -> Run:
    return Run(chain, exact_to, same, verdict.outcome, verdict.detail, verdict.kernels)


def _run_of(entry: dict[str, Any]) -> Run:
    lists = {name: tuple(entry[name]) for name in ("optimize", "kernels")}
    return Run(**{**entry, **lists})


def _columns(tasks: Sequence[Task], earlier: Path | None) -> dict[str, dict[str, Stored]]:
    """All results of each place, by model; of the present commit if it ran the whole place.

    Args:
        tasks: The present ones.
        earlier: Directory of another commit's results; a place is taken from there as a whole.
    """
    known: dict[str, dict[str, Stored]] = {}
    # A page may lie beside the results.
    kept = () if earlier is None else sorted(earlier.glob(f"{'?' * _KEY_LENGTH}.json"))
    for path in kept:
        one = Stored.read(path)
        known.setdefault(one.place, {})[one.model] = one
    columns: dict[str, dict[str, Stored]] = {}
    for place in dict.fromkeys(task.place for task in tasks):
        of_place = [task for task in tasks if task.place == place]
        found = {task.name: stored for task in of_place if (stored := task.stored()) is not None}
        before = known.get(place, {})
        whole = {task.name for task in of_place}
        columns[place] = before if found.keys() < whole <= before.keys() else found
    return columns


def _commits(columns: Mapping[str, Mapping[str, Stored]]) -> dict[str, str]:
    """The commit that made the firmware of each place, of those that have run."""
    return {
        place: ", ".join(sorted({one.commit for one in column.values()}))
        for place, column in columns.items()
        if column
    }


def _rows(tasks: Sequence[Task], columns: Mapping[str, Mapping[str, Stored]]) -> list[ModelRuns]:
    families = {task.name: task.family for task in tasks}
    return [
        ModelRuns(
            family,
            name.removeprefix(f"{family}/"),
            {place: column[name].runs for place, column in columns.items() if name in column},
        )
        for name, family in sorted(families.items(), key=lambda item: FAMILIES.index(item[1]))
    ]


def _json_of(
    rows: Sequence[ModelRuns], tools: Mapping[str, str], commits: Mapping[str, str]
) -> str:
    """Everything that is known, a line for each model at each place."""
    lines = []
    for row in rows:
        for place, runs in row.places.items():
            found = [[run.toolchain, run.exact_to, "/".join(run.optimize), run.outcome, run.detail]
                     for run in runs]  # fmt: skip
            lines.append(json.dumps({"model": f"{row.family}/{row.name}", "place": place,
                                     "runs": found}))  # fmt: skip
    head = {
        "tools": dict(tools),
        "commits": dict(commits),
        "boards": BOARD_OF_CORE,
        "columns_of_runs": ["toolchain", "exact_to", "optimize", "outcome", "detail"],
        "kernels": dict(sorted(kernels_run(rows).items())),
    }
    return json.dumps(head, indent=1)[:-2] + ',\n "models": [\n' + ",\n".join(lines) + "\n]}\n"


if __name__ == "__main__":
    sys.exit(main())
