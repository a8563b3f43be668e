"""Streams of kernels, split into tables and int8 weights, and what decoding their tiles costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded_conv import FAMILIES, FewValues

from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.choosing.candidates import Candidate, candidates
from tinycompress.codegen.choosing.select import leaner_kin
from tinycompress.codegen.layer import ConstArray, KernelFamily, Layer, Rounding
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.state import resolve_state
from tinycompress.codegen.weights.tiles import GroupWords, rows_of, tables_of
from tinycompress.ir.reader import read_model

_POINTWISE = ConvCase(
    channels=64, outputs=32, kernel=(1, 1), height=2, width=3, activation="RELU", out_zero=-128,
    gain=0.004,
)  # fmt: skip


def _offers(case: ConvCase, family: str, weights: str = "auto") -> tuple[Candidate, ...]:
    cases = FewValues(5)
    add_conv(cases, case)
    graph = run_passes(resolve_state(read_model(cases.tflite())))
    options = CodegenOptions(weights=weights, **FAMILIES[family])  # type: ignore[arg-type]
    return candidates(graph, graph.ops[0], options)


def _tiled(case: ConvCase, family: str) -> list[Layer]:
    found = [each.layers[0] for each in _offers(case, family)]
    return [layer for layer in found if layer.encoded is not None]


@pytest.mark.parametrize("rounding", ["fitted", "two_roundings"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_is_split_and_made_again(family: KernelFamily, rounding: Rounding) -> None:
    rng = np.random.default_rng(3)
    words = GroupWords.of(family, rounding, 40)
    stream = rng.integers(0, 2**32, 7 * words.all, np.uint32)
    rows, tables = rows_of(stream, words, family), tables_of(stream, words)
    assert rows.shape == (7, 4 * words.weights)
    assert rows.min() >= -128
    assert rows.max() <= 127
    stored = np.ascontiguousarray(rows & 0xFF, np.uint8)
    if family == "thumb1":
        stored = stored ^ np.uint8(0x80)
    if family == "dsp":
        low, high = rows[:, 0::2], rows[:, 1::2]
        stored = np.ascontiguousarray(256 * high + low & 0xFFFF, "<u2").view(np.uint8)
    tables = tables.reshape(7, -1)
    again = [tables[:, : words.head], stored.view("<u4"), tables[:, words.head :]]
    assert (np.concatenate(again, axis=1).reshape(-1) == stream).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_tiles_are_offered_from_all_channels_down_to_one_group(family: str) -> None:
    layers = _tiled(_POINTWISE, family)
    kinds = {layer.leaner_kin for layer in layers}
    assert len(kinds) >= 3
    for kind in kinds:
        tiles = [
            layer.encoded.tiles for layer in layers if layer.leaner_kin == kind if layer.encoded
        ]
        memory = [layer.scratch_bytes for layer in layers if layer.leaner_kin == kind]
        groups = {"mve": 8, "dsp": 16, "mla": 8, "thumb1": 4}[family]
        assert tiles == [2**n for n in range(groups.bit_length())]
        assert memory == sorted(memory, reverse=True)


def test_only_one_tile_of_all_channels_may_overlap_the_input() -> None:
    for layer in _tiled(_POINTWISE, "dsp"):
        assert layer.encoded is not None
        assert (layer.overlap is not None) == (layer.encoded.tiles == 1)
    odd = _tiled(replace(_POINTWISE, outputs=31), "dsp")
    assert odd
    assert all(layer.overlap is None for layer in odd)


def test_the_leaner_kin_of_a_tile_is_smaller_and_nearly_as_fast() -> None:
    wide = replace(_POINTWISE, outputs=128, height=8, width=8)
    offers = _offers(wide, "dsp")
    first = next(each for each in offers if each.is_encoded)
    assert first.cost is not None
    taken, steps = first, 0
    while (leaner := leaner_kin(offers, taken)) is not None:
        assert leaner.scratch_bytes < taken.scratch_bytes
        assert leaner.cost is not None
        assert leaner.cost <= 1.05 * first.cost
        taken, steps = leaner, steps + 1
    smallest = [each for each in offers if each.kin == first.kin][-1]
    assert smallest.cost is not None
    assert smallest.cost > 1.05 * first.cost
    assert 1 <= steps < 6


def test_encoded_tiles_take_less_flash_and_more_cycles() -> None:
    offers = _offers(_POINTWISE, "dsp")
    plain = offers[0]
    assert plain.cost is not None
    for each in offers:
        if each.is_encoded:
            assert each.cost is not None
            assert each.cost > plain.cost
    assert min(each.data_bytes for each in offers) < 0.7 * plain.data_bytes


def test_weights_stay_plain_where_asked() -> None:
    assert not any(each.is_encoded for each in _offers(_POINTWISE, "dsp", "plain"))


def test_thumb1_tiles_are_of_whole_eights() -> None:
    assert _tiled(_POINTWISE, "thumb1")
    assert not _tiled(replace(_POINTWISE, outputs=30), "thumb1")


def test_weights_of_a_layer_are_its_own() -> None:
    for layer in _tiled(_POINTWISE, "mla"):
        assert layer.encoded is not None
        assert layer.encoded.weights == 64 * 32
        assert "conv.stream" not in layer.params
        assert isinstance(layer.params["weights.tables"], ConstArray)
