"""How many times smaller and faster a stage's result is than the model before: alpha and delta.

The compression rate alpha is what the model took over what it takes now, the speed-up delta the
same of time (Cheng et al., A Survey of Model Compression and Acceleration, 2018). Both are told
first against the float32 model, then against its plain int8 file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tinycompress.compression.run.result import StageRow

_FLOAT32_BYTES = 4


@dataclass(frozen=True)
class Rates:
    """Above 1 is smaller or faster; None where no board was named, or one file does not fit.

    Attributes:
        parameters: All parameters of the model before over those that are not zero now.
        float32_bytes: Four bytes for each parameter of the model before, over the weights, biases
            and tables in flash now.
        int8_weights_bytes: Weights, biases and tables in flash of the plain integer file over those
            of this one.
        int8_flash_bytes: The same of the whole firmware.
        speed_up: Modelled cycles of the plain integer file over those of this one.
    """

    parameters: float
    float32_bytes: float | None = None
    int8_weights_bytes: float | None = None
    int8_flash_bytes: float | None = None
    speed_up: float | None = None


def rates(first: StageRow, row: StageRow) -> Rates:
    """Of a row against the one before all stages."""

    def against_int8(name: str) -> float | None:
        return _over(first.figures.get(name), row.figures.get(name))

    return Rates(
        parameters=first.parameters / max(row.nonzero_parameters, 1),
        float32_bytes=_over(_FLOAT32_BYTES * first.parameters, row.figures.get("weights_bytes")),
        int8_weights_bytes=against_int8("weights_bytes"),
        int8_flash_bytes=against_int8("flash_bytes"),
        speed_up=against_int8("latency_us"),
    )


def rows_with_rates(rows: Sequence[StageRow]) -> list[dict[str, Any]]:
    """All rows as plain values, each with its rates."""
    return [{**row.to_json(), "rates": _plain(rates(rows[0], row))} for row in rows]


def _plain(found: Rates) -> Mapping[str, float | None]:
    return {
        name: None if value is None else round(value, 4) for name, value in asdict(found).items()
    }


def _over(before: float | None, now: float | None) -> float | None:
    return None if not before or not now else before / now
