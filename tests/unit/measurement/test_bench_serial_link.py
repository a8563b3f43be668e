"""Opening serial ports: what goes wrong is told apart and says what to do."""

from __future__ import annotations

import errno
import os
import pty
import stat
from pathlib import Path

import pytest
import serial

from tinycompress.device.serial_link import SerialLink
from tinycompress.errors import FlashError


def test_loop_carries_bytes_both_ways() -> None:
    link = SerialLink("loop://", 115200)
    assert (link.transport, link.description) == ("serial", "loop:// at 115200 baud")
    link.write(b"\0abc\0")
    received = b""
    while len(received) < 5:
        data = link.read(1.0)
        assert data
        received += data
    assert received == b"\0abc\0"
    assert link.read(0.0) == b""
    link.close()
    link.close()


def test_port_is_taken_for_one_program() -> None:
    near, far = pty.openpty()
    name = os.ttyname(far)
    link = SerialLink(name, 115200)
    try:
        with pytest.raises(FlashError, match="in use by another program") as caught:
            SerialLink(name, 115200)
        assert "ModemManager" in str(caught.value.hint)
    finally:
        link.close()
        os.close(near)
        os.close(far)


def test_what_arrived_before_is_dropped() -> None:
    near, far = pty.openpty()
    os.write(near, b"boot messages")
    link = SerialLink(os.ttyname(far), 9600)
    os.write(near, b"news")
    received = b""
    while len(received) < 4:
        data = link.read(2.0)
        assert data
        received += data
    assert received == b"news"
    link.close()
    os.close(near)
    os.close(far)


def test_missing_port(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="no serial port") as caught:
        SerialLink(str(tmp_path / "ttyACM7"), 115200)
    assert caught.value.exit_code == 6
    assert caught.value.hint


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_forbidden_port(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise serial.SerialException(number, f"could not open port: {os.strerror(number)}")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(FlashError, match="no permission to open /dev/ttyACM0") as caught:
        SerialLink("/dev/ttyACM0", 115200)
    assert "dialout" in str(caught.value.hint)


@pytest.mark.parametrize("url", ["nonsense://x", "socket://127.0.0.1:1"])
def test_bad_url(url: str) -> None:
    with pytest.raises(FlashError, match="cannot open"):
        SerialLink(url, 115200)


def test_file_that_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("keep me")
    with pytest.raises(FlashError, match="cannot open"):
        SerialLink(str(file), 115200)
    assert file.read_text() == "keep me"
    assert stat.S_ISREG(file.stat().st_mode)
