"""The stages of a cascade: models in one file that run in order, each where its gate lets it.

A file says so in an entry of its metadata, ``tinycompress.cascade``, as JSON. Runtimes that do not
know the entry run all stages. docs/cascades.md has what gates and stages mean.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from tinycompress.errors import ModelError

CASCADE_METADATA = "tinycompress.cascade"
MOST_STAGES = 8
"""As many as the serial protocol chooses from in one byte."""

GateKind = Literal["class", "unsure", "change"]
Otherwise = Literal["zero", "last"] | int


_NO_OTHER_KEYS = {"extra": "forbid"}


@dataclass(frozen=True)
class Gate:
    """When a stage runs.

    Args:
        kind: ``class``: a score of ``classes`` is ``limit`` or more. ``unsure``: the greatest score
            is below ``limit``. ``change``: the sum of what the elements of an input differ from
            those of the last time that the stage ran is ``limit`` or more, or it never ran.
        port: Number of the output of the whole model that has the scores, of a stage before; of
            ``change`` number of the input, one of the stage's own.
        limit: In stored units.
        classes: For ``class`` alone.
    """

    __pydantic_config__ = _NO_OTHER_KEYS

    kind: GateKind
    port: int
    limit: int
    classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One model of a cascade.

    Args:
        name: An identifier, unlike those of the other stages.
        calls: Numbers of the CALL_ONCE operators, before all stages, that set its state.
        begin: Number of its first operator in the main subgraph.
        end: One behind its last.
        inputs: Numbers of its inputs among those of the whole model, in its own order.
        outputs: The same of its outputs.
        gate: None runs it always.
        otherwise: What its outputs are where it does not run: ``zero`` (real value), the ``last``
            that it gave, or a class, whose score is then the greatest value and all others the
            least.
        resets_state: Whether its state is reset before it runs.
    """

    __pydantic_config__ = _NO_OTHER_KEYS

    name: str
    calls: tuple[int, ...]
    begin: int
    end: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    gate: Gate | None = None
    otherwise: Otherwise = "zero"
    resets_state: bool = False


@dataclass(frozen=True)
class _Entry:
    __pydantic_config__ = _NO_OTHER_KEYS

    version: Literal[1]
    stages: tuple[Stage, ...]


def stages_text(stages: tuple[Stage, ...]) -> bytes:
    """What the metadata say."""
    return json.dumps(asdict(_Entry(1, stages)), sort_keys=True, separators=(",", ":")).encode()


def read_stages(text: bytes) -> tuple[Stage, ...]:
    """The stages that metadata tell; `models.check_stages` holds them against the graph.

    Raises:
        ModelError: The text is no such entry.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(_Entry).validate_json(text, strict=True).stages
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise ModelError(
            f"the metadata {CASCADE_METADATA!r} cannot be read: {where}: {first['msg']}",
            hint="a newer tinycompress may have written the file: pip install --upgrade"
            " tinycompress-mcu; or make it again from its cascade file",
        ) from error
