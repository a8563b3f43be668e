"""Encoded weights come back as they were, from Python's decoders and from C's."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases.decoders import MODULES, READERS, Decoders, every_encoding
from support.cases.encoded import ENCODINGS, thin_fours

from tinycompress.codegen.weights import gap_tokens, huffman, lut, patterns, word_tokens
from tinycompress.codegen.weights.bits import BitReader, CanonicalCode, canonical_code, pack_bits
from tinycompress.codegen.weights.encoding import checked_rows

Rows = npt.NDArray[np.int64]


@st.composite
def weights(draw: st.DrawFn) -> Rows:
    """Of any size and sparsity, with 1 to 256 values; some rows may be empty."""
    rows, inputs = draw(st.integers(1, 7)), draw(st.integers(1, 90))
    count = draw(st.sampled_from([1, 2, 3, 4, 8, 16, 17, 32, 64, 100, 256]))
    zeros = draw(st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.9, 0.98, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.choice(np.arange(-128, 128), count, replace=False)
    found = rng.choice(values, (rows, inputs))
    found[rng.random(found.shape) < zeros] = 0
    found[rng.random(rows) < draw(st.sampled_from([0.0, 0.4]))] = 0
    if draw(st.booleans()):
        found = found[:, : inputs // 8 * 8] if inputs >= 8 else np.resize(found, (rows, 8))
        for stride in draw(st.sampled_from([(1,), (1, 2), (1, 2, 4, 8), (8,)])):
            blocks = found[:, : found.shape[1] // (4 * stride) * (4 * stride)]
            fours = blocks.reshape(rows, -1, 4, stride).swapaxes(2, 3).reshape(-1, 4)
            thin_fours(fours, draw(st.integers(1, 2)))
            blocks[:] = fours.reshape(rows, -1, stride, 4).swapaxes(2, 3).reshape(blocks.shape)
    return found.astype(np.int64)


@pytest.fixture(scope="module", params=READERS)
def c(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Decoders:
    return Decoders(tmp_path_factory.mktemp("decoders"), request.param)


@given(weights())
def test_python_decodes_what_it_encodes(rows: Rows) -> None:
    for encoded in every_encoding(rows):
        found = MODULES[encoded.encoding].decode(encoded, rows.shape)
        assert (found == rows).all(), encoded.detail


@given(weights())
def test_c_decodes_what_python_encodes(c: Decoders, rows: Rows) -> None:
    for encoded in every_encoding(rows):
        assert (c.decode(encoded, rows.shape) == rows).all(), encoded.detail


@given(weights(), st.integers(0, 2**32 - 1))
def test_c_multiplies_sparse_weights(c: Decoders, rows: Rows, seed: int) -> None:
    inputs = np.random.default_rng(seed).integers(-128, 128, (rows.shape[1],), np.int8)
    expected = (rows * inputs).sum(axis=1).tolist()
    for encoded in every_encoding(rows):
        if encoded.encoding in ("lut", "huffman") or encoded.numbers.get("stride", 1) > 1:
            continue
        assert c.dot(encoded, rows.shape, inputs) == expected, encoded.detail


@given(weights())
def test_an_encoding_exists_for_all_rows(rows: Rows) -> None:
    found = {encoded.encoding for encoded in every_encoding(rows)}
    assert {"pair_tokens", "huffman"} <= found
    assert found <= set(ENCODINGS)


@pytest.mark.parametrize("shape", [(3, 784), (2, 3000), (1, 1), (40, 1)])
@pytest.mark.parametrize("zeros", [0.0, 0.9, 0.999, 1.0])
def test_long_rows_and_gaps(c: Decoders, shape: tuple[int, int], zeros: float) -> None:
    rng = np.random.default_rng(shape[1])
    rows = rng.integers(-3, 4, shape)
    rows[rng.random(shape) < zeros] = 0
    for encoded in every_encoding(rows):
        assert (c.decode(encoded, shape) == rows).all(), encoded.detail


@given(st.dictionaries(st.integers(0, 300), st.integers(1, 10**6), min_size=1, max_size=200))
def test_codes_are_complete_and_no_longer_than_allowed(counts: dict[int, int]) -> None:
    code = canonical_code(counts, 9)
    assert code is not None
    assert set(code.symbols) == set(counts)
    assert max(code.lengths) <= 9
    kraft = sum(2.0**-length for length in code.lengths)
    assert kraft == 1 or len(counts) == 1
    assert CanonicalCode.of_counts(code.counts.tolist(), code.symbols) == code


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=7), st.sampled_from([3, 4, 6]))
def test_codes_are_as_short_as_can_be(counts: list[int], longest: int) -> None:
    code = canonical_code(dict(enumerate(counts)), longest)
    assert code is not None
    bits = sum(counts[s] * n for s, n in zip(code.symbols, code.lengths, strict=True))
    often = sorted(counts, reverse=True)
    every = itertools.combinations_with_replacement(range(1, longest + 1), len(counts))
    possible = (lengths for lengths in every if sum(2.0**-n for n in lengths) <= 1)
    assert bits == min(sum(c * n for c, n in zip(often, each, strict=True)) for each in possible)


def test_more_symbols_than_codes_have_none() -> None:
    assert canonical_code(dict.fromkeys(range(17), 1), 4) is None


@given(
    st.lists(st.integers(0, 20).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**n - 1))))
)
def test_bits_are_read_as_they_were_packed(pairs: list[tuple[int, int]]) -> None:
    widths, values = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    reader = BitReader(pack_bits(values, widths))
    assert [reader.read(width) for width, _ in pairs] == [value for _, value in pairs]


def test_look_ups_of_codes_yield_up_to_three_weights() -> None:
    # Codes of 1, 2 and 2 bits, of which three, or four bits' worth, are in a look-up of 8 bits.
    few = np.array([[5, 5, 5, 5, 5, 5, 7, 9, 7]])
    encoded = huffman.encode(few, 8)
    assert encoded is not None
    assert encoded.symbols == 3
    # Codes of 6 bits: one in a look-up of 8 bits.
    even = np.arange(64).reshape(1, 64)
    alone = huffman.encode(even, 8)
    assert alone is not None
    assert alone.symbols == 64
    # 64 runs of four entries, and 256 entries in eights.
    assert alone.entries == 64 + 32


@pytest.mark.parametrize(("values", "left_over"), [(2, None), (4, 16), (8, None), (16, 8)])
def test_vectors_look_up_sixteen_indices_at_once(values: int, left_over: int | None) -> None:
    """Indices in the last words of a row that fill no vector are looked up alone, at twice that."""
    (whole,) = lut.encodings(np.arange(512).reshape(4, 128) % values)
    (more,) = lut.encodings(np.arange(544).reshape(4, 136) % values)
    if left_over is None:
        assert [lut.by_vectors(each) for each in (whole, more)] == [whole, more]
        return
    assert [lut.by_vectors(each).entries for each in (whole, more)] == [0, 0]
    assert lut.by_vectors(whole).symbols == 4 * 128 // 16
    assert lut.by_vectors(more).symbols == 4 * (128 // 16 + 2 * left_over)


def test_what_an_encoding_cannot_hold_is_left_out() -> None:
    many = np.arange(-128, 128).reshape(2, 128)
    assert lut.encode(many, 6) is None
    assert word_tokens.encode(many, "byte_tokens", 4) is None
    assert word_tokens.encode(np.ones((1, 2000), np.int64), "pair_tokens", None) is None
    assert huffman.encode(many, 7) is None
    assert gap_tokens.encode(many, 1, 0, 7) is None
    assert list(gap_tokens.encodings(many)) == list(word_tokens.encodings(many)) == []


@pytest.mark.parametrize("stride", patterns.STRIDES)
@pytest.mark.parametrize(("kept", "bits"), [(1, 2), (2, 3)])
def test_patterns_are_of_one_or_two_in_four(kept: int, bits: int, stride: int) -> None:
    rng = np.random.default_rng(6)
    fours = rng.integers(1, 16, (3 * 40, 4))
    thin_fours(fours, kept)
    mixed = rng.permuted(fours, axis=1).reshape(3, -1, stride, 4).swapaxes(2, 3)
    rows = np.ascontiguousarray(mixed).reshape(3, 160)
    every = list(patterns.encodings_of_tiles(rows))
    found = [each for each in every if each.numbers.get("stride", 1) == stride]
    assert [each.numbers["longest"] for each in found] == [8, 10]
    assert min(every, key=lambda each: each.size_bytes) in found
    assert found[0].numbers["pattern_bits"] == bits
    assert found[0].arrays["patterns"].size == -(-3 * 40 // (32 // bits))
    # A bit for each weight is what a Huffman code needs to say that it is 0.
    whole = huffman.encode(rows, 10)
    assert whole is not None
    assert found[-1].size_bytes < whole.size_bytes
    rows[1, :24] = 5
    assert list(patterns.encodings_of_tiles(rows)) == []
    assert list(patterns.encodings_of_tiles(rows[:, :-1])) == []


@given(weights(), st.sampled_from(huffman.LONGEST))
def test_look_ups_of_a_huffman_code_are_counted(rows: Rows, longest: int) -> None:
    """Against a table as decode/huffman.h makes it, read from the stream itself."""
    encoded = huffman.encode(rows, longest)
    if encoded is None:
        return
    described = encoded.arrays["codes"].tolist()
    code = CanonicalCode.of_counts(described[:longest], described[longest:])
    bits = "".join(f"{byte:08b}" for byte in encoded.arrays["code"].astype("<u4").tobytes())
    found = {f"{value:0{length}b}": symbol for symbol, (value, length) in code.codes.items()}
    weights_left, at, look_ups = rows.size, 0, 0
    while weights_left > 0:
        window, used = bits[at : at + longest].ljust(longest, "0"), 0
        for _ in range(3):
            length = next(
                (n for n in range(1, longest - used + 1) if window[used : used + n] in found), 0
            )
            if length == 0:
                break
            used, weights_left = used + length, weights_left - 1
        at, look_ups = at + used, look_ups + 1
    assert encoded.symbols == look_ups


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((0, 4)), np.full((1, 1), 128)])
def test_rows_must_be_an_int8_matrix(bad: Rows) -> None:
    with pytest.raises(ValueError, match="no int8 matrix"):
        checked_rows(bad)
