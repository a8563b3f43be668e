"""Damaged streams of weights under sanitizers: no decoder writes outside of a row or its table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.cases.decoders import READERS, DecoderCall, every_encoding
from support.cases.encoded import ENCODINGS, EncodedCase, weights_of
from support.host_model import SANITIZER_FLAGS, compile_c

from tinycompress import _proc
from tinycompress.codegen.kernel_files import engine_dir

_CASES = (
    EncodedCase(inputs=40, outputs=9, zeros=0.9),
    EncodedCase(inputs=97, outputs=3, zeros=0.5, values=3),
    EncodedCase(inputs=300, outputs=2, zeros=0.97, values=14),
    EncodedCase(inputs=31, outputs=5, zeros=0.2, values=200),
    EncodedCase(inputs=1, outputs=4, zeros=0.5, values=1),
    EncodedCase(inputs=96, outputs=5, zeros=0.0, values=15, of_four=2),
    EncodedCase(inputs=64, outputs=3, zeros=0.0, values=90, of_four=1),
)
_ROUNDS = 200


@pytest.mark.parametrize("reader", READERS)
def test_damaged_streams_are_contained(reader: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    calls, used = [], Counter[str]()
    for case in _CASES:
        rows = weights_of(rng, case).astype(np.int64)
        for encoded in every_encoding(rows):
            calls.append(DecoderCall.of(encoded, rows.shape))
            used[encoded.encoding] += 1
    assert set(used) == set(ENCODINGS)
    program, streams = tmp_path / "fuzz", tmp_path / "streams"
    host = engine_dir() / "host"
    flags = ("-O1", *SANITIZER_FLAGS, *READERS[reader])
    compile_c([host / "decode_exports.c", host / "decode_fuzz.c"], program, flags)
    streams.write_bytes(b"".join(call.packed() for call in calls))
    done = _proc.run([program, streams, str(_ROUNDS)], timeout_s=120.0)
    assert int(done.stdout) == len(calls)


@pytest.mark.parametrize("reader", READERS)
def test_damaged_tiles_are_contained(reader: str, tmp_path: Path) -> None:
    program, rounds = tmp_path / "fuzz", 300
    flags = ("-O1", *SANITIZER_FLAGS, *READERS[reader])
    compile_c([engine_dir() / "host" / "tiles_fuzz.c"], program, flags)
    done = _proc.run([program, str(rounds)], timeout_s=120.0)
    assert int(done.stdout) == 4 * rounds
