"""Models that keep state on the product's own road: build, emulated board, oracle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.cases.kernels import Array
from support.device.board_runs import CHAINS
from support.models.collection import Collection
from support.models.stateful_models import FAMILIES, observed, stateful_model

import tinycompress
from tinycompress.artifacts import BenchResult, ExactTo, ToolchainName
from tinycompress.boards import load_board
from tinycompress.device.connect import open_link
from tinycompress.errors import DeviceError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.measurement.answers import AnswerLog, Outputs
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.session import Session
from tinycompress.oracle import Oracle

BOARDS = ("raspberry_pi_pico", "qemu_mps2_an385", "arduino_nano_33_ble")
"""Cortex-M0+, M3, M4."""


def build(
    directory: Path, tflite: bytes, board: str, chain: ToolchainName, exact_to: ExactTo = "tflm"
) -> tinycompress.Build:
    model = directory / "model.tflite"
    model.write_bytes(tflite)
    return tinycompress.build(
        model, board, toolchain=chain, exact_to=exact_to, output=directory / "project"
    )


def save_stream(path: Path, inputs: Sequence[Array], reset: list[int]) -> None:
    """A samples file; each input has a batch dimension, which the file leaves out."""
    arrays: dict[str, Any] = {f"x{i}": array[:, 0] for i, array in enumerate(inputs)}
    np.savez(path, **arrays, reset=np.array(reset))


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_is_exact(family: str, board: str, chain: ToolchainName, tmp_path: Path) -> None:
    built = build(tmp_path, stateful_model(family), board, chain)
    result = tinycompress.bench(built.directory, runs=1)
    assert (result.samples, result.mismatched_samples) == (50, 0)
    assert any("one stream" in note for note in result.notes)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_is_exact_to_litert(family: str, tmp_path: Path) -> None:
    built = build(tmp_path, stateful_model(family, "litert"), "pico", "zig", "litert")
    result = tinycompress.bench(built.directory, runs=1)
    assert (result.samples, result.mismatched_samples) == (50, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_state_is_kept_and_reset(family: str, tmp_path: Path) -> None:
    """The same input over and over: other outputs with state kept, the first again after resets."""
    tflite = stateful_model(family)
    made = build(tmp_path, tflite, "nano33", "zig").require_firmware()
    board = load_board("nano33")
    (sample,) = zip(*random_inputs(read_model(tflite).main, 1), strict=True)
    oracle = Oracle(tflite, "tflm")
    expected = [
        tuple(array.tobytes() for array in infer(*sample))
        for infer in (oracle.run, oracle.step, oracle.step)
    ]
    link = open_link(board, made.elf)
    try:
        session = Session(DeviceClient(link, elf=made.elf), link, made, board)
        for _ in range(2):
            told = [session.infer(sample, reset=step == 0).outputs for step in range(3)]
            assert told == expected
    finally:
        link.close()
    assert len(set(expected)) > 1


def test_streams_of_a_samples_file(tmp_path: Path) -> None:
    """Where the file says reset, the device and the oracle begin anew; and accuracy follows."""
    tflite = stateful_model("streaming_conv")
    made = build(tmp_path, tflite, "nano33", "zig").require_firmware()
    inputs = random_inputs(read_model(tflite).main, 9)
    save_stream(tmp_path / "streams.npz", inputs, [0, 0, 0, 1, 0, 0, 1, 1, 0])
    result = tinycompress.bench(made.project.directory, samples=tmp_path / "streams.npz", runs=1)
    assert (result.samples, result.mismatched_samples) == (9, 0)
    assert any("4 streams" in note for note in result.notes)


class Interrupted:
    """A stream of 12 samples whose cable is pulled after some answers."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tflite = stateful_model("variables")
        self._project = build(directory, tflite, "nano33", "zig").directory
        self._samples = directory / "x.npz"
        self._result = directory / "result"
        self.answers = directory / "result.answers"
        self._monkeypatch = monkeypatch
        inputs = random_inputs(read_model(tflite).main, 12)
        save_stream(self._samples, inputs, [int(index == 5) for index in range(12)])

    def stop_after(self, count: int) -> None:
        add = AnswerLog.add
        kept: list[Outputs] = []

        def unplugged(log: AnswerLog, outputs: Outputs) -> None:
            if len(kept) == count:
                raise DeviceError("the cable is out", phase="RUN")
            kept.append(outputs)
            add(log, outputs)

        with self._monkeypatch.context() as patched:
            patched.setattr(AnswerLog, "add", unplugged)
            with pytest.raises(DeviceError, match="the cable is out"):
                self.run()

    def run(self) -> BenchResult:
        return tinycompress.bench(self._project, samples=self._samples, runs=1, output=self._result)


@pytest.mark.parametrize("stop_after", [1, 4, 5, 6, 9])
def test_an_interrupted_stream_goes_on_with_its_state(
    stop_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Interrupted(tmp_path, monkeypatch)
    stream.stop_after(stop_after)
    result = stream.run()
    assert (result.samples, result.mismatched_samples) == (12, 0)
    assert any(f"{stop_after} of 12 samples were answered" in note for note in result.notes)
    assert not stream.answers.exists()


def test_a_device_that_comes_to_another_state_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Interrupted(tmp_path, monkeypatch)
    stream.stop_after(3)
    advance = Session.advance
    monkeypatch.setattr(
        Session, "advance", lambda self, inputs, reset: advance(self, inputs, reset=True)
    )
    with pytest.raises(DeviceError, match="sample 2 otherwise than before") as caught:
        stream.run()
    assert f"delete {stream.answers}" in str(caught.value.hint)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "exact_to"),
    [
        ("microwakeword/v2_hey_jarvis", "tflm"),
        ("microwakeword/v2_hey_jarvis", "litert"),
        ("tflm/keyword_scrambled_8bit", "tflm"),  # LiteRT has no SVDF with int8 state.
        ("tflm/trained_lstm_int8", "tflm"),
        ("tflm/trained_lstm_int8", "litert"),
    ],
)
def test_real_models(shared_data: Collection, name: str, exact_to: ExactTo, tmp_path: Path) -> None:
    """As they are, and with what their state holds as further outputs."""
    tflite = shared_data.file(f"models/{name}.tflite").read_bytes()
    kinds = {"CONCATENATION", "FULLY_CONNECTED", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
    for number, one in enumerate((tflite, observed(tflite, kinds))):
        directory = tmp_path / str(number)
        directory.mkdir()
        built = build(directory, one, "nano33", "zig", exact_to)
        result = tinycompress.bench(built.directory, runs=1)
        assert (result.samples, result.mismatched_samples) == (50, 0)
