"""The report of a run: the effective recipe, what it was run with, and a row per stage."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tinycompress._sealed import sealed
from tinycompress._version import __version__
from tinycompress.compression.run.rates import rows_with_rates
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.result import StageRow

_PACKAGES = (
    "tensorflow", "keras", "tf_keras", "tensorflow-model-optimization", "numpy", "tflite-micro",
    "ai-edge-litert",
)  # fmt: skip


def report(recipe: Recipe, rows: tuple[StageRow, ...]) -> dict[str, Any]:
    """What ``report.json`` holds, schema ``tinycompress.compress.report``."""
    return sealed(
        {
            "schema": "tinycompress.compress.report",
            "schema_version": 1,
            "tinycompress": __version__,
            "versions": versions(),
            "recipe": recipe.model_dump(mode="json", by_alias=True),
            "rows": rows_with_rates(rows),
        }
    )


def versions() -> dict[str, str]:
    """Versions of everything whose arithmetic the weights went through; what is not there: none."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
