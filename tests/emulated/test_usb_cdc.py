"""The firmware as a USB device: what a host may do to it, on the virtual board."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT, require_tool
from support.device.usb import TFLITE, ask, firmware, host_of, nano33

from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.frames import Packet, decode, encode
from tinycompress.measurement.samples import Samples

TO_DEVICE, TO_INTERFACE, TO_ENDPOINT = 0x00, 0x01, 0x02
FROM_DEVICE, FROM_INTERFACE, FROM_ENDPOINT = 0x80, 0x81, 0x82
CLASS_OUT, CLASS_IN, VENDOR_IN = 0x21, 0xA1, 0xC0
GET_STATUS, CLEAR_FEATURE, SET_FEATURE, SET_DESCRIPTOR = 0, 1, 3, 7
GET_DESCRIPTOR, GET_CONFIGURATION, SET_CONFIGURATION = 6, 8, 9
GET_INTERFACE, SET_INTERFACE, SYNCH_FRAME = 10, 11, 12
SET_LINE_CODING, GET_LINE_CODING, SET_CONTROL_LINE_STATE, SEND_BREAK = 0x20, 0x21, 0x22, 0x23
BULK_IN, BULK_OUT, NOTIFICATION = 0x82, 0x02, 0x81
STAYS_IN_BOOT_LOADER = 0x4E


@pytest.fixture(scope="module")
def board() -> Board:
    return nano33()


@pytest.fixture(scope="module")
def built(board: Board, tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    return firmware(board, tmp_path_factory.mktemp("usb") / "digits")


@pytest.fixture(scope="module")
def unharmed(board: Board, built: BuiltFirmware) -> VirtualBoard:
    """For what must leave no trace."""
    made = VirtualBoard(board, built.elf, max_instructions=20_000_000)
    made.run()
    return made


@pytest.fixture
def virtual(board: Board, built: BuiltFirmware) -> Iterator[VirtualBoard]:
    made = VirtualBoard(board, built.elf, max_instructions=20_000_000)
    made.run()
    yield made
    made.close()


def echo(virtual: VirtualBoard, data: bytes = b"still there?") -> None:
    DeviceClient(virtual, retries=0).echo(data)


# --- the whole protocol


def test_bench_over_usb_counts_what_bench_over_the_uart_counts(
    board: Board, built: BuiltFirmware, tmp_path: Path
) -> None:
    over_uart = board.over("uart")
    other = firmware(over_uart, tmp_path / "uart")
    with np.load(ROOT / "examples" / "digits" / "digits.npz") as file:
        x, y = file["x_test"][:4], file["y_test"][:4]
    samples = Samples(((x.astype(np.int16) * 16 - 128).clip(-128, 127).astype(np.int8),), {"y": y})
    usb, uart = (
        bench(
            made, target, VirtualBoard(target, made.elf), tflite=TFLITE, samples=samples,
            options=BenchOptions(runs=2),
        )
        for made, target in ((built, board), (other, over_uart))
    )  # fmt: skip
    assert (usb.samples, usb.mismatched_samples) == (4, 0)
    assert usb.instructions is not None
    assert usb.instructions == uart.instructions
    assert usb.cycles == uart.cycles
    assert [layer.cycles for layer in usb.layers] == [layer.cycles for layer in uart.layers]


@pytest.mark.gcc
def test_gcc_builds_it_too(board: Board, tmp_path: Path) -> None:
    require_tool("gcc")
    virtual = VirtualBoard(board, firmware(board, tmp_path / "digits", "gcc").elf)
    client = DeviceClient(virtual)
    assert client.hello().max_payload >= 256
    client.echo(bytes(range(256)))


@pytest.mark.parametrize("size", [0, 1, 40, *range(50, 60), *range(110, 125), 240, 256])
def test_packets_of_every_length_arrive(unharmed: VirtualBoard, size: int) -> None:
    """Replies that fill their last packet end with an empty one, or the host would wait on."""
    echo(unharmed, bytes(i & 0xFF for i in range(size)))


# --- enumeration


def test_the_host_finds_the_device(unharmed: VirtualBoard) -> None:
    host = host_of(unharmed)
    assert host.is_configured
    assert host.resets == 2
    assert host.descriptors["serial"][2:].decode("utf-16-le") == "0123456789ABCDEF"
    assert host.descriptors["product"][2:].decode("utf-16-le") == "Arduino Nano 33 BLE"
    assert host.descriptors["manufacturer"][2:].decode("utf-16-le") == "tinycompress"


def test_answers_are_cut_to_what_was_asked_for(unharmed: VirtualBoard) -> None:
    whole = host_of(unharmed).descriptors["configuration"]
    for length, sizes in ((9, [9]), (64, [64]), (66, [64, 2]), (67, [64, 3]), (255, [64, 3])):
        got = ask(unharmed, FROM_DEVICE, GET_DESCRIPTOR, value=2 << 8, length=length)
        assert got.data == whole[:length]
        assert got.packet_sizes == sizes
    assert ask(unharmed, FROM_DEVICE, GET_DESCRIPTOR, value=1 << 8, length=0).data == b""


def test_an_answer_of_whole_packets_ends_with_an_empty_one(board: Board, tmp_path: Path) -> None:
    # 31 characters make a string descriptor of 64 bytes.
    named = board.model_copy(update={"name": "A board whose name is 31 chars."})
    virtual = VirtualBoard(named, firmware(named, tmp_path / "digits").elf)
    virtual.run()
    got = ask(virtual, FROM_DEVICE, GET_DESCRIPTOR, value=0x302, index=0x409, length=255)
    assert got.packet_sizes == [64, 0]
    assert got.data[2:].decode("utf-16-le") == named.name
    got = ask(virtual, FROM_DEVICE, GET_DESCRIPTOR, value=0x302, index=0x409, length=64)
    assert got.packet_sizes == [64]
    echo(virtual)


# --- requests


@pytest.mark.parametrize(
    ("kind", "request_", "fields"),
    [
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 6 << 8, "length": 10}),
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 7 << 8, "length": 9}),
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 0x101, "length": 18}),
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 0x201, "length": 9}),
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 0x304, "index": 0x409, "length": 255}),
        (FROM_DEVICE, GET_DESCRIPTOR, {"value": 0x301, "index": 0x407, "length": 255}),
        (FROM_INTERFACE, GET_DESCRIPTOR, {"value": 0x2200, "length": 64}),
        (TO_DEVICE, SET_DESCRIPTOR, {"value": 1 << 8, "data": bytes(18)}),
        (TO_DEVICE, SET_CONFIGURATION, {"value": 2}),
        (TO_DEVICE, SET_FEATURE, {"value": 1}),
        (TO_DEVICE, 2, {}),
        (TO_INTERFACE, SET_INTERFACE, {"value": 1, "index": 0}),
        (TO_INTERFACE, SET_INTERFACE, {"value": 0, "index": 2}),
        (FROM_INTERFACE, GET_INTERFACE, {"index": 2, "length": 1}),
        (FROM_INTERFACE, GET_STATUS, {"index": 2, "length": 2}),
        (FROM_ENDPOINT, GET_STATUS, {"index": 0x83, "length": 2}),
        (FROM_ENDPOINT, SYNCH_FRAME, {"index": BULK_IN, "length": 2}),
        (TO_ENDPOINT, SET_FEATURE, {"value": 1, "index": BULK_IN}),
        (TO_ENDPOINT, SET_FEATURE, {"value": 0, "index": 0x03}),
        (CLASS_OUT, SEND_BREAK, {"value": 0xFFFF}),
        (CLASS_OUT, SET_LINE_CODING, {"index": 1, "data": bytes(7)}),
        (CLASS_OUT, SET_LINE_CODING, {"data": bytes(6)}),
        (CLASS_OUT, SET_LINE_CODING, {"data": bytes(9)}),
        (CLASS_OUT, SET_CONTROL_LINE_STATE, {"data": bytes(1)}),
        (CLASS_IN, 0x7F, {"length": 4}),
        (VENDOR_IN, 1, {"length": 8}),
    ],
)
def test_what_it_does_not_know_is_stalled_and_harms_nothing(
    unharmed: VirtualBoard, kind: int, request_: int, fields: dict[str, object]
) -> None:
    assert ask(unharmed, kind, request_, **fields).stalled
    assert not ask(unharmed, FROM_DEVICE, GET_STATUS, length=2).stalled
    echo(unharmed)


def test_standard_requests(unharmed: VirtualBoard) -> None:
    assert ask(unharmed, FROM_DEVICE, GET_STATUS, length=2).data == b"\0\0"
    assert ask(unharmed, FROM_INTERFACE, GET_STATUS, index=1, length=2).data == b"\0\0"
    assert ask(unharmed, FROM_ENDPOINT, GET_STATUS, index=0, length=2).data == b"\0\0"
    assert ask(unharmed, FROM_DEVICE, GET_CONFIGURATION, length=1).data == b"\1"
    assert ask(unharmed, FROM_INTERFACE, GET_INTERFACE, index=0, length=1).data == b"\0"
    for interface in (0, 1):
        assert not ask(unharmed, TO_INTERFACE, SET_INTERFACE, index=interface).stalled
        echo(unharmed)


def test_line_coding_is_kept(virtual: VirtualBoard) -> None:
    got = ask(virtual, CLASS_IN, GET_LINE_CODING, length=7)
    assert got.data == struct.pack("<IBBB", 115_200, 0, 0, 8)
    wanted = struct.pack("<IBBB", 1_000_000, 2, 1, 7)
    assert not ask(virtual, CLASS_OUT, SET_LINE_CODING, data=wanted).stalled
    assert ask(virtual, CLASS_IN, GET_LINE_CODING, length=7).data == wanted


def test_without_a_configuration_there_is_no_class_and_no_data(virtual: VirtualBoard) -> None:
    assert not ask(virtual, TO_DEVICE, SET_CONFIGURATION, value=0).stalled
    assert ask(virtual, FROM_DEVICE, GET_CONFIGURATION, length=1).data == b"\0"
    assert ask(virtual, CLASS_IN, GET_LINE_CODING, length=7).stalled
    assert ask(virtual, FROM_INTERFACE, GET_INTERFACE, index=0, length=1).stalled
    assert ask(virtual, FROM_ENDPOINT, GET_STATUS, index=BULK_IN, length=2).stalled
    assert not ask(virtual, TO_DEVICE, SET_CONFIGURATION, value=1).stalled
    echo(virtual)


@pytest.mark.parametrize("endpoint", [BULK_IN, BULK_OUT, NOTIFICATION])
def test_halt_and_its_end(virtual: VirtualBoard, endpoint: int) -> None:
    # An odd number of packets each way, so that the toggles have to be set back.
    echo(virtual, bytes(10))
    assert not ask(virtual, TO_ENDPOINT, SET_FEATURE, value=0, index=endpoint).stalled
    assert ask(virtual, FROM_ENDPOINT, GET_STATUS, index=endpoint, length=2).data == b"\1\0"
    assert not ask(virtual, TO_ENDPOINT, CLEAR_FEATURE, value=0, index=endpoint).stalled
    assert ask(virtual, FROM_ENDPOINT, GET_STATUS, index=endpoint, length=2).data == b"\0\0"
    echo(virtual)


# --- what happens on a desk


def test_empty_packets_from_the_host(unharmed: VirtualBoard) -> None:
    frame = encode(Packet(8, 7, b"abc"))
    host = host_of(unharmed)
    for part in (b"", frame[:5], b"", b"", frame[5:], b""):
        host.send_packet(part)
    assert decode(unharmed.read(0).strip(b"\0")) == Packet(0x88, 7, b"abc")


def test_suspended_between_and_within_requests(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.suspend()
    virtual.run()
    host.resume()
    echo(virtual)
    virtual.write(encode(Packet(8, 9, bytes(200))))
    host.suspend()
    assert virtual.read(0) == b""
    host.resume()
    assert decode(virtual.read(0).strip(b"\0")) == Packet(0x88, 9, bytes(200))


def test_a_reset_in_the_middle_of_a_frame(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    frame = encode(Packet(8, 9, bytes(200)))
    host.send_packet(frame[:64])
    virtual.run()
    host.reset_bus()
    virtual.run()
    assert host.resets == 4
    echo(virtual)


def test_a_reset_in_the_middle_of_a_reply(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    frame = encode(Packet(8, 9, bytes(200)))
    for at in range(0, len(frame), 64):
        host.send_packet(frame[at : at + 64])
    for moment in range(12):
        while virtual.read(0):
            pass
        client = DeviceClient(virtual, retries=3)
        virtual.write(encode(Packet(8, 100 + moment, bytes(200))))
        for _ in range(moment):
            host.step()
        host.reset_bus()
        client.echo(b"after")
    assert host.is_configured


def test_a_reset_in_the_middle_of_a_request(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.request(CLASS_OUT, SET_LINE_CODING, data=bytes(7))
    host.step()
    host.reset_bus()
    virtual.run()
    got = ask(virtual, CLASS_IN, GET_LINE_CODING, length=7)
    assert got.data == struct.pack("<IBBB", 115_200, 0, 0, 8)
    echo(virtual)


def test_a_new_request_ends_the_one_before(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.request(FROM_DEVICE, GET_DESCRIPTOR, value=2 << 8, length=255)
    host.step()
    # The host thinks better of it: what the device had prepared must not be the answer.
    host.drop_work()
    assert ask(virtual, FROM_DEVICE, GET_CONFIGURATION, length=1).data == b"\1"
    echo(virtual)


@pytest.mark.parametrize("at_start", [False, True])
def test_the_cable_comes_and_goes(board: Board, built: BuiltFirmware, at_start: bool) -> None:
    virtual = VirtualBoard(board, built.elf, max_instructions=20_000_000)
    host = host_of(virtual)
    if at_start:
        host.unplug()
        virtual.run()
        assert host.resets == 0
    else:
        echo(virtual, b"odd")
        host.unplug()
        virtual.run()
    host.plug()
    virtual.run()
    assert host.is_configured
    echo(virtual)


def test_a_host_that_never_raises_dtr_is_answered(virtual: VirtualBoard) -> None:
    host_of(virtual).set_line_state(dtr=False)
    echo(virtual)


def test_a_program_that_closes_the_port_takes_its_reply_with_it(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.stop_reading(True)
    virtual.write(encode(Packet(8, 9, bytes(250))))
    virtual.run()
    host.set_line_state(dtr=False)
    virtual.run()
    host.open_port(115_200)
    host.stop_reading(False)
    echo(virtual)


# --- the way into the boot loader


def wait_for_reset(virtual: VirtualBoard) -> None:
    with pytest.raises(DeviceError, match="asked for a reset"):
        virtual.run()
    assert host_of(virtual).retained_for_boot_loader == STAYS_IN_BOOT_LOADER


def test_touched_at_1200_baud(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.open_port(1200)
    virtual.run()
    assert host.retained_for_boot_loader == 0
    host.set_line_state(dtr=False)
    wait_for_reset(virtual)
    assert not host.sees_device


def test_touched_by_a_host_that_never_raised_dtr(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.set_line_state(dtr=False)
    virtual.run()
    host.request(CLASS_OUT, SET_LINE_CODING, data=struct.pack("<IBBB", 1200, 0, 0, 8))
    wait_for_reset(virtual)


def test_touched_while_a_reply_waits_for_a_reader(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    host.stop_reading(True)
    virtual.write(encode(Packet(8, 9, bytes(250))))
    virtual.run()
    host.open_port(1200)
    host.set_line_state(dtr=False)
    wait_for_reset(virtual)


def test_other_rates_do_not_start_the_boot_loader(virtual: VirtualBoard) -> None:
    host = host_of(virtual)
    for baud in (9600, 115_200, 1_000_000):
        host.open_port(baud)
        host.set_line_state(dtr=False)
    echo(virtual)
    assert host.retained_for_boot_loader == 0
