"""The share of random graphs that takes the product's own road instead of the PC's compiler.

``build``, ELF, emulated board, serial protocol, oracle; see `support.models.road`.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory

from support.fuzz.graphs import GraphMaker, GraphSeed
from support.fuzz.runner import Fuzzer
from support.models.road import AIMS, BOARD_OF_CORE, CHAINS, Verdict, road_verdict
from tinycompress._files import write_bytes
from tinycompress.artifacts import ExactTo, Optimize, ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.errors import TinyCompressError

GRAPHS_IN_A_FILE = 8
"""At most, as a device tells of all its inputs and outputs in one packet."""


@dataclass(frozen=True)
class Place:
    """Where and how a file is built and run."""

    core: str
    toolchain: ToolchainName
    optimize: Optimize

    @property
    def board(self) -> str:
        """Its id."""
        return BOARD_OF_CORE[self.core]


_PLACES = tuple(product(CHAINS, BOARD_OF_CORE))


def place_of(variant: int) -> Place:
    """Twelve variants in a row have every family of cores and both compilers.

    The turn shifts with every dozen, so that 144 of them have each place with every aim, and with
    files that keep state and files that keep none (every third variant).
    """
    chain, core = _PLACES[(variant + variant // len(_PLACES)) % len(_PLACES)]
    return Place(core, chain, AIMS[variant // 4 % len(AIMS)])


def takes_the_road(seed: int, share: float) -> bool:
    """Whether a graph is one of the share: evenly spread, and the same ones every time."""
    return floor((seed + 1) * share) > floor(seed * share)


def split(seeds: Iterable[int], share: float) -> tuple[list[int], list[int]]:
    """Seeds for the PC and seeds for the road."""
    numbers = list(seeds)
    road = [seed for seed in numbers if takes_the_road(seed, share)]
    return [seed for seed in numbers if not takes_the_road(seed, share)], road


class UnjudgedError(TinyCompressError):
    """A file does not fit, is refused or has no oracle; its graphs may, one by one."""


class RoadFuzzer(Fuzzer):
    """Takes graphs over the road, where its tally counts them by place, too."""

    suffix = "-road"

    def __init__(self, failures: Path | None = None) -> None:
        super().__init__(failures)
        self.places: Counter[str] = Counter()
        self._variant = 0

    def run_road(self, numbers: Sequence[int], exact_to: ExactTo) -> None:
        """Graphs of these seeds, a few in a file, each file at the next place."""
        for part in _parts(numbers):
            place, before = place_of(self._variant), self.tally.graphs.total()
            self.run_seeds(part, exact_to, self._variant)
            self.places[f"{place.core} {place.toolchain}"] += self.tally.graphs.total() - before
            self._variant += 1

    def options(self, seed: GraphSeed) -> CodegenOptions:
        """Those of the board."""
        place = place_of(seed.variant)
        board = load_board(place.board)
        return CodegenOptions.for_board(board, exact_to=seed.exact_to, optimize=place.optimize)

    def differing(self, maker: GraphMaker, seed: GraphSeed) -> dict[str, str]:
        """As of a `Fuzzer`; which graph of a file is wrong is not known, so that halves are tried.

        Raises:
            UnjudgedError: The file has several graphs and is wrong, or nothing was compared.
        """
        verdict = self.verdict(maker.tflite(), seed)
        if verdict.outcome == "exact":
            return {}
        labels = set(maker.labels)
        if verdict.outcome != "wrong" or len(labels) > 1:
            raise UnjudgedError(f"{verdict.outcome}: {verdict.detail}")
        return dict.fromkeys(labels, verdict.detail)

    def unjudged(self, error: TinyCompressError) -> str | None:
        """What there is to say of graphs that were not compared."""
        return f"on the road: {error.message[:100]}" if isinstance(error, UnjudgedError) else None

    def verdict(self, tflite: bytes, seed: GraphSeed) -> Verdict:
        """What becomes of a file at the place of its variant."""
        place = place_of(seed.variant)
        with TemporaryDirectory(prefix="tc-fuzz-") as directory:
            model = Path(directory) / "graphs.tflite"
            write_bytes(model, tflite)
            return road_verdict(model, place.board, place.toolchain, seed.exact_to, place.optimize)

    def how_to_repeat(self, seed: GraphSeed, stem: str) -> str:
        """The two commands that anybody can type; the file is kept."""
        place = place_of(seed.variant)
        file = (self.failures or Path("build/fuzz")) / f"{stem}.tflite"
        build = [
            "tinycompress", "build", str(file), "--board", place.board,
            "--toolchain", place.toolchain, "--exact-to", seed.exact_to,
            "--optimize", place.optimize, "-o", str(file.with_suffix("")),
        ]  # fmt: skip
        bench = ["tinycompress", "bench", str(file.with_suffix(""))]
        return f"\n  repeat: {shlex.join(build)} && {shlex.join(bench)}"


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), GRAPHS_IN_A_FILE):
        yield numbers[start : start + GRAPHS_IN_A_FILE]
