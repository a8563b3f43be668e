"""How each operator gets into a random graph: odd shapes, every option, scales of all sizes."""

from __future__ import annotations

from support.fuzz.elementwise import ELEMENTWISE
from support.fuzz.few_values import FEW_VALUES
from support.fuzz.graphs import Emitter
from support.fuzz.images import IMAGES
from support.fuzz.movement import MOVEMENT
from support.fuzz.signal import SIGNAL, SIGNAL_STATE
from support.fuzz.state import STATE as VARIABLES
from support.fuzz.types import TYPES
from support.fuzz.weighted import WEIGHTED
from support.fuzz.wide import WIDE_EMITTERS

STATELESS: dict[str, Emitter] = {
    **ELEMENTWISE,
    **FEW_VALUES,
    **IMAGES,
    **MOVEMENT,
    **SIGNAL,
    **TYPES,
    **WEIGHTED,
    **WIDE_EMITTERS,
}
STATE: dict[str, Emitter] = {**VARIABLES, **SIGNAL_STATE}
ALL: dict[str, Emitter] = {**STATELESS, **STATE}
"""By what they add: one operator, or several that belong together."""
