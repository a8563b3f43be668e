"""Filters that the three encoders wrote come back as they were from stock TFLM's own DECODE."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.compression.clustered_models import clustered
from support.models.filter_models import FilterModel, Kind, decoded, filter_model, outputs

from tinycompress.artifacts import TflmMethod
from tinycompress.codegen.tflm.decode import huffman, lut, prune
from tinycompress.codegen.tflm.decode.encoding import choose
from tinycompress.codegen.tflm.decode.format import HEADER_BYTES, Filter
from tinycompress.codegen.tflm.decode.methods import METHODS
from tinycompress.codegen.tflm.decode.rewriting import Rewriter
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

Int8s = npt.NDArray[np.int8]

KINDS: tuple[Kind, ...] = ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")


@st.composite
def values(draw: st.DrawFn, shape: tuple[int, ...], axis: int) -> Int8s:
    """1 to 256 distinct values, 0 to 100 % zeros, in each slice or in all; some slices are 0."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 256) | st.sampled_from([1, 2, 3, 4, 8, 16, 17, 127, 128, 129]))
    skew = draw(st.sampled_from([0.0, 1.0, 3.0]))
    chances = 1 / np.arange(1, count + 1) ** skew
    codebooks = shape[axis] if draw(st.booleans()) else 1
    parts = [
        rng.choice(
            rng.choice(np.arange(-128, 128), count, replace=False),
            [size // codebooks if n == axis else size for n, size in enumerate(shape)],
            p=chances / chances.sum(),
        )
        for _ in range(codebooks)
    ]
    found = np.concatenate(parts, axis)
    found[rng.random(shape) < draw(st.sampled_from([0, 0.2, 0.5, 0.8, 0.92, 0.98, 1]))] = 0
    empty = rng.random(shape[axis]) < draw(st.sampled_from([0, 0.4]))
    np.moveaxis(found, axis, 0)[empty] = 0
    return found.astype(np.int8)


@st.composite
def models(draw: st.DrawFn) -> FilterModel:
    """One layer with a filter of any shape, one scale or one for each channel."""
    kind = draw(st.sampled_from(KINDS))
    outer, inner = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    shape = {
        "FULLY_CONNECTED": (outer, inner * height),
        "CONV_2D": (outer, height, width, inner),
        "DEPTHWISE_CONV_2D": (1, height, width, inner),
    }[kind]
    axis = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    scales = shape[axis] if draw(st.booleans()) else 1
    # TFLM's convolutions take filters with a zero point of 0 alone.
    zero_point = draw(st.sampled_from([0, 0, 5, -128])) if kind == "FULLY_CONNECTED" else 0
    zero_points = (zero_point if scales == 1 else 0,)
    return filter_model(kind, draw(values(shape, axis)), scales, zero_points)


@pytest.mark.parametrize("method", METHODS)
@given(model=models(), seed=st.integers(0, 2**32 - 1))
def test_tflm_decodes_what_was_encoded(method: TflmMethod, model: FilterModel, seed: int) -> None:
    weights = model.filter()
    refusal = METHODS[method].refusal(weights)
    if refusal is not None:
        assert method == "lut"
        assert "distinct values" in refusal
        return
    encoded = METHODS[method].encode(weights)
    assert decoded(model, encoded).tobytes() == weights.values.tobytes(), encoded.detail
    shape = weights.values.shape
    batch = (1, shape[1]) if len(shape) == 2 else (1, *shape[1:])
    source = np.random.default_rng(seed).integers(-128, 128, batch, np.int8)
    expected = outputs(model.tflite, source)
    assert outputs(model.encoded(encoded), source) == expected, encoded.detail


@given(st.data())
def test_sizes_are_those_of_the_formats(data: st.DataObject) -> None:
    shape = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 60)))
    weights = Filter(data.draw(values(shape, 0)), (0,))
    count, distinct = weights.values.size, len(np.unique(weights.values))
    pruned = prune.encode(weights)
    assert len(pruned.stream) == -(-count // 8)
    assert len(pruned.ancillary) == HEADER_BYTES + np.count_nonzero(weights.values)
    coded = huffman.encode(weights)
    assert len(coded.stream) % 4 == 0
    # A tree of so many leaves has one node less; tables of one bit would take two entries each.
    assert len(coded.ancillary) <= HEADER_BYTES + 4 * max(1, distinct - 1)
    if distinct <= 128:
        bits = max(1, (distinct - 1).bit_length())
        table = lut.encode(weights)
        assert len(table.stream) == -(-count * bits // 8)
        assert len(table.ancillary) == HEADER_BYTES + distinct


@given(st.data())
def test_a_huffman_code_is_as_short_as_any(data: st.DataObject) -> None:
    """Within one bit a weight of the entropy, and of no more than what padding takes."""
    shape = (data.draw(st.integers(1, 20)), data.draw(st.integers(1, 100)))
    weights = Filter(data.draw(values(shape, 0)), (0,))
    _, counts = np.unique(weights.values, return_counts=True)
    entropy_bits = float(-(counts * np.log2(counts / counts.sum())).sum())
    stream_bits = 8 * len(huffman.encode(weights).stream)
    padding_bits = 64
    assert entropy_bits <= stream_bits <= entropy_bits + weights.values.size + padding_bits


@given(st.data())
def test_damaged_files_are_refused_not_more(data: st.DataObject) -> None:
    """Other bytes where a file is not weights: the reader takes it, or one of the two refuses."""
    tflite = bytearray(clustered(3))
    places = st.integers(0, 400) | st.integers(len(tflite) - 2000, len(tflite) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        tflite[place] = data.draw(st.integers(0, 255))
    try:
        graph = read_model(bytes(tflite)).main
        chosen, _ = choose(graph, rewriter := Rewriter(bytes(tflite)), "auto")
        rewriter.rewritten({index: choice.encoded for index, choice in chosen.items()})
    except ModelError:
        return
