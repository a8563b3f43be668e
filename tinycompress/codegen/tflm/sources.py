"""From a model to the sources that run it on stock TFLM, through the engine's templates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.artifacts import ArenaFigure, GeneratedSources, LayerInfo
from tinycompress.codegen import c_literals
from tinycompress.codegen.macs import macs
from tinycompress.codegen.tflm.legality import check_legality
from tinycompress.codegen.tflm.ops import method_of, takes_int8_registration
from tinycompress.codegen.tflm.peak import peak_activations
from tinycompress.errors import ConfigError
from tinycompress.ir.graph import Graph, Model, Op
from tinycompress.ir.specs import input_specs, output_specs

ALIGNMENT_BYTES = 16
"""Of the model array and of the arena, as TFLM wants them."""

_RENDERED = ("tcm_model.h", "tcm_model_data.h", "tcm_model_data.c", "tcm_ops.h")
_COPIED = ("tcm_model.cpp", "tcm_cxx_runtime.c")
_ROW_BYTES = 16
_HEX = tuple(f"0x{byte:02x}" for byte in range(256))


@dataclass(frozen=True)
class ResolverEntry:
    """One call on the resolver: the method, and the registration that it is given, if any."""

    method: str
    registration: str | None


def generate_sources(model: Model, tflite: bytes, arena: ArenaFigure) -> GeneratedSources:
    """As `tinycompress.codegen.tflm.generate`."""
    if hashlib.sha256(tflite).hexdigest() != model.sha256:
        raise ConfigError("the model was read from another file than the one given")
    check_legality(model)
    graph = model.main
    _, peak_layer = peak_activations(graph)
    context = {
        "version": __version__,
        "sha256": model.sha256,
        "sha256_bytes": [f"0x{byte:02x}" for byte in bytes.fromhex(model.sha256)],
        "alignment_bytes": ALIGNMENT_BYTES,
        "arena_bytes": arena.total_bytes,
        "model_bytes": len(tflite),
        "rows": _rows(tflite),
        "entries": resolver_entries(graph),
        "layers": [c_literals.comment(f"{op.kind} {graph.layer_name(op)}") for op in graph.ops],
        "input_count": len(graph.inputs),
        "output_count": len(graph.outputs),
        "resets_state": model.resets_state,
    }
    return GeneratedSources(
        engine="tflm",
        exact_to="tflm",
        model_sha256=model.sha256,
        files={name: _render(f"{name}.j2", context) for name in _RENDERED},
        kernel_files=_COPIED,
        inputs=input_specs(graph),
        outputs=output_specs(graph),
        layers=tuple(_layer(graph, step, op) for step, op in enumerate(graph.ops)),
        arena_bytes=arena.total_bytes,
        weights_bytes=len(tflite),
        peak_layer=peak_layer,
        arena=arena,
    )


def resolver_entries(graph: Graph) -> tuple[ResolverEntry, ...]:
    """What the resolver must know: every operator of the model once, sorted by method.

    An operator gets the int8-only registration if that runs each of its uses in the model.
    """
    by_method: dict[str, list[Op]] = {}
    for op in graph.ops:
        method = method_of(op)
        assert method is not None, "the model has passed the checks"
        by_method.setdefault(method, []).append(op)
    return tuple(
        ResolverEntry(method, _registration(graph, ops))
        for method, ops in sorted(by_method.items())
    )


def _registration(graph: Graph, ops: list[Op]) -> str | None:
    if all(takes_int8_registration(graph, op) for op in ops):
        return f"Register_{ops[0].kind}_INT8"
    return None


def _layer(graph: Graph, step: int, op: Op) -> LayerInfo:
    written = [graph.tensors[index] for index in op.outputs if index >= 0]
    return LayerInfo(
        index=step,
        name=graph.layer_name(op),
        op=op.custom_code if op.kind == "CUSTOM" else op.kind,
        macs=macs(graph, op),
        output_shape=written[0].shape if written else (),
        kernel="tflm",
        output=written[0].name if written else "",
    )


def _rows(data: bytes) -> list[str]:
    return [
        ", ".join(_HEX[byte] for byte in data[start : start + _ROW_BYTES])
        for start in range(0, len(data), _ROW_BYTES)
    ]


def _render(name: str, context: Mapping[str, object]) -> str:
    environment = Environment(
        loader=FileSystemLoader(firmware_templates_dir() / "engine" / "tflm"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(name).render(context)
