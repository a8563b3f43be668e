"""What a training can be told of its scheme."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tinycompress.compression.options import Options

SchemeName = Literal["once", "mutual", "born_again", "refinery", "assistant", "data_free"]

KEYS: Mapping[SchemeName, frozenset[str]] = MappingProxyType(
    {
        "once": frozenset(),
        "mutual": frozenset({"peers"}),
        "born_again": frozenset({"generations", "ensemble"}),
        "refinery": frozenset({"generations"}),
        "assistant": frozenset(),
        "data_free": frozenset({"generator_steps", "samples"}),
    }
)
"""By scheme, the keys of `SchemeOptions` that it reads, besides ``scheme`` and ``fresh``."""


class SchemeOptions(Options):
    """Who teaches whom.

    ``scheme``: ``once`` is one training of the network, by its teachers if ``distill`` says so.
    ``fresh``: the training begins with weights drawn by the seed, not with those that there are.
    ``generations``: how many networks one after the other are born again, or refine labels.
    ``ensemble``: one network more, which all generations teach together.
    ``peers``: how many networks learn from each other; the first one is kept.
    ``generator_steps`` and ``samples``: how long a generator learns, and how many samples it makes.
    """

    scheme: SchemeName = "once"
    fresh: bool = False
    generations: Annotated[int, Field(ge=1, le=20)] = 2
    ensemble: bool = False
    peers: Annotated[int, Field(ge=2, le=8)] = 2
    generator_steps: Annotated[int, Field(ge=1, le=100_000)] = 500
    samples: Annotated[int, Field(ge=64, le=1_000_000)] = 2048

    @model_validator(mode="after")
    def _keys_of_the_scheme(self) -> SchemeOptions:
        every = frozenset().union(*KEYS.values())
        for key in sorted(every - KEYS[self.scheme]):
            # What a recipe says that was written out in full is no wish.
            if getattr(self, key) == type(self).model_fields[key].default:
                continue
            readers = [name for name, keys in KEYS.items() if key in keys]
            raise ValueError(f"{key} goes with scheme = {' or '.join(map(repr, readers))}")
        return self
