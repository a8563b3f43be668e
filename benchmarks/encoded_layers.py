"""Models of dense layers whose weights can be encoded, to measure kernels and decoders by."""

from __future__ import annotations

from support.cases.encoded import EncodedCase, add_encoded
from support.cases.kernels import KernelCases

_SIZES = ((784, 300), (300, 100), (128, 128), (100, 40), (640, 64), (64, 20), (256, 10))
_KINDS = ((0.9, 7), (0.92, 31), (0.97, 31), (0.8, 15), (0.5, 60), (0.0, 2), (0.0, 4), (0.3, 7),
          (0.0, 16), (0.6, 100), (0.0, 30), (0.85, 3))  # fmt: skip
"""Share of zeros, and values beside."""
ENCODED_MODELS = 2


def encoded_model(number: int) -> bytes:
    """One of so many models: each size several times, with weights of different kinds."""
    cases = KernelCases(number)
    for at, (inputs, outputs) in enumerate(_SIZES + _SIZES[1:]):
        zeros, values = _KINDS[(3 * at + 5 * number) % len(_KINDS)]
        out_zero, activation = ((-128, "RELU"), (3, "NONE"))[(at + number) % 2]
        add_encoded(
            cases,
            EncodedCase(inputs, outputs, zeros, values, out_zero=out_zero, activation=activation),
        )
    return cases.tflite()
