"""How each operator gets into a random graph: odd shapes, every option, scales of all sizes."""

from __future__ import annotations

from fuzz_elementwise import ELEMENTWISE
from fuzz_graphs import Emitter
from fuzz_images import IMAGES
from fuzz_movement import MOVEMENT
from fuzz_state import STATE
from fuzz_types import TYPES
from fuzz_weighted import WEIGHTED
from fuzz_wide import WIDE_EMITTERS

STATELESS: dict[str, Emitter] = {
    **ELEMENTWISE,
    **IMAGES,
    **MOVEMENT,
    **TYPES,
    **WEIGHTED,
    **WIDE_EMITTERS,
}
ALL: dict[str, Emitter] = {**STATELESS, **STATE}
"""By what they add: one operator, or several that belong together."""
