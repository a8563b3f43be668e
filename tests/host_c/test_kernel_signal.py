"""TFLM's signal operators: each over random shapes, constants, options and extreme inputs."""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.sequences import Sample, differing_in
from support.cases.signal import ADDERS, SignalCases
from support.models.collection import SHIPPED
from support.models.signal_files import SUBTRACTION, signal_op
from support.models.tflite_files import Builder

from tinycompress.ir.signal import SIGNAL_OPTIONS

PREPROCESSOR = SHIPPED / "models" / "tflm" / "audio_preprocessor_int8.tflite"


def test_every_operator_has_cases() -> None:
    assert {f"Signal{code}" for code in ADDERS} == set(SIGNAL_OPTIONS)


@pytest.mark.parametrize("code", ADDERS)
def test_a_signal_operator_is_exact(code: str) -> None:
    assert SignalCases(41, code).mismatches("tflm", count=4) == []


def test_signal_operators_have_no_undefined_behaviour() -> None:
    assert SignalCases(42, count=3).sanitized_mismatches("tflm") == 0


CORES = {"dsp": {"core": "cortex-m4", "dsp": True}, "ref": {"core": "cortex-m0plus", "dsp": False}}


@pytest.mark.parametrize("family", CORES)
def test_every_transform_is_exact(family: str) -> None:
    """More lengths than the cases of all operators have, by the kernel of either core."""
    cases = SignalCases(43, "Rfft", count=14)
    cases.target = CORES[family]
    assert {layer.kernel for layer in cases.sources().layers} == {f"signal_rfft_s16_{family}"}
    assert cases.mismatches("tflm", count=4) == []
    assert cases.sanitized_mismatches("tflm") == 0


def _frames(seed: int, count: int) -> list[Sample]:
    """Noise of all volumes, silence and full scale between."""
    rng = np.random.default_rng(seed)
    frames = rng.standard_normal((count, 1, 480)) * 2.0 ** rng.uniform(0, 17, (count, 1, 1))
    frames[::7] = 0
    frames[1::7] = -(2**15)
    frames[2::7] = rng.choice([-(2**15), 2**15 - 1], frames[2::7].shape)
    return [(frame,) for frame in np.clip(frames, -(2**15), 2**15 - 1).astype(np.int16)]


def test_micro_speechs_preprocessor_is_exact_over_time() -> None:
    """The estimate of the noise is kept from frame to frame, and forgotten by a reset."""
    sequences = [_frames(1, 120), _frames(2, 30)]
    assert differing_in(PREPROCESSOR.read_bytes(), "tflm", sequences) == 0


@pytest.mark.parametrize("clamping", [True, False])
def test_the_estimate_of_the_noise_is_state(clamping: bool) -> None:
    b = Builder()
    x = b.tensor([40], "UINT32", name="x")
    outputs = [b.tensor([40], "UINT32"), b.tensor([40], "UINT32")]
    chosen = {**SUBTRACTION, "clamping": clamping}
    signal_op(b, "FilterBankSpectralSubtraction", [x], outputs, chosen)
    rng = np.random.default_rng(5)
    frames = rng.integers(0, 2**32, (40, 40)) >> rng.integers(0, 32, (40, 1))
    sequence = [(frame.astype(np.uint32),) for frame in frames]
    assert differing_in(b.pack([x], outputs), "tflm", [sequence, sequence[::-1]]) == 0


def test_part_of_a_spectrum() -> None:
    """What is outside the range is 0 here; the runtime leaves it as it was, so it is cut off."""
    b = Builder()
    x, energies = b.tensor([64], "INT16", name="x"), b.tensor([32], "UINT32")
    whole = b.tensor([32], "INT32")
    part = b.tensor([19], "INT32")
    signal_op(b, "Energy", [x], [energies], {"start_index": 3, "end_index": 22})
    b.op("CAST", [energies], [whole], options("Cast"))
    begin, size = (b.tensor([1], "INT32", data=np.array([n], "<i4")) for n in (3, 19))
    b.op("SLICE", [whole, begin, size], [part], options("Slice"))
    sequence = [
        (np.random.default_rng(n).integers(-(2**15), 2**15, 64, np.int16),) for n in range(3)
    ]
    assert differing_in(b.pack([x], [part]), "tflm", [sequence]) == 0
