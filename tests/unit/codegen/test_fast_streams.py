"""Weights in the order of the fast kernels: every weight once, in its place, and tables behind."""

from __future__ import annotations

import numpy as np
import pytest

from tinycompress.codegen.layer import Rounding
from tinycompress.codegen.rounding.channels import (
    ChannelTables,
    Int64s,
    channel_tables,
    folded_biases,
    sum_ranges,
)
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding
from tinycompress.codegen.weights.pairs import (
    ALWAYS_IN_REACH,
    SECOND_FRACTION_BITS,
    PairTables,
    all_in_reach,
    fit_in_pairs,
    pair_tables,
)
from tinycompress.codegen.weights.streams import (
    Words,
    eight_stream,
    four_stream,
    four_words,
    in_order,
    pair_stream,
    pair_words,
    quad_count,
    quad_stream,
    tap_order,
    thumb1_stream,
)
from tinycompress.ir.arithmetic import quantize_multiplier


def _weights(channels: int, inputs: int) -> Int64s:
    return np.random.default_rng(channels * 1000 + inputs).integers(-128, 128, (channels, inputs))


def _tables(channels: int) -> ChannelTables:
    rng = np.random.default_rng(channels)
    return ChannelTables(
        "fitted",
        rng.integers(-(2**31), 2**31, channels),
        rng.integers(0, 2**31, channels),
        rng.integers(-(2**15), 2**15, channels),
    )


def _int8s(words: Words) -> list[int]:
    return [int(value) for value in words.astype("<u4").view(np.int8)]


def _int32(word: np.uint32) -> int:
    return int(np.array(word).astype(np.uint32).view(np.int32))


def _pair_tables(channels: int, rounding: Rounding) -> PairTables:
    rng = np.random.default_rng(channels)
    pairs = np.array(
        [(min(c, channels - 2), min(c, channels - 2) + 1) for c in range(0, channels, 2)]
    )
    return PairTables(
        rounding,
        pairs,
        rng.integers(-(2**31), 2**31, len(pairs)),
        rng.integers(-(2**31), 2**31, len(pairs)),
        rng.integers(0, 2**31, pairs.shape),
        rng.integers(-(2**15), 2**15, pairs.shape),
        np.arange(len(pairs)) != 1,
    )


def _unpacked(words: Words, inputs: int) -> Int64s:
    """Two channels' weights from words (k0, k2), (k1, k3): ``[2, inputs]``."""
    halves = np.ascontiguousarray(words).astype("<u4").view(np.int16).reshape(-1, 2, 2)
    both = halves.transpose(0, 2, 1).reshape(-1).astype(np.int64)
    first = both.astype(np.int8).astype(np.int64)
    assert not both[inputs:].any()
    found: Int64s = np.stack([first, (both - first) // 256])[:, :inputs]
    return found


@pytest.mark.parametrize("rounding", ["fitted", "double"])
@pytest.mark.parametrize("inputs", [1, 3, 4, 9, 16])
@pytest.mark.parametrize("channels", [2, 3, 4, 7])
def test_pair_stream(channels: int, inputs: int, rounding: Rounding) -> None:
    weights = np.clip(_weights(channels, inputs), -127, 127)
    tables = _pair_tables(channels, rounding)
    blocks = pair_stream(weights, tables).reshape(-1, pair_words(inputs))
    assert len(blocks) == -(-channels // 2)
    for number, block in enumerate(blocks):
        first = min(2 * number, channels - 2)
        head = 2 if rounding == "fitted" else 1
        tail = head + 2 * quad_count(inputs)
        assert _int32(block[0]) == tables.first[number]
        assert _int32(block[1 if rounding == "fitted" else tail]) == tables.second[number]
        found = _unpacked(block[head:tail], inputs)
        np.testing.assert_array_equal(found[0], weights[first])
        np.testing.assert_array_equal(found[1], weights[first + 1] * (number != 1))
        if rounding == "fitted":
            assert _int32(block[-3]) == tables.extras[number, 0]
            np.testing.assert_array_equal(block[-2:], tables.multipliers[number])
            continue
        np.testing.assert_array_equal(block[-3:-1], tables.multipliers[number])
        extras = np.array(block[-1:]).astype("<u4").view(np.int16)
        np.testing.assert_array_equal(extras, tables.extras[number])


@pytest.mark.parametrize("inputs", [1, 5, 8])
@pytest.mark.parametrize("channels", [4, 6, 8])
def test_four_stream(channels: int, inputs: int) -> None:
    weights, tables = _weights(channels, inputs), _tables(channels)
    blocks = four_stream(weights, tables).reshape(-1, four_words(inputs))
    assert len(blocks) == -(-channels // 4)
    for number, block in enumerate(blocks):
        chosen = slice(min(4 * number, channels - 4), min(4 * number, channels - 4) + 4)
        assert [_int32(word) for word in block[:4]] == list(tables.biases[chosen])
        data = np.array(_int8s(block[4:-6])).reshape(inputs, 4)
        np.testing.assert_array_equal(data.T, weights[chosen])
        np.testing.assert_array_equal(block[-6:-2], tables.multipliers[chosen])
        extras = np.ascontiguousarray(block[-2:]).astype("<u4").view(np.int16)
        np.testing.assert_array_equal(extras, tables.extras[chosen])


@pytest.mark.parametrize("inputs", [8, 16])
@pytest.mark.parametrize("channels", [4, 5, 8, 11, 16, 21])
def test_thumb1_stream(channels: int, inputs: int) -> None:
    weights, tables = _weights(channels, inputs), _tables(channels)
    words = thumb1_stream(weights, tables)
    whole, block_words = channels // 8, 8 + 2 * inputs + 12
    blocks = words[: whole * block_words].reshape(whole, block_words)
    for number, block in enumerate(blocks):
        chosen = slice(8 * number, 8 * number + 8)
        assert [_int32(word) for word in block[:8]] == list(tables.biases[chosen])
        data = np.array(_int8s(block[8:-12])).reshape(inputs, 8)
        np.testing.assert_array_equal(data.T, weights[chosen])
        fours = block[-12:].reshape(2, 6)
        np.testing.assert_array_equal(fours[:, :4].reshape(-1), tables.multipliers[chosen])
        extras = np.ascontiguousarray(fours[:, 4:]).astype("<u4").view(np.int16)
        np.testing.assert_array_equal(extras.reshape(-1), tables.extras[chosen])
    rest = words[whole * block_words :].reshape(-1, four_words(inputs))
    assert len(rest) == -(-(channels % 8) // 4)
    for number, block in enumerate(rest):
        first = min(8 * whole + 4 * number, channels - 4)
        assert [_int32(word) for word in block[:4]] == list(tables.biases[first : first + 4])
        data = np.array(_int8s(block[4:-6])).reshape(inputs, 4)
        np.testing.assert_array_equal(data.T, weights[first : first + 4])


@pytest.mark.parametrize(("pack", "group"), [(quad_stream, 4), (eight_stream, 8)])
@pytest.mark.parametrize("outputs", [1, 4, 7, 8, 18])
def test_dense_streams_hold_every_weight_once(pack: object, group: int, outputs: int) -> None:
    assert callable(pack)
    inputs = 6
    weights = np.clip(_weights(outputs, inputs), -127, 127)
    words = pack(weights)
    whole = outputs // group * group
    assert words.size == (
        whole * (2 if pack is quad_stream else 0) + (whole * inputs // 4 if group == 8 else 0)
    ) + (outputs - whole) * quad_count(inputs)
    rest = words[words.size - (outputs - whole) * 2 :].reshape(-1, 2)
    for row, block in zip(weights[whole:], rest, strict=True):
        assert _int8s(block)[:inputs] == list(row)
    if whole and pack is eight_stream:
        data = np.array(_int8s(words[: 2 * inputs])).reshape(inputs, 8)
        np.testing.assert_array_equal(data.T, weights[:8])
    if whole and pack is quad_stream:
        pairs = words[:8].reshape(2, 2, 2).transpose(2, 0, 1).reshape(2, -1)
        np.testing.assert_array_equal(
            np.concatenate([_unpacked(pair, inputs) for pair in pairs]), weights[:4]
        )


def _relu(slope: float) -> DoubleRounding:
    return DoubleRounding(*quantize_multiplier(slope), -128, (-128, 127))


def test_pairs_need_weights_that_are_one_int16() -> None:
    weights = np.full((2, 4), -128, np.int64)
    assert not fit_in_pairs(weights)
    assert pair_tables([_relu(0.01)] * 2, weights, np.zeros(2, np.int64)) is None
    weights[0] = 0
    assert fit_in_pairs(weights)
    assert pair_tables([_relu(0.01)] * 2, weights, np.zeros(2, np.int64)) is not None


@pytest.mark.parametrize(("inputs", "in_reach"), [(ALWAYS_IN_REACH, True), (600, False)])
def test_pairs_need_products_within_24_bits(inputs: int, in_reach: bool) -> None:
    weights = np.full((2, inputs), 127, np.int64)
    assert all_in_reach(np.full((1, inputs), -128, np.int64)) == in_reach
    assert all_in_reach(weights) == in_reach
    tables = pair_tables([_relu(1e-5)] * 2, weights, np.zeros(2, np.int64))
    assert (tables is not None) == in_reach
    # Of the first channel more is left.
    weights[1] = 1
    assert pair_tables([_relu(1e-5)] * 2, weights, np.zeros(2, np.int64)) is not None


@pytest.mark.parametrize("output", [-128, -1, 0, 77, 127])
def test_the_second_of_a_pair_may_be_constant(output: int) -> None:
    weights = np.array([[5, -3], [4, 2]], np.int64)
    still = DoubleRounding(*quantize_multiplier(1e-9), output, (-128, 127))
    tables = pair_tables([_relu(0.02), still], weights, np.array([100, 2**30]))
    assert tables is not None
    assert tables.rounding == "fitted"
    assert not tables.varying[0]
    start = int(tables.second[0] - tables.first[0])
    product = start * int(tables.multipliers[0, 1]) >> 32
    assert product + int(tables.extras[0, 1]) >> SECOND_FRACTION_BITS == still.value(2**30)


@pytest.mark.parametrize("row", [1, 3, 4, 9, 12])
@pytest.mark.parametrize("height", [1, 3, 5])
def test_taps_come_by_quads_of_rows_then_ends(height: int, row: int) -> None:
    order = tap_order(height, row)
    assert order.size % 4 == 0
    assert sorted(order[order >= 0]) == list(range(height * row))
    whole = row // 4 * 4
    taps = np.arange(height * row).reshape(height, row)
    np.testing.assert_array_equal(order[: height * whole], taps[:, :whole].reshape(-1))
    weights = _weights(2, height * row)
    arranged = in_order(weights, order)
    np.testing.assert_array_equal(arranged[:, order >= 0], weights[:, order[order >= 0]])
    assert not arranged[:, order < 0].any()


def test_ranges_are_what_int8_inputs_can_reach() -> None:
    weights = np.array([[3, -2], [0, 0]], np.int64)
    biases = folded_biases(weights, np.array([10, 7]), 5)
    assert list(biases) == [10 - 5, 7]
    (both, constant) = sum_ranges(weights, biases)
    assert (both.low, both.high) == (5 - 3 * 128 - 2 * 127, 5 + 3 * 127 + 2 * 128)
    assert (constant.low, constant.high) == (7, 7)


def test_sums_beyond_int32_have_no_tables() -> None:
    weights = np.full((1, 4), 127, np.int64)
    assert channel_tables([], weights, np.array([2**31 - 100])) is None
