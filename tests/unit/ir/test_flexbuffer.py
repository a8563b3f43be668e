"""Options of custom operators: what the flatbuffers package writes, and bytes that nobody wrote."""

from __future__ import annotations

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st
from support.models.collection import SHIPPED
from support.models.signal_files import SUBTRACTION, flexbuffer

from tinycompress.ir.flexbuffer import MAX_ENTRIES, read_integers
from tinycompress.ir.graph import Op
from tinycompress.ir.reader import read_model
from tinycompress.ir.signal import SIGNAL_OPTIONS, is_signal, signal_options

NAMES = st.text("abcdefghij_", min_size=1, max_size=12)


def signal(code: str, data: bytes) -> Op:
    return Op(0, "CUSTOM", (), (), custom_code=f"Signal{code}", custom_options=data)


@given(st.dictionaries(NAMES, st.integers(-(2**63), 2**63 - 1) | st.booleans(), max_size=20))
def test_maps_of_integers(entries: dict[str, int]) -> None:
    found = read_integers(flexbuffer(entries))
    assert found == {name: int(entries[name]) for name in sorted(entries)}
    assert list(found) == sorted(entries)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = read_integers(data)
    except ValueError:
        return
    assert all(isinstance(value, int) for value in found.values())


@given(st.data())
def test_damaged_maps_are_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(flexbuffer(SUBTRACTION))
    for _ in range(3):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_integers(bytes(whole))
    except ValueError:
        return
    assert len(found) <= MAX_ENTRIES


def test_an_unsigned_integer_has_a_sign_as_in_tflm() -> None:
    """TFLM reads a slot of one byte that holds 200 as -56."""
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("a")
        builder.UInt(200)
    assert read_integers(bytes(builder.Finish())) == {"a": -56}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes are no flexbuffer"),
        (flexbuffers.Dumps([1, 2]), "no flexbuffer with a map"),
        (flexbuffers.Dumps({"a": 1.5}), "option a is no integer"),
        (flexbuffers.Dumps({f"k{n}": n for n in range(MAX_ENTRIES + 1)}), "65 entries"),
        (flexbuffer({"a": 1})[1:], "point outside|no end|options|no integer"),
    ],
)
def test_what_is_no_map_of_integers_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_integers(bytes(data))


def test_options_of_a_real_model() -> None:
    path = SHIPPED / "models" / "tflm" / "audio_preprocessor_int8.tflite"
    ops = [op for op in read_model(path.read_bytes()).main.ops if is_signal(op)]
    found = {op.custom_code: signal_options(op) for op in ops}
    assert set(found) == set(SIGNAL_OPTIONS)
    assert found["SignalFilterBankSpectralSubtraction"] == SUBTRACTION
    assert found["SignalRfft"] == {"T": 7, "fft_length": 512}
    assert found["SignalFftAutoScale"] == {}


def test_options_of_another_name_are_refused() -> None:
    with pytest.raises(ValueError, match="they are shifts; expected shift"):
        signal_options(signal("Window", flexbuffer({"shifts": 3})))
