"""From layers and their places in the arena to C text, through the engine's templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tinycompress._resources import firmware_templates_dir
from tinycompress._version import __version__
from tinycompress.artifacts import ArenaPlan, GeneratedSources, LayerInfo, WeightsInfo
from tinycompress.codegen import c_literals
from tinycompress.codegen.arena.memory import ArenaLayout
from tinycompress.codegen.kernel_files import stream_header, with_includes
from tinycompress.codegen.layer import (
    ConstArray,
    Kernel,
    Layer,
    ScratchArgument,
    TensorArgument,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.param_types import field_types, params_bytes
from tinycompress.codegen.rendering.loops import loops_of
from tinycompress.codegen.rendering.stages import ran_port, ran_spec, stages_context
from tinycompress.codegen.stages import StageLayers
from tinycompress.ir.graph import Graph, Model, Tensor
from tinycompress.ir.ports import input_ports, output_ports
from tinycompress.ir.specs import input_specs, output_specs

_ARENA_ALIGNMENT_BYTES = 16
_TEMPLATES = ("tcm_model.h", "tcm_model.c", "tcm_model_weights.h", "tcm_model_weights.c")
_ADAPTER = "tc_model_aot.c"


@dataclass(frozen=True)
class WeightArray:
    """A constant array of the generated files.

    ``stream_header`` tells what lies where in an array that holds several things in turn.
    """

    name: str
    c_type: str
    count: int
    alignment_bytes: int
    origin: str
    role: str
    stream_header: str | None
    rows: str


@dataclass(frozen=True)
class LayerText:
    """One layer as the template writes it.

    ``params`` is None where an earlier layer has equal ones, whose name ``params_name`` then is.
    ``tensors_only`` says that ``function`` knows them, and ``parameters`` has the types of what it
    takes if it is to be defined with this layer.
    """

    name: str
    comment: str
    kernel: Kernel
    params_name: str
    params: tuple[tuple[str, str], ...] | None
    function: str
    tensors_only: bool
    parameters: tuple[str, ...]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class SharedKernel:
    """A kernel that several layers call through one function."""

    kernel: Kernel
    function: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class BorderTensor:
    """An input or output of the model in the arena."""

    offset: int
    bytes: int
    comment: str


@dataclass(frozen=True)
class StateTensor:
    """State in the arena: what a reset sets every byte to, or copies there."""

    offset: int
    bytes: int
    fill: int
    initial: str | None
    comment: str


def render(
    model: Model,
    graph: Graph,
    layers: Sequence[Layer],
    layout: ArenaLayout,
    options: CodegenOptions,
    *,
    shared: frozenset[Kernel] = frozenset(),
    stages: Sequence[StageLayers] = (),
) -> GeneratedSources:
    """Write the C files of a model.

    Args:
        model: The file's model, for its hash.
        graph: The graph that the layers were lowered from.
        layers: In the order in which they run.
        layout: Where their tensors lie.
        options: For which core, and what comes first.
        shared: Kernels of which several layers run one copy.
        stages: Of a cascade.
    """
    states = [t for t in graph.tensors if t.initial is not None and t.index in layout.tensors]
    prefix = f"tcm_{options.name}"
    others = [a for a in map(_initial_array, states) if a is not None]
    weights = _Weights(layers, others, prefix)
    texts, copies = _layer_texts(layers, layout, weights, options, shared)
    context = {
        "version": __version__,
        "sha256": model.sha256,
        "sha256_bytes": [f"0x{byte:02x}" for byte in bytes.fromhex(model.sha256)],
        "options": options,
        "name": options.name,
        "prefix": prefix,
        "macro": prefix.upper(),
        "layers": texts,
        "loops": loops_of(layers, layout),
        "shared": copies,
        "weights": weights.arrays,
        "weights_bytes": weights.total_bytes,
        "arena_bytes": layout.arena_bytes,
        "arena_alignment": _ARENA_ALIGNMENT_BYTES,
        **stages_context(stages, graph, layout, states),
        "inputs": input_ports(graph),
        "outputs": (*output_ports(graph), *([ran_port(graph, len(stages))] if stages else ())),
        "inputs_at": _border(graph, graph.inputs, layout),
        "outputs_at": _border(graph, graph.outputs, layout),
        "states": [_state(tensor, layout, weights) for tensor in states],
        "resets_state": model.resets_state and bool(states),
        "lut_bits": sorted({bits for layer in layers if (bits := layer.lut_bits) is not None}),
        "kernel_headers": sorted({layer.kernel.header for layer in layers}),
    }
    of_the_model = {"tck_math.h"} | ({"tck_bytes.h"} if states or stages else set())
    of_the_model |= {"tck_gates.h"} if stages else set()
    headers = with_includes({layer.kernel.header for layer in layers} | of_the_model)
    # What a cascade answers is what its last stage says.
    answer = stages[-1].stage.outputs[0] if stages else 0
    return GeneratedSources(
        engine="aot",
        exact_to=options.exact_to,
        model_sha256=model.sha256,
        files={
            name.replace("tcm_model", prefix): _render_template(f"{name}.j2", context)
            for name in _TEMPLATES
        },
        kernel_files=headers,
        inputs=input_specs(graph),
        outputs=(*output_specs(graph), *([ran_spec(len(stages))] if stages else ())),
        layers=tuple(_layer_info(i, layer, graph) for i, layer in enumerate(layers)),
        arena_bytes=layout.arena_bytes,
        weights_bytes=weights.total_bytes,
        peak_layer=layout.peak_layer,
        plan=_plan(layout, layers),
        name=options.name,
        runtime_files={_ADAPTER: _render_template(f"{_ADAPTER}.j2", context)},
        example=_render_template(
            "example.j2", {**context, "answer": answer, "classes": _classifies(graph, answer)}
        ),
    )


def _render_template(name: str, context: Mapping[str, object]) -> str:
    environment = Environment(
        loader=FileSystemLoader(firmware_templates_dir()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["comment"] = c_literals.comment
    return environment.get_template(f"engine/aot/{name}").render(context)


class _Weights:
    """All constant arrays, equal ones once, under unique names."""

    def __init__(self, layers: Sequence[Layer], others: Sequence[ConstArray], prefix: str) -> None:
        self._names: dict[tuple[str, int, bytes], str] = {}
        self.arrays: list[WeightArray] = []
        self.total_bytes = 0
        unique = c_literals.UniqueNames()
        read = [(array, layer.kernel) for layer in layers for array in layer.const_arrays]
        for array, kernel in (*read, *((array, None) for array in others)):
            if array.key not in self._names:
                base = f"{c_literals.short_name(array.origin)} {array.role}"
                self._names[array.key] = f"{prefix}_{unique.claim(base)}"
                self._add(array, self._names[array.key], kernel)

    def name_of(self, array: ConstArray) -> str:
        """The C name of an array."""
        return self._names[array.key]

    def _add(self, array: ConstArray, name: str, kernel: Kernel | None) -> None:
        self.total_bytes += array.data.nbytes
        self.arrays.append(
            WeightArray(
                name=name,
                c_type=array.c_type,
                count=array.data.size,
                alignment_bytes=array.alignment_bytes,
                origin=array.origin,
                role=array.role,
                stream_header=stream_header(kernel.header)
                if kernel is not None and array.role == "stream"
                else None,
                rows=c_literals.array_rows(array.data, array.c_type),
            )
        )


def _layer_texts(
    layers: Sequence[Layer],
    layout: ArenaLayout,
    weights: _Weights,
    options: CodegenOptions,
    kernels: frozenset[Kernel],
) -> tuple[list[LayerText], list[SharedKernel]]:
    """Layers, and the kernels that they share."""
    params = [(layer.kernel, tuple(_fields(layer, weights))) for layer in layers]
    equal, first = Counter(params), {key: step for step, key in reversed([*enumerate(params)])}
    names = [
        f"tcm_{options.name}_layer_{step}_{c_literals.identifier(c_literals.short_name(layer.name))}"
        for step, layer in enumerate(layers)
    ]
    shared: dict[Kernel, SharedKernel] = {}
    texts = []
    for step, (layer, key) in enumerate(zip(layers, params, strict=True)):
        kernel, origin = layer.kernel, names[first[key]]
        function, tensors_only = kernel.function, False
        if kernel in kernels:
            function = f"tcm_{options.name}_shared_{kernel.name}"
            shared.setdefault(kernel, SharedKernel(kernel, function, _parameters(layer)))
        elif equal[key] > 1:
            function, tensors_only = f"{origin}_on", True
        is_first = first[key] == step
        texts.append(
            LayerText(
                name=names[step],
                comment=_comment(layer),
                kernel=kernel,
                params_name=f"{origin}_params",
                params=key[1] if is_first else None,
                function=function,
                tensors_only=tensors_only,
                parameters=_parameters(layer) if is_first and tensors_only else (),
                arguments=_arguments(step, layer, layout, weights, options),
            )
        )
    return texts, [shared[kernel] for kernel in sorted(shared, key=lambda k: k.name)]


def _comment(layer: Layer) -> str:
    macs = f", {layer.macs} MACs" if layer.macs else ""
    macs += f", {layer.times} times" if layer.times > 1 else ""
    return c_literals.comment(f"{layer.op.full_kind} {layer.shapes}{macs}: {layer.name}")


def _fields(layer: Layer, weights: _Weights) -> Iterator[tuple[str, str]]:
    types = field_types(layer.kernel)
    for field, value in layer.params.items():
        if isinstance(value, ConstArray):
            yield field, weights.name_of(value)
        elif isinstance(value, float):
            yield field, c_literals.float32(value)
        else:
            yield field, c_literals.integer(value, types[field])


def _pointer_type(argument: object) -> str:
    if isinstance(argument, TensorArgument):
        return f"{argument.c_type} *" if argument.written else f"const {argument.c_type} *"
    if isinstance(argument, ScratchArgument):
        return f"{argument.c_type} *"
    if isinstance(argument, ConstArray):
        return f"const {argument.c_type} *"
    raise TypeError(f"no kernel argument: {argument!r}")


def _parameters(layer: Layer) -> tuple[str, ...]:
    return tuple(_pointer_type(argument) for argument in layer.arguments)


def _arguments(
    step: int, layer: Layer, layout: ArenaLayout, weights: _Weights, options: CodegenOptions
) -> tuple[str, ...]:
    found = []
    scratch = iter(layer.scratch_offsets)
    for argument in layer.arguments:
        if isinstance(argument, ConstArray):
            found.append(weights.name_of(argument))
            continue
        if isinstance(argument, TensorArgument):
            offset = layout.tensors[argument.tensor]
        else:
            offset = layout.scratch[step] + next(scratch)
        found.append(f"({_pointer_type(argument)})(tcm_{options.name}_arena + {offset})")
    return tuple(found)


def _border(graph: Graph, indices: Sequence[int], layout: ArenaLayout) -> tuple[BorderTensor, ...]:
    tensors = (graph.tensors[index] for index in indices)
    return tuple(
        BorderTensor(
            layout.tensors[tensor.index],
            tensor.size_bytes,
            c_literals.comment(f"{tensor.dtype.value} {list(tensor.shape)}: {tensor.name}"),
        )
        for tensor in tensors
    )


def _classifies(graph: Graph, answer: int) -> bool:
    """Whether the place of the greatest output is likely what a caller wants: a list of scores."""
    output = graph.tensors[graph.outputs[answer]]
    sizes = {graph.tensors[index].elements for index in graph.inputs}
    return len(output.shape) == 2 and output.elements > 1 and output.elements not in sizes


def _initial_array(tensor: Tensor) -> ConstArray | None:
    """What a reset copies into state; None if all its bytes are the same."""
    if tensor.initial is None or len(set(tensor.initial.tobytes())) <= 1:
        return None
    return ConstArray(tensor.name, "initial", np.ascontiguousarray(tensor.initial).reshape(-1))


def _state(tensor: Tensor, layout: ArenaLayout, weights: _Weights) -> StateTensor:
    array = _initial_array(tensor)
    first = tensor.initial.tobytes()[:1] if tensor.initial is not None else b""
    return StateTensor(
        offset=layout.tensors[tensor.index],
        bytes=tensor.size_bytes,
        fill=first[0] if first else 0,
        initial=weights.name_of(array) if array is not None else None,
        comment=c_literals.comment(f"{tensor.dtype.value} {list(tensor.shape)}: {tensor.name}"),
    )


def _plan(layout: ArenaLayout, layers: Sequence[Layer]) -> ArenaPlan:
    peak = min(max(layout.peak_step, 0), len(layers) - 1)
    return ArenaPlan(peak, layout.lower_bound_bytes, layout.buffers)


def _layer_info(index: int, layer: Layer, graph: Graph) -> LayerInfo:
    return LayerInfo(
        index=index,
        name=layer.name,
        op=layer.op.full_kind,
        macs=layer.macs * layer.times,
        output_shape=layer.output_shape,
        kernel=layer.kernel.name,
        weights=_weights_info(layer),
        constants_bytes=params_bytes(layer.kernel) + sum(a.data.nbytes for a in layer.const_arrays),
        output=graph.tensors[layer.writes[0]].name if layer.writes else "",
        runs=layer.times,
    )


def _weights_info(layer: Layer) -> WeightsInfo | None:
    found = layer.encoded
    if found is None:
        return None
    return WeightsInfo(
        encoding=found.encoding,
        detail=found.detail,
        encoded_bytes=found.size_bytes,
        int8_bytes=found.weights,
        symbols=found.symbols,
        entries=found.entries,
    )
