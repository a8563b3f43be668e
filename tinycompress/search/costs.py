"""What candidates cost on the board, measured once for each content and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tinycompress._files import write_text
from tinycompress._version import __version__
from tinycompress.artifacts import ExactTo, LayerCost, Optimize
from tinycompress.boards import Board
from tinycompress.deploy.deployment import deploy_by_layer
from tinycompress.errors import DoesNotFitError, ToolError

_US_PER_S = 1e6
Figures = Mapping[str, float]
"""Measured figures, by the names of `deploy.Deployment`."""


@dataclass(frozen=True)
class Cost:
    """What one firmware takes, and what each layer of it.

    ``figures`` of one that cannot even be linked hold ``fits`` = 0 alone, and ``problem`` says why.
    """

    figures: Figures
    layers: tuple[LayerCost, ...] = ()
    problem: str = ""

    def sum_error(self) -> float | None:
        """By what share the layers' cycles, added up, miss the whole; None if not measured."""
        whole = self.figures.get("cycles")
        cycles = [one.cycles for one in self.layers if one.cycles is not None]
        if not whole or not cycles or len(cycles) < len(self.layers):
            return None
        return sum(cycles) / whole - 1.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "figures": dict(self.figures),
            "layers": [asdict(one) for one in self.layers],
            "problem": self.problem,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Cost:
        """The inverse of :meth:`to_json`."""
        layers = tuple(LayerCost(**one) for one in value["layers"])
        return Cost(value["figures"], layers, value["problem"])


Measure = Callable[[bytes, Optimize], Cost]
"""Builds an integer file for a board and runs it."""


def measure_on(board: Board, exact_to: ExactTo) -> Measure:
    """Measure on the emulated board."""

    def measure(tflite: bytes, optimize: Optimize) -> Cost:
        try:
            whole, layers = deploy_by_layer(tflite, board, exact_to=exact_to, optimize=optimize)
        except DoesNotFitError as error:
            return Cost({"fits": 0.0}, problem=error.message)
        figures = {name: float(value) for name, value in whole.figures().items()}
        if whole.latency_us is not None:
            figures["cycles"] = whole.latency_us * board.cpu.clock_hz / _US_PER_S
        return Cost(figures, layers)

    return measure


class CostTable:
    """Costs by content: a file for each in a directory, so that nothing is measured twice.

    Args:
        directory: Where they are kept.
        place: What the figures are of besides the file: the board and whose arithmetic.
        measure: Measures what is not there.
    """

    def __init__(self, directory: Path, place: str, measure: Measure) -> None:
        self._directory = directory
        self._place = place
        self._measure = measure

    def of_file(self, tflite: bytes, optimize: Optimize) -> Cost:
        """The cost of an integer file.

        Raises:
            TinyCompressError: As `deploy.deployment.deploy`, but for what does not fit.
        """
        content = hashlib.sha256(tflite).hexdigest()
        return self._kept(f"{content}|{optimize}", lambda: self._measure(tflite, optimize))

    def of_draft(self, key: str, optimize: Optimize, make: Callable[[], bytes]) -> Cost:
        """The cost of what is not trained yet, which is made only if need be.

        Args:
            key: Equal where what is made is.
            optimize: What the firmware is built for.
            make: Makes the integer file.
        """
        return self._kept(f"draft|{key}|{optimize}", lambda: self.of_file(make(), optimize))

    def _kept(self, key: str, measure: Callable[[], Cost]) -> Cost:
        digest = hashlib.sha256(f"{__version__}|{self._place}|{key}".encode()).hexdigest()
        path = self._directory / f"{digest[:32]}.json"
        try:
            return Cost.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        cost = measure()
        write_text(path, json.dumps(cost.to_json()) + "\n")
        return cost


def require_timed(cost: Cost, board: Board) -> None:
    """Refuse a board whose emulation tells no time, where time is what counts.

    Raises:
        ToolError: It tells none.
    """
    if cost.figures.get("fits") and "latency_us" not in cost.figures:
        raise ToolError(
            f"nothing tells the time on the emulated {board.name}",
            hint="search without --latency, or for another board",
        )
