"""Signal-to-noise ratios, and warnings where an integer output's values collapse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinycompress.artifacts import TensorSpec
from tinycompress.ir.quantize import quantize
from tinycompress.quality.collapse import collapse_warnings, label_warnings
from tinycompress.quality.plain import agreement_json, agreement_lines
from tinycompress.quality.signal import agreement_of, signal_to_noise_db

RNG = np.random.default_rng(3)
BOXES = RNG.uniform(0, 640, (200, 4)).astype(np.float32)
SCORES = RNG.uniform(0, 1, (200, 4)).astype(np.float32)
JOINED = np.concatenate([BOXES, SCORES], axis=1)
WIDE = TensorSpec("out", (1, 8), "int8", 2.51, -128)


def test_a_ratio_of_ten_is_ten_decibels() -> None:
    assert signal_to_noise_db(np.full(4, 10.0), np.full(4, 9.0)) == pytest.approx(20.0)
    assert signal_to_noise_db(np.ones(3), np.ones(3)) == math.inf


def test_each_channel_is_told_and_the_swamped_ones_are_warned_of() -> None:
    found = agreement_of(0, WIDE, JOINED, quantize(JOINED, WIDE))
    assert found.samples == 200
    assert found.snr_db > 30
    assert min(one.snr_db for one in found.channels[:4]) > 30
    assert max(one.snr_db for one in found.channels[4:]) < 1
    assert {one.used_values for one in found.channels[4:]} == {1}
    (text,) = collapse_warnings(found, WIDE)
    assert text.startswith("values 4..7 of output 'out' never left 0")
    assert "they are lost; give them an output of their own, or scale them" in text
    assert text.endswith("or use --activations int16")
    assert collapse_warnings(found, WIDE, one_range=True) == ()


def test_int16_has_steps_for_both() -> None:
    spec = TensorSpec("out", (1, 8), "int16", 640 / 32767, 0)
    assert collapse_warnings(agreement_of(0, spec, JOINED, quantize(JOINED, spec)), spec) == ()


def test_values_that_lost_their_steps_on_the_way_have_collapsed() -> None:
    spec = TensorSpec("out", (1, 4), "int8", 1 / 256, -128)
    stored = np.where(SCORES > 0.5, 127, -128).astype(np.int8)
    found = agreement_of(0, spec, SCORES, stored)
    (text,) = collapse_warnings(found, spec, one_range=True)
    assert text.startswith("output 'out' collapsed: 2 different int8 values on 200 samples where")
    stored = quantize(SCORES, spec)
    stored[:, 2] = 5
    (text,) = collapse_warnings(agreement_of(0, spec, SCORES, stored), spec)
    assert text.startswith("value 2 of output 'out' collapsed: 1 different int8 value on")


def test_a_constant_output_loses_nothing() -> None:
    spec = TensorSpec("out", (1, 2), "int8", 0.5, 0)
    values = np.tile(np.array([3.2, -1.1], np.float32), (50, 1))
    assert collapse_warnings(agreement_of(0, spec, values, quantize(values, spec)), spec) == ()


def test_saturation_is_told_with_what_is_reached() -> None:
    spec = TensorSpec("out", (1, 1), "int8", 43.6 / 255, -128)
    values = RNG.uniform(0, 70, (300, 1)).astype(np.float32)
    found = agreement_of(0, spec, values, quantize(values, spec))
    assert found.clipped == pytest.approx(1 - 43.6 / 70, abs=0.06)
    (text,) = collapse_warnings(found, spec)
    assert text.startswith("output 'out' saturates: ")
    assert "beyond the 0 to 43.6 that its int8 values reach: calibrate" in text


def test_labels_beyond_the_reach_are_told_without_a_float_model() -> None:
    spec = TensorSpec("out", (1, 1), "int8", 43.6 / 255, -128)
    (text,) = label_warnings(RNG.uniform(0, 70, (300, 1)), spec)
    assert "of the labels' values" in text
    assert label_warnings(RNG.uniform(0, 43, (300, 1)), spec) == ()
    floats = TensorSpec("out", (1, 1), "float32", 1.0, 0)
    assert label_warnings(RNG.uniform(0, 70, (300, 1)), floats) == ()


def test_a_probability_of_one_does_not_saturate() -> None:
    spec = TensorSpec("out", (1, 2), "int8", 1 / 256, -128)
    values = np.tile(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), (50, 1))
    found = agreement_of(0, spec, values, quantize(values, spec))
    assert found.clipped == 0.0


def test_noise_without_another_cause_is_told() -> None:
    spec = TensorSpec("out", (1, 3), "int8", 1 / 100, 0)
    wanted = RNG.uniform(-1, 1, (100, 3)).astype(np.float32)
    noisy = quantize((wanted + RNG.normal(0, 1, wanted.shape)).astype(np.float32), spec)
    (text,) = collapse_warnings(agreement_of(0, spec, wanted, noisy), spec)
    assert "`inspect --compare` names the first layer that does" in text


def test_an_agreement_in_lines_and_json() -> None:
    found = agreement_of(0, WIDE, JOINED, quantize(JOINED, WIDE))
    (line,) = agreement_lines((found,), "int8")
    assert line.startswith("signal to noise: ")
    assert "(values 0..3 " in line
    assert ", values 4..7 " in line
    told = agreement_json(found)
    assert (told["equal"], len(told["channels"])) == (False, 8)
    real = np.full((4, 2), 2.0, np.float32)
    spec = TensorSpec("out", (1, 2), "int8", 1.0, 0)
    same = agreement_json(agreement_of(1, spec, real, quantize(real, spec)))
    assert (same["equal"], same["snr_db"], same["channels"][0]["snr_db"]) == (True, None, None)
