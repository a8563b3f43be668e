"""Messages between a process and its oracle: a JSON header, then raw bytes.

A message is the header's length (32-bit little-endian), the header, then the payloads that the
header's ``sizes`` announce. Arrays travel as payloads with their dtype and shape in the header.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_LENGTH = struct.Struct("<I")


def send(stream: IO[bytes], header: dict[str, Any], payloads: Sequence[bytes] = ()) -> None:
    """Write one message and flush."""
    text = json.dumps(header | {"sizes": [len(payload) for payload in payloads]}).encode()
    for part in (_LENGTH.pack(len(text)), text, *payloads):
        stream.write(part)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message; EOFError if the stream ends in the middle or before it."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    header = json.loads(_exactly(stream, length))
    return header, [_exactly(stream, size) for size in header["sizes"]]


def describe(arrays: Sequence[npt.NDArray[Any]]) -> list[tuple[str, list[int]]]:
    """What the header says of arrays: dtype and shape of each."""
    return [(array.dtype.str, list(array.shape)) for array in arrays]


def arrays(description: Sequence[Any], payloads: Sequence[bytes]) -> list[npt.NDArray[Any]]:
    """Arrays, writable and owning their data, from their description and payloads."""
    return [
        np.frombuffer(payload, np.dtype(dtype)).reshape(shape).copy()
        for (dtype, shape), payload in zip(description, payloads, strict=True)
    ]


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError("the stream ended")
    return data
