"""The descriptors against the rules of USB 2.0, chapter 9, and of CDC 1.2 with PSTN 1.2.

They are read from the C source by compiling it for this PC: byte for byte what the chip sends.
"""

from __future__ import annotations

import ctypes
import subprocess

import pytest
from support.common import ROOT, require_tool

NRF52 = ROOT / "firmware_templates" / "mcu" / "nrf52"
DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT, CS_INTERFACE = 1, 2, 3, 4, 5, 0x24
CONFIG_H = """
#define TC_SERIAL_USB_CDC 1
#define TC_CORE_CLOCK_HZ 64000000u
#define TC_USB_VENDOR_ID 0x2341u
#define TC_USB_PRODUCT_ID 0x805Au
#define TC_BOARD_NAME "Arduino Nano 33 BLE"
"""


class _Descriptor(ctypes.Structure):
    _fields_ = (("bytes", ctypes.POINTER(ctypes.c_uint8)), ("count", ctypes.c_uint32))


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    directory = tmp_path_factory.mktemp("descriptors")
    (directory / "board_config.h").write_text(CONFIG_H)
    library = directory / "descriptors.so"
    subprocess.run(
        [require_tool("host-cc"), "-std=c11", "-Wall", "-Wextra", "-Werror",
         "-Wno-int-to-pointer-cast", "-shared", "-fPIC",
         f"-I{directory}", f"-I{NRF52}", "-o", library, NRF52 / "usb_descriptors.c"],
        check=True, timeout=60,
    )  # fmt: skip
    loaded = ctypes.CDLL(str(library))
    loaded.tc_platform_usb_descriptor.restype = _Descriptor
    return loaded


def descriptor(code: ctypes.CDLL, kind: int, number: int = 0, language: int = 0) -> bytes:
    found = code.tc_platform_usb_descriptor(kind << 8 | number, language)
    return bytes(found.bytes[: found.count])


def parts(whole: bytes) -> list[bytes]:
    """The descriptors that follow each other in a configuration, by their own lengths."""
    found = []
    while whole:
        assert 2 <= whole[0] <= len(whole)
        found.append(whole[: whole[0]])
        whole = whole[whole[0] :]
    return found


def test_device(code: ctypes.CDLL) -> None:
    """USB 2.0, table 9-8; CDC 1.2, table 2: the class of a communications device."""
    found = descriptor(code, DEVICE)
    assert (len(found), found[0], found[1]) == (18, 18, DEVICE)
    assert found[2:4] == bytes.fromhex("0002")
    assert found[4:7] == bytes((0x02, 0x00, 0x00))
    assert found[7] in (8, 16, 32, 64)
    assert (found[8:10], found[10:12]) == (bytes.fromhex("4123"), bytes.fromhex("5A80"))
    assert found[14:17] == bytes((1, 2, 3))
    assert found[17] == 1


def test_configuration(code: ctypes.CDLL) -> None:
    """USB 2.0, table 9-10."""
    found = descriptor(code, CONFIGURATION)
    assert (found[0], found[1]) == (9, CONFIGURATION)
    assert int.from_bytes(found[2:4], "little") == len(found) == 67
    interfaces = {part[2] for part in parts(found) if part[1] == INTERFACE}
    assert found[4] == len(interfaces)
    assert interfaces == {0, 1}
    assert found[5] == 1
    # Bit 7 is always set, bits 4..0 never; bus-powered, no remote wake-up; at most 500 mA.
    assert found[7] == 0x80
    assert 0 < found[8] <= 250


def test_order_and_lengths(code: ctypes.CDLL) -> None:
    """USB 2.0, 9.4.3: every endpoint follows its interface; CDC 1.2, 5.2.3: header comes first."""
    kinds = [(part[0], part[1]) for part in parts(descriptor(code, CONFIGURATION))]
    assert kinds == [
        (9, CONFIGURATION), (9, INTERFACE), (5, CS_INTERFACE), (5, CS_INTERFACE),
        (4, CS_INTERFACE), (5, CS_INTERFACE), (7, ENDPOINT), (9, INTERFACE), (7, ENDPOINT),
        (7, ENDPOINT),
    ]  # fmt: skip


def test_interfaces(code: ctypes.CDLL) -> None:
    """USB 2.0, table 9-12; CDC 1.2, tables 4, 5, 6 and 7."""
    control, data = (p for p in parts(descriptor(code, CONFIGURATION)) if p[1] == INTERFACE)
    assert control == bytes((9, INTERFACE, 0, 0, 1, 0x02, 0x02, 0x00, 0))
    assert data == bytes((9, INTERFACE, 1, 0, 2, 0x0A, 0x00, 0x00, 0))


def test_functional_descriptors(code: ctypes.CDLL) -> None:
    """CDC 1.2, tables 15 and 16; PSTN 1.2, tables 3 and 4."""
    header, calls, abstract, union = (
        p for p in parts(descriptor(code, CONFIGURATION)) if p[1] == CS_INTERFACE
    )
    assert header == bytes((5, CS_INTERFACE, 0x00, 0x20, 0x01))
    assert calls == bytes((5, CS_INTERFACE, 0x01, 0x00, 1))
    # D1: SET_LINE_CODING, GET_LINE_CODING, SET_CONTROL_LINE_STATE and SERIAL_STATE.
    assert abstract == bytes((4, CS_INTERFACE, 0x02, 0x02))
    assert union == bytes((5, CS_INTERFACE, 0x06, 0, 1))


def test_endpoints(code: ctypes.CDLL) -> None:
    """USB 2.0, table 9-13, 5.7.3 and 5.8.3: sizes and intervals at full speed."""
    found = [p for p in parts(descriptor(code, CONFIGURATION)) if p[1] == ENDPOINT]
    notification, out, in_ = found
    assert notification[2:4] == bytes((0x81, 3))
    # SERIAL_STATE, the longest notification, has 10 bytes.
    assert 10 <= int.from_bytes(notification[4:6], "little") <= 64
    assert 1 <= notification[6] <= 255
    for part, address in ((out, 0x02), (in_, 0x82)):
        assert part[2:4] == bytes((address, 2))
        assert int.from_bytes(part[4:6], "little") in (8, 16, 32, 64)
    assert len({part[2] for part in found}) == 3


def test_strings(code: ctypes.CDLL) -> None:
    """USB 2.0, tables 9-15 and 9-16."""
    assert descriptor(code, STRING) == bytes.fromhex("04030904")
    for number, text in ((1, "tinycompress"), (2, "Arduino Nano 33 BLE")):
        found = descriptor(code, STRING, number, 0x0409)
        assert (found[0], found[1]) == (len(found), STRING)
        assert found[2:].decode("utf-16-le") == text


@pytest.mark.parametrize(
    ("kind", "number", "language"),
    [(6, 0, 0), (7, 0, 0), (8, 0, 0), (0, 0, 0), (DEVICE, 1, 0), (CONFIGURATION, 1, 0),
     (STRING, 4, 0x0409), (STRING, 1, 0), (STRING, 1, 0x0407), (0xFF, 0xFF, 0xFFFF)],
)  # fmt: skip
def test_there_are_no_others(code: ctypes.CDLL, kind: int, number: int, language: int) -> None:
    assert descriptor(code, kind, number, language) == b""
