"""TensorFlow Lite Micro's signal operators: custom operators whose options are a flexbuffer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.ir.flexbuffer import read_integers
from tinycompress.ir.graph import Op

INT16_TYPE = 7
"""TensorType_INT16: the option ``T`` of operators for several types."""

SIGNAL_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "SignalEnergy": ("end_index", "start_index"),
        "SignalFftAutoScale": (),
        "SignalFilterBank": ("num_channels",),
        "SignalFilterBankLog": ("input_correction_bits", "output_scale"),
        "SignalFilterBankSpectralSubtraction": (
            "alternate_one_minus_smoothing",
            "alternate_smoothing",
            "clamping",
            "min_signal_remaining",
            "num_channels",
            "one_minus_smoothing",
            "smoothing",
            "smoothing_bits",
            "spectral_subtraction_bits",
        ),
        "SignalFilterBankSquareRoot": (),
        "SignalPCAN": ("snr_shift",),
        "SignalRfft": ("T", "fft_length"),
        "SignalWindow": ("shift",),
    }
)
"""By custom code, the options in the order in which TFLM takes them from the buffer."""

SIGNAL_STATE = frozenset({"SignalFilterBankSpectralSubtraction"})
"""Those that keep state between invocations."""


def is_signal(op: Op) -> bool:
    """Whether an operator is one of them."""
    return op.kind == "CUSTOM" and op.custom_code in SIGNAL_OPTIONS


def signal_options(op: Op) -> dict[str, int]:
    """The options of a signal operator.

    Raises:
        ValueError: They are damaged, or others than TFLM expects at their places.
    """
    expected = SIGNAL_OPTIONS[op.custom_code]
    if not expected:
        return {}
    found = read_integers(op.custom_options)
    if tuple(found) != expected:
        raise ValueError(f"they are {', '.join(found) or 'none'}; expected {', '.join(expected)}")
    return found
