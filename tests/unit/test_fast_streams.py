"""Weights in the order of the fast kernels: every weight once, in its place, and tables behind."""

from __future__ import annotations

import numpy as np
import pytest

from tinycompress.codegen.ops.channels import (
    ChannelTables,
    Int64s,
    channel_tables,
    folded_biases,
    sum_ranges,
)
from tinycompress.codegen.ops.streams import (
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
)


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


@pytest.mark.parametrize("inputs", [1, 3, 4, 9, 16])
@pytest.mark.parametrize("channels", [2, 3, 4, 7])
def test_pair_stream(channels: int, inputs: int) -> None:
    weights, tables = _weights(channels, inputs), _tables(channels)
    blocks = pair_stream(weights, tables).reshape(-1, pair_words(inputs))
    assert len(blocks) == -(-channels // 2)
    for number, block in enumerate(blocks):
        first = min(2 * number, channels - 2)
        quads = block[2:-3].reshape(quad_count(inputs), 2)
        for c in range(2):
            row = _int8s(np.ascontiguousarray(quads[:, c]))
            assert _int32(block[c]) == tables.biases[first + c]
            assert row[:inputs] == list(weights[first + c])
            assert not any(row[inputs:])
            assert block[-3 + c] == tables.multipliers[first + c]
        extras = np.array(block[-1:]).astype("<u4").view(np.int16)
        assert list(extras) == list(tables.extras[first : first + 2])


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


@pytest.mark.parametrize(("pack", "group"), [(quad_stream, 4), (eight_stream, 8)])
@pytest.mark.parametrize("outputs", [1, 4, 7, 8, 18])
def test_dense_streams_hold_every_weight_once(pack: object, group: int, outputs: int) -> None:
    assert callable(pack)
    inputs = 6
    weights = _weights(outputs, inputs)
    biases = np.arange(outputs) * 1000 - 5
    words = pack(weights, biases)
    whole = outputs // group * group
    assert words.size == outputs + (
        whole * (2 if pack is quad_stream else 0) + (whole * inputs // 4 if group == 8 else 0)
    ) + (outputs - whole) * quad_count(inputs)
    rest = words[words.size - (outputs - whole) * 3 :].reshape(-1, 3)
    for row, bias, block in zip(weights[whole:], biases[whole:], rest, strict=True):
        assert _int32(block[0]) == bias
        assert _int8s(block[1:])[:inputs] == list(row)
    if whole:
        assert [_int32(word) for word in words[:group]] == list(biases[:group])


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
