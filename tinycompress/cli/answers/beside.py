"""How integer models of one float model look beside each other: one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tinycompress._console import results_console
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.cli.answers.inspect import comparison_json, ratio
from tinycompress.cli.options import print_json
from tinycompress.pipeline import Beside, Candidate, Comparison
from tinycompress.quality.judging import score_text
from tinycompress.quality.plain import ratio_text

Figures = Mapping[str, int | float]
"""What a model costs on a board; empty where none was named or the engine refuses the model."""

_COSTS = (
    ("flash_bytes", "flash, bytes"),
    ("ram_bytes", "RAM used, bytes"),
    ("ram_reserved_bytes", "RAM reserved, bytes"),
    ("instructions", "instructions"),
    ("latency_us", "latency, us (modelled)"),
)


def show_beside(beside: Beside, by_file: Mapping[Path, Figures], *, as_json: bool) -> None:
    """Show candidates beside each other; ``by_file`` says what each costs, if anybody asked."""
    costs = [by_file.get(candidate.inspection.path, {}) for candidate in beside.candidates]
    if as_json:
        print_json(beside_json(beside, costs))
    else:
        print_beside(beside, costs)


def beside_json(beside: Beside, costs: Sequence[Figures]) -> dict[str, Any]:
    """Every model with its layers, what it is worth and what it costs."""
    return {
        "schema": "tinycompress.inspect_beside",
        "schema_version": 1,
        "float_model": str(beside.float_path),
        "float_accuracy": beside.float_accuracy,
        "accuracy_samples": beside.accuracy_samples,
        "models": [
            {
                **_without_schema(comparison_json(candidate.comparison)),
                "accuracy": candidate.accuracy,
                "tflite_bytes": candidate.inspection.tflite_bytes,
                "refused": list(candidate.inspection.refused),
                "arena_bytes": candidate.inspection.arena_bytes,
                "weights_bytes": candidate.inspection.weights_bytes,
                "board": dict(cost) or None,
            }
            for candidate, cost in zip(beside.candidates, costs, strict=True)
        ],
    }


def _without_schema(value: dict[str, Any]) -> dict[str, Any]:
    kept = {key: part for key, part in value.items() if not key.startswith("schema")}
    return {"model": kept.pop("int8_model"), **kept}


def print_beside(beside: Beside, costs: Sequence[Figures]) -> None:
    """A row an operator with each model's signal-to-noise ratio, then accuracy and costs."""
    candidates = beside.candidates
    columns = (
        Column("op", least=12), Column("layer", least=16), Column("output", least=8, drop=1),
        *(Column(name, right=True, least=8) for name in ("float", *_names(candidates))),
    )  # fmt: skip
    found = [candidate.layers() for candidate in candidates]
    rows = []
    for key in beside.operators():
        layers = [layers.get(key) for layers in found]
        shape = next("x".join(map(str, layer.shape)) for layer in layers if layer is not None)
        rows.append((*key[:2], shape, "", *("" if one is None else ratio(one) for one in layers)))
    totals = [("", title, "", *cells) for title, *cells in _rows(beside, costs)]
    title = (
        f"{beside.float_path}: signal-to-noise ratio in dB layer by layer, at most"
        f" {candidates[0].comparison.samples} samples"
    )
    console = results_console()
    print_fitted(console, title, columns, rows, totals=totals)
    for name, candidate in zip(_names(candidates), candidates, strict=True):
        for reason in candidate.inspection.refused:
            console.print(f"{name}: refused: {reason}", markup=False, soft_wrap=True)


def _names(candidates: Sequence[Candidate]) -> list[str]:
    """Their types, or where these are alike their files."""
    types = [candidate.activations for candidate in candidates]
    if len(set(types)) == len(types):
        return types
    return [str(candidate.inspection.path) for candidate in candidates]


def _rows(beside: Beside, costs: Sequence[Figures]) -> list[list[str]]:
    rows = list(_scores(beside))
    found = [candidate.inspection for candidate in beside.candidates]
    rows.append([".tflite, bytes", "", *(f"{one.tflite_bytes:,}" for one in found)])
    rows.append(["weights, bytes", "", *(_count(one.weights_bytes) for one in found)])
    rows.append(["arena, bytes", "", *(_count(one.arena_bytes) for one in found)])
    if any(costs):
        rows += [[title, "", *(_count(cost.get(name)) for cost in costs)] for name, title in _COSTS]
        fits = [{1: "yes", 0: "NO"}.get(int(cost.get("fits", -1)), "-") for cost in costs]
        rows.append(["fits the board", "", *fits])
    return rows


def _scores(beside: Beside) -> Iterator[list[str]]:
    """A row for every output with labels, then one for every output's signal-to-noise ratio."""
    found = [candidate.comparison for candidate in beside.candidates]
    several = len(found[0].agreement) > 1
    for one in beside.float_quality:
        where = f" {one.index}" if several else ""
        scores = [_score(each, one.index) for each in found]
        title = f"{one.score_name}{where} of {beside.accuracy_samples} samples"
        yield [title, score_text(one, one.float_score), *scores]
    for index, first in enumerate(found[0].agreement):
        ratios = [
            each.agreement[index].snr_db if index < len(each.agreement) else None for each in found
        ]
        title = f"output{f' {index}' if several else ''}, dB of {first.samples} samples"
        yield [title, "", *("-" if ratio is None else ratio_text(ratio) for ratio in ratios)]


def _score(comparison: Comparison, index: int) -> str:
    found = (one for one in comparison.quality if one.index == index)
    return next((score_text(one, one.score) for one in found), "-")


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
