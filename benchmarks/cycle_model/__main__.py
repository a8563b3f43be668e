"""Hold the cycle model against published figures: docs/virtual-boards.md has the table.

    make cycle-model COREMARK_DIR=DIRECTORY [DHRYSTONE_DIR=DIRECTORY]

Both are upstream checkouts of whoever runs this. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from benchmarks.cycle_model.boards import Run, build, run
from benchmarks.cycle_model.programs import COREMARK, DHRYSTONE, Program
from benchmarks.cycle_model.published import BOARDS, PUBLISHED, ProgramName, Published
from benchmarks.performance_page import table
from tinycompress.boards import load_board
from tinycompress.errors import TinyCompressError

_PROGRAMS: Mapping[ProgramName, Program] = {"CoreMark": COREMARK, "Dhrystone": DHRYSTONE}
_TEXTS = ("core", "unit", "built by", "published for")
_NUMBERS = ("cycles each", "modelled", "published", "off")


@cache
def modelled(program: Program, checkout: Path, core: str, level: str) -> Run:
    """What a program takes on the virtual board of a core."""
    board = load_board(BOARDS[core])
    with tempfile.TemporaryDirectory(prefix="tinycompress-cycles-") as directory:
        elf = build(program, checkout, board, tuple(level.split()), Path(directory))
        return run(program, board, elf)


def row(published: Published, checkout: Path) -> tuple[str, ...]:
    """One figure beside ours."""
    program = _PROGRAMS[published.program]
    ours = modelled(program, checkout, published.core, published.level)
    score = program.score(ours.iterations, ours.cycles)
    return (
        published.core.replace("cortex-m", "M").replace("plus", "+"),
        program.unit,
        f"gcc {published.level}",
        published.by,
        f"{ours.cycles / ours.iterations:,.0f}",
        f"{score:.2f}",
        f"{published.per_mhz:.2f}",
        f"{score / published.per_mhz - 1:+.0%}",
    )


def rows(checkouts: Mapping[ProgramName, Path | None]) -> Iterator[tuple[str, ...]]:
    """The figures of the programs that there are checkouts of; those of gcc come first."""
    for published in sorted(PUBLISHED, key=lambda each: each.other_compiler):
        checkout = checkouts[published.program]
        if checkout is not None:
            yield row(published, checkout)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--coremark", type=Path, help="checkout of github.com/eembc/coremark")
    parser.add_argument("--dhrystone", type=Path, help="directory of Dhrystone 2.1's dhry_1.c")
    arguments = parser.parse_args()
    if arguments.coremark is None and arguments.dhrystone is None:
        parser.error("give --coremark, --dhrystone or both (make: COREMARK_DIR=, DHRYSTONE_DIR=)")
    checkouts: Mapping[ProgramName, Path | None] = {
        "CoreMark": arguments.coremark,
        "Dhrystone": arguments.dhrystone,
    }
    try:
        print(table((*_TEXTS, *_NUMBERS), rows(checkouts), len(_TEXTS)))
    except TinyCompressError as error:
        sys.exit(f"error: {error.message}")


if __name__ == "__main__":
    main()
