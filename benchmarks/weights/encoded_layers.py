"""Models of dense layers whose weights can be encoded, to measure kernels and decoders by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from support.cases.encoded import EncodedCase, add_encoded
from support.cases.kernels import KernelCases

_SIZES = ((784, 300), (300, 100), (128, 128), (100, 40), (640, 64), (64, 20), (256, 10))
_KINDS = ((0.9, 7), (0.92, 31), (0.97, 31), (0.8, 15), (0.5, 60), (0.0, 2), (0.0, 4), (0.95, 14),
          (0.0, 16), (0.6, 100), (0.0, 30), (0.85, 3), (0.94, 15))  # fmt: skip
"""Share of zeros, and values beside."""
_WIDE_SIZES = ((784, 40), (300, 100), (128, 64), (64, 20), (256, 10))
_WIDE_KIND = (0.0, 60)
"""Indices of 6 bits, which some cores look up in a way of its own."""
_THINNED = ((2, 0.0, 15), (1, 0.0, 31), (2, 0.3, 100), (1, 0.2, 3), (2, 0.0, 3))
"""How many of four weights are there, the share of these that is 0, and values beside."""
ENCODED_MODELS = 5
_TWO_ROUNDINGS = (2, 4)
"""Of these outputs vary over all of int8, which no fitted line can do."""
_OF_FOUR = (3, 4)
"""Of these all weights are of N:M patterns."""


def encoded_model(number: int) -> bytes:
    """One of so many models: each size several times, with weights of different kinds."""
    cases = KernelCases(number)
    for case in _thinned(number) if number in _OF_FOUR else _of_many_kinds(number):
        if number in _TWO_ROUNDINGS:
            add_encoded(cases, replace(case, out_zero=3, gain=0.4))
        else:
            add_encoded(cases, replace(case, out_zero=-128, activation="RELU"))
    return cases.tflite()


def _of_many_kinds(number: int) -> Iterator[EncodedCase]:
    for at, size in enumerate(_SIZES + _SIZES[1:]):
        yield EncodedCase(*size, *_KINDS[(5 * at + number) % len(_KINDS)])
    for size in _WIDE_SIZES:
        yield EncodedCase(*size, *_WIDE_KIND)


def _thinned(number: int) -> Iterator[EncodedCase]:
    for at, size in enumerate(_SIZES + _SIZES[1:]):
        of_four, zeros, values = _THINNED[(2 * at + number) % len(_THINNED)]
        yield EncodedCase(*size, zeros, values, of_four=of_four)
