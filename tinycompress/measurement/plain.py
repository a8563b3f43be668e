"""Facts about firmware as plain values, as the JSON of ``build`` and ``bench`` has them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tinycompress.artifacts import FlashSizes, LayerInfo, RamSizes, Spread, WeightsInfo


def flash_json(flash: FlashSizes) -> dict[str, int]:
    """What firmware takes of flash, part by part."""
    return {**asdict(flash), "total_bytes": flash.total_bytes}


def linked_ram_json(ram: RamSizes) -> dict[str, int]:
    """What firmware takes of RAM as it is linked: nothing has run and used any yet."""
    return {
        "arena_bytes": ram.arena_bytes,
        "static_bytes": ram.static_bytes,
        "stack_reserved_bytes": ram.stack_reserved_bytes,
        "reserved_bytes": ram.reserved_bytes,
    }


def layer_json(layer: LayerInfo) -> dict[str, Any]:
    """One operator that runs on the device."""
    return {
        "name": layer.name,
        "op": layer.op,
        "macs": layer.macs,
        "kernel": layer.kernel,
        "constants_bytes": layer.constants_bytes,
        "weights": _weights_json(layer.weights),
    }


def _weights_json(weights: WeightsInfo | None) -> dict[str, object] | None:
    """How a layer's weights are encoded; None where they lie in flash as they are."""
    if weights is None:
        return None
    return {
        "encoding": weights.encoding,
        "detail": weights.detail,
        "bits_per_weight": round(weights.bits_per_weight, 3),
        "encoded_bytes": weights.encoded_bytes,
        "int8_bytes": weights.int8_bytes,
    }


def number(value: float) -> int | float:
    """A value as JSON has it: whole numbers without a point."""
    return int(value) if float(value).is_integer() else value


def spread_json(spread: Spread | None) -> dict[str, Any] | None:
    """A spread; None stays so."""
    if spread is None:
        return None
    return {
        "median": number(spread.median),
        "min": number(spread.min),
        "max": number(spread.max),
        "obtained": spread.obtained,
    }


def count_text(value: float | None) -> str:
    """A number for people, with one digit behind the point if it is not whole."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"
