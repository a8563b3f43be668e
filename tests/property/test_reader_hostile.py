"""Any byte string gives a Model or a ModelError: soon, in little memory, and with a sound graph."""

from __future__ import annotations

import contextlib
import inspect
import resource
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from operator import xor
from typing import Any

import flatbuffers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models.collection import Collection
from support.models.hostile_files import ACCEPTED, HOSTILE
from support.models.tflite_files import pack, small_cnn, unpack

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.macs import macs
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import summarise
from tinycompress.oracle import Oracle

TIME_LIMIT_S = 20.0
MEMORY_LIMIT_BYTES = 500 << 20
# The sign, the lowest bit, everything: what moves offsets and counts the most and the least.
FEW_PATTERNS: list[Callable[[int], int]] = [lambda b: b ^ 0x80, lambda b: b ^ 1, lambda b: 255]
ALL_PATTERNS: list[Callable[[int], int]] = [
    *(partial(xor, 1 << bit) for bit in range(8)),
    lambda b: 0,
    lambda b: 255,
    lambda b: (b + 1) % 256,
    lambda b: (b - 1) % 256,
]
SMALL_MODEL = small_cnn()


def read(data: bytes) -> Model | None:
    """The model, or None for a clean refusal; what is accepted must be sound."""
    try:
        model = read_model(data)
    except ModelError as error:
        refusal = error
    else:
        check_sound(model)
        return model
    # One line, and one more for each reason: nothing of the file disturbs a terminal.
    assert refusal.message.replace("\n  - ", "").isprintable()
    return None


def check_sound(model: Model) -> None:
    for graph in model.graphs:
        known = {t.index for t in graph.tensors if t.is_constant or t.is_variable}
        known |= set(graph.inputs)
        for number, tensor in enumerate(graph.tensors):
            assert tensor.index == number
            assert all(size >= 0 for size in tensor.shape)
            if tensor.data is not None:
                assert tensor.data.shape == tensor.shape
            if tensor.quantization is not None:
                count = len(tensor.quantization.scales)
                assert len(tensor.quantization.zero_points) == count
                assert count == 1 or tensor.shape[tensor.quantization.axis] == count
        for op in graph.ops:
            for index in op.inputs:
                assert index == -1 or index in known or op.kind == "CUSTOM"
            known |= set(op.outputs)
        assert set(graph.outputs) <= known
    # Operands may lack, but nothing else may go wrong when the model is summed up.
    with contextlib.suppress(ModelError):
        assert summarise(model, macs).subgraphs == len(model.graphs)


def flipped(data: bytes, patterns: list[Callable[[int], int]]) -> Iterator[bytes]:
    """The data with every byte in turn changed by every pattern."""
    for position, byte in enumerate(data):
        for pattern in patterns:
            changed = bytearray(data)
            changed[position] = pattern(byte)
            yield bytes(changed)


def test_every_byte_of_a_small_model() -> None:
    results = [read(data) is None for data in flipped(SMALL_MODEL, FEW_PATTERNS)]
    # Constants, names and scales may change; structure may not.
    assert len(results) == 3 * len(SMALL_MODEL)
    assert 0.2 < sum(results) / len(results) < 0.9


@pytest.mark.shared
def test_every_byte_of_a_real_model(shared_data: Collection) -> None:
    data = shared_data.file("models/tflm/hello_world_int8.tflite").read_bytes()
    results = [read(changed) is None for changed in flipped(data, FEW_PATTERNS)]
    assert 0.1 < sum(results) / len(results) < 0.9


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["tflm/hello_world_int8", "tflm_seanet_int16/strided_slice0", "tflm/simple_add_model"]
)
def test_every_byte_of_real_models_in_every_way(shared_data: Collection, name: str) -> None:
    data = shared_data.file(f"models/{name}.tflite").read_bytes()
    results = [read(changed) is None for changed in flipped(data, ALL_PATTERNS)]
    assert 0.1 < sum(results) / len(results) < 0.9


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["tflm/hello_world_int8", "mlperf_tiny_layers/resnet_layer12", "tflm_seanet_int16/conv0"],
)
def test_every_truncation(shared_data: Collection, name: str) -> None:
    data = shared_data.file(f"models/{name}.tflite").read_bytes()
    for length in range(len(data)):
        assert read(data[:length]) is None or length > len(data) - 64


def test_every_truncation_of_a_small_model() -> None:
    for length in range(len(SMALL_MODEL)):
        read(SMALL_MODEL[:length])
        read(SMALL_MODEL[:length] + bytes(len(SMALL_MODEL) - length))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes(data: bytes) -> None:
    assert read(data) is None
    read(b"\x10\0\0\0TFL3" + data)


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """The small model with some words overwritten, and pieces moved, cut or doubled."""
    data = bytearray(SMALL_MODEL)
    word = st.sampled_from([0, 1, 2, 4, 0x7F, 0x80, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data) - 1))
        size = draw(st.integers(1, 64))
        match draw(st.sampled_from(["word", "word", "offset", "copy", "cut", "insert"])):
            case "word":
                data[start : start + 4] = draw(word).to_bytes(4, "little")
            case "offset":
                data[start : start + 4] = draw(st.integers(0, len(data))).to_bytes(4, "little")
            case "copy":
                target = draw(st.integers(0, len(data) - 1))
                data[target : target + size] = data[start : start + size]
            case "cut":
                del data[start : start + size]
            case _:
                data[start:start] = draw(st.binary(max_size=size))
        if not data:
            break
    return bytes(data)


@settings(max_examples=500, deadline=None)
@given(mutations())
def test_mutated_model(data: bytes) -> None:
    read(data)


INTEGERS = [-(2**31), -129, -2, -1, 0, 1, 2, 3, 9, 127, 255, 65_536, 2**31 - 1]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to every integer and list of a ``ModelT``."""
    if isinstance(node, (list, np.ndarray)):
        yield path
        for index, item in enumerate(node):
            yield from places(item, (*path, index))
    elif hasattr(node, "__dict__"):
        for name, item in vars(node).items():
            yield from places(item, (*path, name))
    elif isinstance(node, (int, float, np.integer, np.floating)):
        yield path


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_structure_aware_mutation(data: st.DataObject) -> None:
    model = unpack(SMALL_MODEL)
    every = sorted(places(model), key=str)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(every))
        set_at(model, path, data.draw(st.sampled_from(INTEGERS)), data.draw(st.integers(0, 3)))
    try:
        packed = pack(model)
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError, AssertionError,
            flatbuffers.builder.BuilderNotFinishedError):  # fmt: skip
        return  # The writer cannot even express it.
    read(packed)


def set_at(model: Any, path: tuple[Any, ...], value: int, way: int) -> None:
    """Overwrite an integer, or empty, double, shorten or reverse a list."""
    node = model
    try:
        for step in path[:-1]:
            node = node[step] if isinstance(step, int) else getattr(node, step)
        last = path[-1]
        old = node[last] if isinstance(last, int) else getattr(node, last)
    except (IndexError, AttributeError, TypeError):
        return  # An earlier mutation took it away.
    if isinstance(node, np.ndarray):
        return  # Constants and the like: their bytes are flipped elsewhere.
    new: Any = value
    if isinstance(old, (list, np.ndarray)):
        items = list(old)
        new = ([], items + items, items[:-1], items[::-1])[way]
    if isinstance(last, int):
        node[last] = new
    else:
        setattr(node, last, new)


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_file_takes_little_time_and_memory(case: str) -> None:
    data = HOSTILE[case]()
    accepted = case in ACCEPTED
    started = time.process_time()
    assert (read(data) is not None) == accepted
    assert time.process_time() - started < TIME_LIMIT_S
    tracemalloc.start()
    try:
        assert (read(data) is not None) == accepted
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < MEMORY_LIMIT_BYTES


def test_tables_that_are_their_own_children() -> None:
    """Every field of every table leads back to the root: refused, and without recursion."""
    # A vtable of 14 entries at byte 8, then the root table, which claims to be all the rest.
    vtable = struct.pack("<16H", 32, 64, *[4] * 14)
    root = struct.pack("<ii", 32, -4) + bytes(64)
    data = struct.pack("<I", 40) + b"TFL3" + vtable + root
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 30)
    try:
        assert read(data) is None
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.shared
@pytest.mark.slow
def test_mutated_real_models(shared_data: Collection) -> None:
    """Random flips over the whole collection, a fixed number of them for each model."""
    shared_data.require_whole()
    rng = np.random.default_rng(11)
    refused = total = 0
    for path in sorted(shared_data.file("models").rglob("*.tflite")):
        data = path.read_bytes()
        # Constants dominate the bytes; the tables are near one of the ends.
        for _ in range(60):
            changed = bytearray(data)
            for _ in range(int(rng.integers(1, 4))):
                near = int(rng.integers(0, min(len(data), 4096)))
                position = near if rng.random() < 0.5 else len(data) - 1 - near
                changed[position] = int(rng.integers(0, 256))
            started = time.process_time()
            refused += read(bytes(changed)) is None
            total += 1
            assert time.process_time() - started < TIME_LIMIT_S
    assert total > 5000
    assert 0.05 < refused / total < 0.95
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 << 20


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tflm", "litert"])
def test_mutated_models_on_the_oracles(shared_data: Collection, kind: ExactTo) -> None:
    """What the reader lets through may crash a runtime, but never this process."""
    rng = np.random.default_rng(5)
    data = shared_data.file("models/mlperf_tiny_layers/resnet_layer3.tflite").read_bytes()
    ran = refused = 0
    while ran + refused < 150:
        changed = bytearray(data)
        for position in rng.integers(0, len(data), 2):
            changed[position] = int(rng.integers(0, 256))
        if read(bytes(changed)) is None:
            continue
        try:
            oracle = Oracle(bytes(changed), kind, timeout_s=20)
            outputs = oracle.run(*(np.zeros(s.shape, s.dtype) for s in oracle.inputs))
        except ModelError:
            refused += 1
        else:
            ran += 1
            assert len(outputs) == len(oracle.outputs)
    assert ran > 20
    assert refused > 5
