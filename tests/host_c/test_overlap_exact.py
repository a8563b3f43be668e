"""The kernels themselves, with their output in their input's memory, at the least distance."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from support.cases.conv import (
    EDGE_CASES,
    GROUPED_CASES,
    ConvCase,
    add_conv,
    add_depthwise,
    random_case,
)
from support.cases.dense import EDGE_CASES as DENSE_CASES
from support.cases.dense import add_dense
from support.cases.kernels import Array, KernelCases, options, same_or_valid
from support.cases.lowering import lower_graph
from support.cases.overlap import Placed, place
from support.host_model import HostModel
from support.models.collection import Collection

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.choosing.ram import fit_ram
from tinycompress.codegen.choosing.select import Preference, fastest, last
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.oracle import Oracle

CORES = {
    "mve": CodegenOptions(core="cortex-m55", mve=True),
    "dsp": CodegenOptions(),
    "mla": CodegenOptions(core="cortex-m3", dsp=False),
    "thumb1": CodegenOptions(core="cortex-m0plus", dsp=False),
    "reference": CodegenOptions(core="cortex-m3", dsp=False),
}


def _prefer(core: str) -> Preference:
    return last if core == "reference" else fastest


def _mismatches(placed: Placed, cases: KernelCases, count: int) -> list[int]:
    """Operators whose outputs are not the oracle's."""
    model, oracle = HostModel(placed.sources, flags=("-O0",)), Oracle(cases.tflite(), "tflm")
    wrong = set()
    for sample in cases.samples(count):
        pairs = zip(oracle.run(*sample), model.run(*sample), strict=True)
        wrong |= {i for i, (want, have) in enumerate(pairs) if (want != have).any()}
    return sorted(wrong)


def _pool(cases: KernelCases, kind: str, window: int, stride: int, padding: str) -> None:
    height, width, channels = (int(n) for n in cases.rng.integers(4, 9, 3))
    x = cases.input([1, height, width, channels], 0.1, 3)
    sizes = [same_or_valid(n, window, stride, 1, padding) for n in (height, width)]
    table = options("Pool2D", padding=padding, strideH=stride, strideW=stride,
                    filterHeight=window, filterWidth=window)  # fmt: skip
    cases.op(kind, kind, [x], cases.activation([1, *sizes, channels], 0.1, 3), table)


def _others(cases: KernelCases) -> None:
    for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for window, stride, padding in ((2, 2, "VALID"), (3, 1, "SAME"), (1, 1, "SAME")):
            _pool(cases, kind, window, stride, padding)
    for axes in ([1, 2], [1], [2], [0, 2]):
        shape = [3, 4, 5]
        x = cases.input([*shape, 6], 0.1, -3)
        kept = [n for i, n in enumerate([*shape, 6]) if i not in axes]
        y = cases.activation(kept, 0.07, 5)
        cases.op(f"MEAN {axes}", "MEAN", [x, cases.int32(axes)], y, options("Reducer"))
    for count in (1, 2, 3, 4, 5, 31, 64):
        a, b = cases.input([1, count], 0.1, 3), cases.input([1, count], 0.2, -3)
        y = cases.activation([1, count], 0.25, 1)
        cases.op(f"ADD {count}", "ADD", [a, b], y, options("Add"))
        x = cases.input([2, count], 0.1, 3)
        cases.op(f"SOFTMAX {count}", "SOFTMAX", [x], cases.activation([2, count], 1 / 256, -128),
                 options("Softmax", beta=1.0))  # fmt: skip
        x = cases.input([1, count], 0.1, 3)
        cases.op(f"RELU {count}", "RELU", [x], cases.activation([1, count], 0.05, -128), None)


def _pointwise(rng: np.random.Generator) -> ConvCase:
    quads = [int(n) * 4 for n in rng.integers(1, 6, 2)]
    outputs = int(rng.choice([quads[1], quads[1] + 1, quads[1] + 3]))
    height, width = (int(n) for n in rng.integers(1, 6, 2))
    return ConvCase(height, width, quads[0], outputs, kernel=(1, 1), padding="VALID")


def _cases(seed: int) -> KernelCases:
    cases = KernelCases(seed)
    for case in (*EDGE_CASES, *GROUPED_CASES):
        add_conv(cases, case)
    for case in EDGE_CASES:
        add_depthwise(cases, case)
    for dense in DENSE_CASES:
        add_dense(cases, dense)
    for _ in range(30):
        add_conv(cases, random_case(cases.rng))
        add_conv(cases, _pointwise(cases.rng))
        add_depthwise(cases, random_case(cases.rng))
    # More rows than a plane holds at once.
    add_depthwise(cases, ConvCase(height=70, width=40, channels=2, outputs=1))
    add_depthwise(cases, ConvCase(height=70, width=41, channels=3, outputs=1, stride=(2, 2)))
    _others(cases)
    return cases


@pytest.mark.parametrize("core", sorted(CORES))
def test_outputs_at_the_least_distance_are_exact(core: str) -> None:
    cases = _cases(61)
    placed = place(cases, CORES[core], 0, _prefer(core))
    assert sum(placed.overlapping) > len(placed.overlapping) // 2
    wrong = [(cases.labels[i], placed.layers[i].kernel.name) for i in _mismatches(placed, cases, 4)]
    assert wrong == []


@pytest.mark.parametrize("core", sorted(CORES))
def test_a_nearer_output_destroys_its_input(core: str) -> None:
    """Of every kernel whose distance is no bound of convenience, some case must notice."""
    cases = _cases(62)
    placed = place(cases, CORES[core], 1, _prefer(core))
    wrong = set(_mismatches(placed, cases, 8))
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    for i, (layer, overlapping) in enumerate(zip(placed.layers, placed.overlapping, strict=True)):
        tried[layer.kernel.name] += overlapping
        noticed[layer.kernel.name] += i in wrong
    silent = [kernel for kernel, count in tried.items() if count > 3 and not noticed[kernel]]
    assert silent == []
    assert len(noticed) >= 5


MODELS = (
    "mlperf_tiny/ad01_int8", "mlperf_tiny/kws_ref_model", "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/str_ww_ref_model", "mlperf_tiny/vww_96_int8", "tflm/person_detect",
)  # fmt: skip

_Hook = ctypes.CFUNCTYPE(None, ctypes.c_uint32)


class Poisoned:
    """A model of which every byte that no later layer needs is overwritten before each layer."""

    def __init__(self, tflite: bytes, core: CodegenOptions, *, overlapping: bool) -> None:
        model = read_model(tflite)
        graph = run_passes(model.main)
        if overlapping:
            fitted = fit_ram(graph, core)
            graph, layers, self._layout = fitted.graph, fitted.layers, fitted.layout
        else:
            layers = lower_graph(graph, core)
            self._layout = lay_out(graph, layers, overlapping=False)
        self._live = self._live_bytes(graph, layers)
        sources = render(model, graph, layers, self._layout, core)
        self.model = HostModel(sources)
        first = ctypes.addressof(self.model.library.tc_model_input(0).data.contents)
        self._arena = first - self._layout.tensors[graph.inputs[0]]
        self.arena_bytes = self._layout.arena_bytes

    def _live_bytes(self, graph: Graph, layers: Sequence[Layer]) -> list[Array]:
        """For each layer, which bytes of the arena it or a later one reads as they are."""

        def marked(indices: Iterable[int]) -> Array:
            found = np.zeros(self._layout.arena_bytes, bool)
            for index in indices:
                begin = self._layout.tensors[index]
                found[begin : begin + graph.tensors[index].size_bytes] = True
            return found

        live = []
        needed = marked(graph.outputs)
        for layer in reversed(layers):
            # What a layer writes is nobody's before; parts of a whole are written one by one.
            needed = (needed & ~marked(layer.writes)) | marked(layer.reads)
            live.append(needed)
        return live[::-1]

    def run(self, sample: Array, value: int) -> Array:
        """The first output, with ``value`` in the freed bytes."""
        array = (ctypes.c_uint8 * self.arena_bytes).from_address(self._arena)
        memory = np.ctypeslib.as_array(array)

        def begin(layer: int) -> None:
            memory[~self._live[layer]] = value

        library = self.model.library
        ctypes.memmove(library.tc_model_input(0).data, sample.tobytes(), sample.nbytes)
        nothing = _Hook(lambda layer: None)
        assert library.tc_model_invoke_profiled(_Hook(begin), nothing) == 0
        output = library.tc_model_output(0)
        return np.frombuffer(ctypes.string_at(output.data, output.bytes), np.int8)


@pytest.mark.shared
@pytest.mark.parametrize("name", MODELS)
def test_models_do_not_miss_what_was_freed(shared_data: Collection, name: str) -> None:
    tflite = shared_data.file(f"models/{name}.tflite").read_bytes()
    small = Poisoned(tflite, CORES["dsp"], overlapping=True)
    large = Poisoned(tflite, CORES["dsp"], overlapping=False)
    assert small.arena_bytes <= large.arena_bytes
    oracle, rng = Oracle(tflite, "tflm"), np.random.default_rng(63)
    shape = oracle.inputs[0].shape
    for value in (0x80, 0x5A):
        sample = rng.integers(-128, 128, shape).astype(np.int8)
        expected = oracle.run(sample)[0].reshape(-1)
        np.testing.assert_array_equal(small.run(sample, value), expected)
        np.testing.assert_array_equal(large.run(sample, value), expected)
