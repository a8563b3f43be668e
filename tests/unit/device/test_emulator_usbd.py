"""The model of the USB controller refuses what the chip would take amiss."""

from __future__ import annotations

import pytest

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.memory import Memory
from tinycompress.device.emulator.peripherals.nrf.power import NrfPower, NrfUsbAnomalies
from tinycompress.device.emulator.peripherals.nrf.usbd import NrfUsbd

RAM = 0x2000_1000
ENABLE, PULL_UP, START_IN_2, START_OUT_2, END_IN_2, SIZE_2 = (
    0x500,
    0x504,
    0x00C,
    0x030,
    0x110,
    0x4A8,
)
IN_2, OUT_2, IN_ENABLED, OUT_ENABLED = 0x628, 0x728, 0x510, 0x514


class Chip:
    def __init__(self) -> None:
        self.ram = bytearray(64)
        self.power = NrfPower(lambda: None)
        self.anomalies = NrfUsbAnomalies()
        memory = Memory(
            lambda address, count: bytes(self.ram[address - RAM :][:count]),
            lambda address, data: self.ram.__setitem__(
                slice(address - RAM, address - RAM + len(data)), data
            ),
        )
        self.usbd = NrfUsbd(memory, self.power, self.anomalies, lambda: None)

    def work_around(self) -> None:
        for offset, value in ((0xC00, 0x9375), (0xD14, 3), (0xC14, 0xC0), (0xC00, 0x9375)):
            self.anomalies.write(offset, 4, value)

    def start(self) -> NrfUsbd:
        self.work_around()
        self.power.write(0x000, 4, 1)
        self.usbd.write(ENABLE, 4, 1)
        self.usbd.write(PULL_UP, 4, 1)
        self.usbd.write(IN_ENABLED, 4, 1 | 1 << 2)
        self.usbd.write(OUT_ENABLED, 4, 1 | 1 << 2)
        return self.usbd

    def set_channel(self, channel: int, pointer: int, count: int) -> None:
        self.usbd.write(channel, 4, pointer)
        self.usbd.write(channel + 4, 4, count)


@pytest.fixture
def chip() -> Chip:
    return Chip()


def test_it_does_not_start_without_the_workarounds(chip: Chip) -> None:
    # Written without the key, the registers keep their values.
    chip.anomalies.write(0xD14, 4, 3)
    chip.anomalies.write(0xC14, 4, 0xC0)
    with pytest.raises(BusFault, match="171, 187"):
        chip.usbd.write(ENABLE, 4, 1)
    chip.work_around()
    chip.usbd.write(ENABLE, 4, 1)
    assert chip.usbd.read(0x400, 4) == 1 << 11


def test_the_key_locks_again(chip: Chip) -> None:
    chip.work_around()
    assert chip.anomalies.read(0xC00, 4) == 0
    chip.anomalies.write(0xD14, 4, 0)
    assert chip.anomalies.are_worked_around


def test_it_is_attached_only_with_supply_and_crystal(chip: Chip) -> None:
    chip.work_around()
    chip.usbd.write(ENABLE, 4, 1)
    with pytest.raises(BusFault, match="pulls up"):
        chip.usbd.write(PULL_UP, 4, 1)
    chip.power.write(0x000, 4, 1)
    chip.usbd.write(PULL_UP, 4, 1)
    assert chip.usbd.is_attached
    chip.power.vbus = False
    assert not chip.usbd.is_attached


@pytest.mark.parametrize(
    ("pointer", "count", "message"),
    [(0x1_0000, 4, "not in RAM"), (0x2003_FFFE, 4, "not in RAM"), (RAM, 65, "65 bytes")],
)
def test_dma_reaches_ram_and_packets_only(
    chip: Chip, pointer: int, count: int, message: str
) -> None:
    usbd = chip.start()
    chip.set_channel(IN_2, pointer, count)
    with pytest.raises(BusFault, match=message):
        usbd.write(START_IN_2, 4, 1)


def test_dma_needs_the_controller(chip: Chip) -> None:
    with pytest.raises(BusFault, match="off"):
        chip.usbd.write(START_IN_2, 4, 1)


@pytest.mark.parametrize("task", [START_IN_2, START_OUT_2, 0x04C, 0x050, 0x054])
def test_a_task_during_dma_is_lost(chip: Chip, task: int) -> None:
    usbd = chip.start()
    chip.set_channel(IN_2, RAM, 4)
    usbd.write(START_IN_2, 4, 1)
    with pytest.raises(BusFault, match="anomaly 199"):
        usbd.write(task, 4, 1)
    assert usbd.read(END_IN_2, 4) == 1
    usbd.write(0x050, 4, 1)


def test_the_size_of_a_packet_is_not_to_be_read_during_dma(chip: Chip) -> None:
    usbd = chip.start()
    chip.set_channel(IN_2, RAM, 4)
    usbd.write(START_IN_2, 4, 1)
    with pytest.raises(BusFault, match="anomaly 199"):
        usbd.read(SIZE_2, 4)


def test_packets_pass_and_are_refused_while_one_waits(chip: Chip) -> None:
    usbd = chip.start()
    assert usbd.token_out(2, b"abc", 0) == "NAK"
    usbd.write(SIZE_2, 4, 0)
    assert usbd.token_out(2, b"abc", 0) == "ACK"
    assert usbd.token_out(2, b"def", 1) == "NAK"
    chip.set_channel(OUT_2, RAM, usbd.read(SIZE_2, 4))
    usbd.write(START_OUT_2, 4, 1)
    assert usbd.read(0x138, 4) == 1
    assert bytes(chip.ram[:3]) == b"abc"
    # The same packet once more, for its acknowledgement got lost: taken and forgotten.
    assert usbd.token_out(2, b"abc", 0) == "ACK"
    assert usbd.read(SIZE_2, 4) == 0
    assert usbd.token_out(2, b"def", 1) == "ACK"
    chip.set_channel(IN_2, RAM, 3)
    assert usbd.token_in(2)[0] == "NAK"
    usbd.write(START_IN_2, 4, 1)
    assert usbd.read(END_IN_2, 4) == 1
    assert usbd.token_in(2) == ("ACK", 0, b"abc")
    assert usbd.read(0x46C, 4) == 1 << 2 | 1 << 18


def test_writing_the_size_throws_a_waiting_packet_away(chip: Chip) -> None:
    usbd = chip.start()
    usbd.write(SIZE_2, 4, 0)
    usbd.token_out(2, b"abc", 0)
    usbd.write(SIZE_2, 4, 0)
    assert usbd.read(SIZE_2, 4) == 0


def test_halted_and_disabled_endpoints(chip: Chip) -> None:
    usbd = chip.start()
    usbd.write(0x518, 4, 1 << 8 | 0x82)
    assert usbd.token_in(2)[0] == "STALL"
    assert usbd.read(0x428, 4) == 1
    usbd.reset()
    assert usbd.token_in(2)[0] == "NAK"
    assert usbd.token_out(2, b"", 0) == "NAK"
    assert usbd.address == 0
