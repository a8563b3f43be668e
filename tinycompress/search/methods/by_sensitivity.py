"""Method ``sensitivity``: bits of each layer by an integer programme over measured sensitivities.

After Cai et al., ZeroQ: A Novel Zero Shot Quantization Framework, 2020 (the KL divergence that a
layer causes alone), Dong et al., HAWQ-V2, 2020 (the trace of the Hessian) and Yao et al., HAWQ-V3,
2021 (the integer programme). For a number of bits a weight, the programme says how many values each
layer's weights share, so that the sum of what the layers lose is least. What such a network is
worth is then measured: trained, on the board. The number is halved in between until the fewest bits
are found with which accuracy keeps its limit, or the most with which flash does: by divergence
first, then by the Hessian, where there are labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinycompress.compression.sensitivity import SensitivityTable
from tinycompress.compression.sensitivity.bits import Measure
from tinycompress.deploy.budgets import AT_LEAST, SCORES
from tinycompress.errors import ConfigError
from tinycompress.search.compression_space import starting_points
from tinycompress.search.costs import Figures
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import ACCURACY, Goal
from tinycompress.search.methods.planned import Point, Tried, key_of
from tinycompress.search.sensitive import clusters_within, fewest_bits

_INT8_BITS = 8.0
_CLOSE_BITS = 0.25
"""Two networks whose bits a weight differ by less are not told apart further."""


@dataclass(frozen=True)
class BySensitivity:
    """The plan.

    Attributes:
        dimensions: The space; its clusters are what is chosen.
        goal: What the search is for.
        table: Sensitivities of the layers to these choices.
    """

    dimensions: tuple[Dimension, ...]
    goal: Goal
    table: SensitivityTable | None

    def __post_init__(self) -> None:
        if self.table is None or fewest_bits(self.dimensions) is None:
            raise ConfigError(
                "the method sensitivity chooses bits of weights, and no layer of this space has a"
                " choice",
                hint="bits save flash: say --flash or --minimize flash",
            )

    def __call__(self, history: Sequence[Tried]) -> Point | None:
        """What comes next."""
        known = {key_of(one.point): one.figures for one in history}
        start = starting_points(self.dimensions)[0]
        if key_of(start) not in known:
            return start
        for measure in self._measures():
            for point in self._halved(start, measure, known):
                if key_of(point) not in known:
                    return point
        return None

    def _measures(self) -> tuple[Measure, ...]:
        assert self.table is not None
        traced = all(layer.hessian_trace is not None for layer in self.table.layers)
        return ("kl", "hessian") if traced else ("kl",)

    def _halved(self, start: Point, measure: Measure, known: dict[str, Figures]) -> Iterator[Point]:
        """The points of a search by halves, as far as what is known of them says the way."""
        assert self.table is not None
        low, high = fewest_bits(self.dimensions) or _INT8_BITS, _INT8_BITS
        while high - low > _CLOSE_BITS:
            middle = (low + high) / 2
            chosen = clusters_within(self.dimensions, self.table, middle, measure)
            point = {**start, **chosen}
            yield point
            if self._bears_less(known[key_of(point)]):
                high = middle
            else:
                low = middle

    def _bears_less(self, figures: Figures) -> bool:
        """Whether fewer bits are to be tried after such a candidate."""
        excess = self.goal.budgets.excess(figures)
        if any(share > 0 for name, share in excess.items() if name not in SCORES):
            return True
        # A candidate that failed has no accuracy: more bits are the safer way.
        kept = all(excess.get(name, 0.0) <= 0 for name in SCORES)
        accurate = AT_LEAST in figures and kept
        return accurate and self.goal.objectives[0] != ACCURACY
