"""The page docs/corpus.md: one row for each model, one column for each family of cores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from support.cases.kernels import BOTH
from support.models.road import BOARD_OF_CORE, CHAINS, OUTCOMES, Outcome

CORES = tuple(BOARD_OF_CORE)
FRAMEWORKS = ("Arduino", "Zephyr")
PLACES = (*CORES, *FRAMEWORKS)
"""The columns: families of cores, then frameworks."""

NOT_RUN = "not run"

_HEAD = """# The collection: exact, refused, too large or wrong

Written by `make corpus`; do not edit. Every model of the collection of real `.tflite` files goes
the road of every user's model: `tinycompress build`, the ELF on the emulated board, the serial
protocol, all output bytes against the oracle's (`tinycompress bench`: 5 random inputs, or one
stream of 50 for a model that keeps state). Nothing on this page comes from elsewhere; corpus.json
beside it has every run. The firmware was made by {commits}.

A cell of a core says what became of all firmware of the model there: {chains} compilers ({names}),
both oracles, and each `--optimize` whose C differs from that of the others.

- **exact ×8**: 8 different firmware images were built and run, and every output byte was the
  oracle's. An oracle in parentheses: so for it alone.
- **refused**: before anything is built, with every reason; the last column has the first one.
- **does not fit**: flash or RAM of that board.
- **no oracle**: built, but the runtime itself does not run the file.
- **wrong**: output bytes that differ, C that does not compile, a device that stops.
- **not run**: this page was written before the run had come there.

The boards: {boards}.
The M55 is run by QEMU, the others by tinycompress's own emulator (docs/virtual-boards.md); no
silicon is on this page. **Arduino** and **Zephyr** are compile checks
alone, of the sketch and the application for the Nano 33 BLE, and not by the real frameworks: the
stand-ins of tests/stand_ins have the declarations that these projects use, an `arduino-cli` that
compiles with arm-none-eabi-gcc under the flags of the board's core, and a Zephyr that compiles for
the PC. No Arduino core and no Zephyr was used.
"""

_KERNELS = """
## Kernels

{count} kernels are in firmware that was exact here, each with the number of its images:
"""


@dataclass(frozen=True)
class Run:
    """What became of one model at one place, for one compiler and oracle.

    ``optimize`` are all aims that generate the C that was run; the first one was asked for.
    """

    toolchain: str
    exact_to: str
    optimize: tuple[str, ...]
    outcome: Outcome
    detail: str = ""
    kernels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelRuns:
    """A model's row: its runs by place; a place that has not been run yet is not in it."""

    family: str
    name: str
    places: Mapping[str, tuple[Run, ...]]

    def outcomes(self, exact_to: str) -> set[str]:
        """Everything that became of it on boards, for one oracle."""
        return {
            run.outcome
            for place in CORES
            for run in self.places.get(place, ())
            if run.exact_to == exact_to
        }

    @property
    def runs(self) -> Iterator[Run]:
        """All runs of all places."""
        for runs in self.places.values():
            yield from runs


def page_of(rows: Sequence[ModelRuns], tools: Mapping[str, str], commits: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        rows: Every model, run or not.
        tools: Versions of the tools by name.
        commits: Of the product that made the firmware, by place.
    """
    boards = ", ".join(f"{core} {board}" for core, board in BOARD_OF_CORE.items())
    names = " and ".join(f"{chain} {tools[chain]}" for chain in CHAINS)
    parts = [
        _HEAD.format(chains=len(CHAINS), names=names, boards=boards, commits=_told(commits)),
        _summary(rows),
    ]
    for family in dict.fromkeys(row.family for row in rows):
        parts.append(_family(family, [row for row in rows if row.family == family]))
    kernels = sorted(kernels_run(rows).items())
    parts.append(_KERNELS.format(count=len(kernels)))
    parts.append(", ".join(f"`{name}` {count:,}" for name, count in kernels) + ".\n")
    return "".join(parts)


def _told(commits: Mapping[str, str]) -> str:
    places: dict[str, list[str]] = {}
    for place, commit in commits.items():
        places.setdefault(commit, []).append(place)
    if len(places) == 1:
        return f"commit {next(iter(places))}"
    return " and ".join(f"commit {one} ({', '.join(where)})" for one, where in places.items())


def _summary(rows: Sequence[ModelRuns]) -> str:
    heads = ["models", *(f"exact to {name}" for name in BOTH), "refused", "fits no board",
             "wrong", "firmware run"]  # fmt: skip
    lines = [f"\n| family | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}\n"]
    families = dict.fromkeys(row.family for row in rows)
    for family in families:
        lines.append(_total(family, [row for row in rows if row.family == family]))
    lines.append(_total("**all**", rows))
    lines.append(
        "\n*exact*: on at least one board and nowhere wrong; *refused*: for both oracles.\n"
    )
    missing = sum(place not in row.places for row in rows for place in PLACES)
    if missing:
        whole = len(rows) * len(PLACES)
        lines.append(f"\n**{missing} of {whole} cells have not been run yet.**\n")
    return "".join(lines)


def _total(family: str, rows: Sequence[ModelRuns]) -> str:
    exact = [
        sum("exact" in found and "wrong" not in found for found in _found(rows, name))
        for name in BOTH
    ]
    all_found = [set().union(*(row.outcomes(name) for name in BOTH)) for row in rows]
    numbers = [
        len(rows),
        *exact,
        sum(found == {"refused"} for found in all_found),
        sum("does not fit" in found and "exact" not in found for found in all_found),
        sum(any(run.outcome == "wrong" for run in row.runs) for row in rows),
        sum(run.outcome in ("exact", "wrong") and bool(run.toolchain)
            for row in rows for run in row.runs),
    ]  # fmt: skip
    return f"| {family} | {' | '.join(f'{number:,}' for number in numbers)} |\n"


def _found(rows: Iterable[ModelRuns], exact_to: str) -> list[set[str]]:
    return [row.outcomes(exact_to) for row in rows]


def _family(family: str, rows: Sequence[ModelRuns]) -> str:
    head = f"\n## {family}\n\n| model | {' | '.join(PLACES)} | why |\n"
    lines = [head, f"|---|{'---|' * (len(PLACES) + 1)}\n"]
    for row in rows:
        cells = [cell(row.places.get(place)) for place in PLACES]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {why(row)} |\n")
    return "".join(lines)


def cell(runs: Sequence[Run] | None) -> str:
    """What became of a model at a place, in a few words."""
    if not runs:
        return NOT_RUN
    oracles = {run.exact_to for run in runs}
    parts = []
    for outcome in OUTCOMES:
        those = [run for run in runs if run.outcome == outcome]
        if not those:
            continue
        text = f"exact ×{len(those)}" if outcome == "exact" else outcome
        where = {run.exact_to for run in those}
        of = "" if where == oracles else f" ({', '.join(sorted(where))})"
        parts.append(f"**{text}**{of}" if outcome == "wrong" else text + of)
    return ", ".join(parts)


def why(row: ModelRuns) -> str:
    """Every reason why a cell is not exact, once, with the places and oracles that it is of."""
    found: dict[str, list[tuple[str, str]]] = {}
    for place, runs in row.places.items():
        for run in runs:
            if run.detail:
                found.setdefault(_short(run.detail), []).append((place, run.exact_to))
    return "; ".join(_where(row, of) + text.replace("|", "\\|") for text, of in found.items())


def _where(row: ModelRuns, of: Sequence[tuple[str, str]]) -> str:
    places = list(dict.fromkeys(place for place, _ in of))
    oracles = {exact_to for _, exact_to in of}
    cores = [place for place in row.places if place in CORES]
    words = [] if set(cores) <= set(places) else [", ".join(places)]
    if len(oracles) < len(BOTH) and set(places) & set(CORES):
        words.append(*oracles)
    return f"{' '.join(words)}: " if words else ""


def _short(detail: str) -> str:
    """The first line of what is said; docs/corpus.json has all of it."""
    return detail.splitlines()[0]


def kernels_run(rows: Iterable[ModelRuns]) -> Counter[str]:
    """How many firmware images of the collection were exact with each kernel."""
    return Counter(
        kernel
        for row in rows
        for run in row.runs
        if run.outcome == "exact"
        for kernel in run.kernels
    )
