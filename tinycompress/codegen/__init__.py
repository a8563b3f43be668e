"""The AOT engine: an immutable graph becomes C by passes, a memory plan and a choice of kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Model

if TYPE_CHECKING:
    from tinycompress.codegen.choosing.select import Preference

__all__ = ["CodegenOptions", "generate", "supported_ops_markdown"]


def generate(
    model: Model, options: CodegenOptions | None = None, *, prefer: Preference | None = None
) -> GeneratedSources:
    """Generate C for a model.

    Args:
        model: What the reader made of a ``.tflite`` file.
        options: What to optimise, for which core, exact to whom; None takes the defaults.
        prefer: Takes each operator's kernel in place of the selector: for measurements and tests.

    Raises:
        ModelError: The model cannot be built exactly; with every reason.
    """
    # The generator brings jinja2 and numpy, which whoever only names options need not wait for.
    from tinycompress.codegen.generator import generate_sources

    return generate_sources(model, options or CodegenOptions(), prefer)


def supported_ops_markdown() -> str:
    """The text of docs/SUPPORTED_OPS.md."""
    from tinycompress.codegen import supported

    return supported.supported_ops_markdown()
