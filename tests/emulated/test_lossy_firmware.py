"""The protocol on lines that lose: right answers or none, never wrong ones, never a hang."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.device.lossy_link import LossyLink, Rates
from support.device.soak import RATES, is_silence, soak
from support.device.usb import firmware

from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board, load_board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.protocol.client import DeviceClient

RATE = st.floats(0, 0.02)
TRANSFER_RATE = st.floats(0, 0.3)


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("nano33")


@pytest.fixture(scope="module")
def built(board: Board, tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    return firmware(board, tmp_path_factory.mktemp("lossy") / "digits")


@pytest.fixture(scope="module")
def virtual(board: Board, built: BuiltFirmware) -> Iterator[VirtualBoard]:
    made = VirtualBoard(board, built.elf)
    yield made
    made.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rates=st.builds(
        Rates, lost=RATE, flipped=RATE, doubled=RATE, cut=TRANSFER_RATE, delay=TRANSFER_RATE,
        doubled_transfer=TRANSFER_RATE,
    ),
    seed=st.integers(0, 2**32),
    payload=st.binary(max_size=200),
)  # fmt: skip
def test_right_or_an_error_that_names_the_phase(
    virtual: VirtualBoard, built: BuiltFirmware, rates: Rates, seed: int, payload: bytes
) -> None:
    client = DeviceClient(LossyLink(virtual, rates, seed), retries=5, first_seq=seed % 65535 + 1)
    failure: DeviceError | None = None
    try:
        assert client.hello().build_id == built.build_id
        client.echo(payload)
        assert client.memory().arena_bytes == built.ram.arena_bytes
    except DeviceError as error:
        failure = error
    if failure is not None:
        assert failure.phase in {"HELLO", "ECHO", "MEMORY"}
        assert is_silence(failure)
    # Whatever state it is in, a good line and a HELLO bring it back.
    again = DeviceClient(virtual)
    assert again.hello().build_id == built.build_id
    again.echo(payload)


def test_a_lost_reply_does_not_run_the_model_twice(
    virtual: VirtualBoard, built: BuiltFirmware
) -> None:
    class LosesReplies(LossyLink):
        lose = 0

        def read(self, timeout_s: float) -> bytes:
            data = super().read(timeout_s)
            if data and self.lose:
                self.lose -= 1
                return b""
            return data

    link = LosesReplies(virtual, Rates(), 0)
    client = DeviceClient(link)
    client.hello()
    client.write_input(0, bytes(built.project.inputs[0].size_bytes))
    virtual.clear_trace()
    link.lose = 2
    client.run(1)
    # One pair of ticks for the empty function, one for the model.
    assert len(virtual.trace) == 4


@pytest.mark.parametrize("seed", [1, 2])
def test_a_slice_of_the_soak(board: Board, built: BuiltFirmware, seed: int) -> None:
    tally = soak(board, built, 3000, seed)
    assert tally.wrong == 0
    assert tally.harmed > tally.frames / 20
    assert tally.given_up == 0


def test_a_line_that_harms_every_frame_is_given_up(board: Board, built: BuiltFirmware) -> None:
    tally = soak(board, built, 300, 3, Rates(flipped=0.2))
    assert tally.wrong == 0
    assert tally.given_up > 0


def test_the_rates_are_what_they_say() -> None:
    assert RATES.lost + RATES.flipped + RATES.doubled == pytest.approx(1 / 770, rel=0.01)
    assert RATES.cut + RATES.delay + RATES.doubled_transfer == pytest.approx(1 / 33, rel=0.02)
