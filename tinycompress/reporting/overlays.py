"""Overlays for Model Explorer: data of each node, in files that its "Add per-node data" takes.

One file is one overlay: an object with ``results``, whose keys are names of output tensors and
whose values are ``{"value": number}``, and a ``gradient`` of colours. Source: Model Explorer,
``src/ui/src/components/visualizer/common/types.ts``, `NodeDataProviderGraphData`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from tinycompress.errors import ConfigError
from tinycompress.reporting.subjects import LayerRow, Subject
from tinycompress.reporting.words import clean

_LOW_IS_GOOD = ("#ffffff", "#e8843c")
_HIGH_IS_GOOD = ("#d9534f", "#ffffff")


def overlays(subjects: Sequence[Subject]) -> dict[str, str]:
    """JSON by file name, for each result and each figure that its layers have.

    Raises:
        ConfigError: No result has layers whose tensors are known.
    """
    files: dict[str, str] = {}
    for number, subject in enumerate(subjects):
        prefix = "" if len(subjects) == 1 else f"{number + 1}-{_file_name(subject.label)}-"
        files |= {f"{prefix}{name}.json": text for name, text in _of(subject).items()}
    if not files:
        raise ConfigError(
            "none of the results has layers whose tensors are known: Model Explorer cannot be told"
            " which nodes they are",
            hint="measure again: tinycompress bench DIR -o BUNDLE",
        )
    return files


def _of(subject: Subject) -> dict[str, str]:
    us_per_cycle = _us_per_cycle(subject)
    figures: dict[str, tuple[str, Callable[[LayerRow], float | None], tuple[str, str]]] = {
        "latency": ("latency, µs", lambda one: _times(one.cycles, us_per_cycle), _LOW_IS_GOOD),
        "cycles": ("cycles", lambda one: one.cycles, _LOW_IS_GOOD),
        "instructions": ("instructions", lambda one: one.instructions, _LOW_IS_GOOD),
        "memory": ("arena in use, bytes", lambda one: one.live_bytes, _LOW_IS_GOOD),
        "flash": ("constants in flash, bytes", lambda one: one.constants_bytes, _LOW_IS_GOOD),
        "error": ("signal to noise, dB", lambda one: one.snr_db, _HIGH_IS_GOOD),
    }
    found = {}
    for name, (title, value, colours) in figures.items():
        results = _results(subject.layers, value)
        if results:
            found[name] = _json(f"{clean(subject.label)}: {title}", results, colours)
    return found


def _results(
    layers: Sequence[LayerRow], value: Callable[[LayerRow], float | None]
) -> dict[str, float]:
    known = ((one.output, value(one)) for one in layers if one.output)
    return {name: figure for name, figure in known if figure is not None}


def _json(name: str, results: Mapping[str, float], colours: tuple[str, str]) -> str:
    table = {
        "name": name,
        "results": {key: {"value": value} for key, value in results.items()},
        "gradient": [
            {"stop": stop, "bgColor": colour} for stop, colour in zip((0, 1), colours, strict=True)
        ],
    }
    return json.dumps(table, indent=2) + "\n"


def _us_per_cycle(subject: Subject) -> float | None:
    if subject.board is None or not subject.board.clock_hz:
        return None
    return 1e6 / subject.board.clock_hz


def _times(cycles: int | None, us_per_cycle: float | None) -> float | None:
    return None if cycles is None or us_per_cycle is None else round(cycles * us_per_cycle, 3)


def _file_name(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:40] or "result"
