"""Blocks of weights whose sums fit half a word: their lengths, and the stream that has them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.words import block_lengths, words_stream, worthwhile_blocks


@given(
    st.integers(1, 30).flatmap(
        lambda steps: arrays(np.int64, (8, 2 * steps), elements=st.integers(-128, 127))
    )
)
def test_sums_of_a_block_fit_int16_for_all_inputs(weights: Int64s) -> None:
    lengths = block_lengths(weights)
    if lengths is None:
        pairs = np.abs(weights).reshape(8, -1, 2).sum(axis=2)
        assert pairs.max() > 255
        return
    assert 2 * sum(lengths) == weights.shape[1]
    assert all(1 <= length <= 255 for length in lengths)
    for block in np.split(weights, 2 * np.cumsum(lengths)[:-1], axis=1):
        for end in (-128, 127):
            other = -1 - end
            most = np.where(block > 0, end * block, other * block).sum(axis=1)
            assert most.min() >= -(2**15)
            assert most.max() < 2**15


def test_blocks_are_as_long_as_can_be() -> None:
    weights = np.zeros((8, 1040), np.int64)
    assert block_lengths(weights) == [255, 255, 10]
    weights[3, 0], weights[3, 9], weights[3, 10] = 127, -128, 1
    assert block_lengths(weights) == [5, 255, 255, 5]
    weights[0, 500:502] = -128
    assert block_lengths(weights) is None


def test_blocks_that_are_short_on_average_are_not_worth_it() -> None:
    weights = np.full((8, 112), 20, np.int64)
    assert block_lengths(weights) == [6] * 9 + [2]
    assert worthwhile_blocks(weights) == [[6] * 9 + [2]]
    assert worthwhile_blocks(2 * weights) is None
    # Four bytes of lengths are more than 2 % of 64 weights.
    assert worthwhile_blocks(np.ones((8, 8), np.int64)) is None
    assert worthwhile_blocks(weights[:7]) is None


def test_more_blocks_than_a_byte_counts_words_of_are_none() -> None:
    """256 words of lengths and more ended in an OverflowError."""
    weights = np.full((8, 7 * 2 * 1100), 18, np.int64)
    assert len(block_lengths(weights) or ()) == 1100
    assert worthwhile_blocks(weights) is None
    few = weights[:, : 14 * 1019]
    assert worthwhile_blocks(few) == [[7] * 1019]


def _int32s(words: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> list[int]:
    return [int(value) for value in words.astype("<u4").view("<i4")]


@pytest.mark.parametrize("channels", [8, 19])
def test_the_stream(channels: int) -> None:
    rng = np.random.default_rng(channels)
    weights = rng.integers(-20, 21, (channels, 64))
    biases = rng.integers(-(2**31), 2**31, channels)
    tables = ChannelTables(
        "fitted", biases, rng.integers(0, 2**31, channels), rng.integers(-(2**15), 2**15, channels)
    )
    blocks = worthwhile_blocks(weights)
    assert blocks is not None
    assert len(blocks) == channels // 8
    stored = np.where(weights >= 0, weights - 128, weights + 128)
    stream = words_stream(stored, tables, blocks)
    for number, lengths in enumerate(blocks):
        eight = slice(8 * number, 8 * number + 8)
        begin, stream = _int32s(stream[:8]), stream[8:]
        for four in (0, 4):
            upper = begin[four + 2 : four + 4]
            lower = [
                word - (high << 16) + 0x8000 * len(lengths)
                for word, high in zip(begin[four : four + 2], upper, strict=True)
            ]
            found = np.array([*lower, *upper], np.int64).astype(np.int32)
            np.testing.assert_array_equal(found, biases[eight][four : four + 4])
        text = stream.astype("<u4").tobytes()
        assert list(text[1 : 1 + len(lengths)]) == lengths
        assert text[0] == -(-(1 + len(lengths)) // 4)
        stream = stream[text[0] :]
        data = np.frombuffer(stream[:128].astype("<u4").tobytes(), np.uint8).reshape(64, 8)
        np.testing.assert_array_equal(data.T.astype(np.int64) - 128, weights[eight])
        stream = stream[128:]
        np.testing.assert_array_equal(
            np.concatenate([stream[:4], stream[6:10]]), tables.multipliers[eight]
        )
        stream = stream[12:]
    assert stream.size == 0
