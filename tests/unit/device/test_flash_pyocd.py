"""pyOCD as a library, against a stand-in of the modules and names that are used of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.device.flash import job, write_elf

from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.errors import FlashError
from tinycompress.flashing.pyocd import Pyocd
from tinycompress.flashing.tools import NotPossibleError

PROGRAM = {0x1_0000: b"vectors and code", 0x2_0000: b"load image"}


class Error(RuntimeError):
    pass


class TargetSupportError(Error):
    pass


@dataclass(frozen=True)
class Probe:
    unique_id: str
    description: str = "a probe"


@dataclass
class FakePyocd:
    """pyOCD with its probes and one chip; ``fail`` maps a step to what it raises."""

    probes: list[Probe] = field(default_factory=lambda: [Probe("066CFF")])
    fail: dict[str, Exception] = field(default_factory=dict)
    flash: dict[int, bytes] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()
    opened: Probe | None = None
    options: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.log.append(name)
        if name in self.fail:
            raise self.fail[name]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = self

        class ConnectHelper:
            @staticmethod
            def get_all_connected_probes(
                blocking: bool = True, unique_id: str | None = None, print_wait_message: bool = True
            ) -> list[Probe]:
                assert not blocking, "it would wait for a probe for ever"
                fake.step("look")
                return fake.probes

        class Target:
            def reset(self) -> None:
                fake.step("reset")

            def read_memory_block8(self, address: int, size: int) -> list[int]:
                fake.step("read")
                return list(fake.flash.get(address, b"\xff" * size)[:size])

        class Session:
            def __init__(self, probe: Probe, options: dict[str, Any]) -> None:
                fake.opened, fake.options = probe, options
                fake.step("session")

            def __enter__(self) -> Session:
                fake.step("open")
                self.target = Target()
                return self

            def __exit__(self, *error: object) -> None:
                fake.log.append("close")

        class FileProgrammer:
            def __init__(self, session: Session, progress: Any = None) -> None:
                self.progress = progress

            def program(self, path: str, file_format: str | None = None) -> None:
                assert file_format == "hex"
                assert Path(path).read_bytes() == b"the hex image"
                self.progress(0.0)
                fake.step("program")
                fake.flash = {a: d for a, d in PROGRAM.items() if a not in fake.skipped}
                self.progress(1.0)

        modules: dict[str, dict[str, Any]] = {
            "pyocd": {},
            "pyocd.core": {},
            "pyocd.core.exceptions": {"Error": Error, "TargetSupportError": TargetSupportError},
            "pyocd.core.helpers": {"ConnectHelper": ConnectHelper},
            "pyocd.core.session": {"Session": Session},
            "pyocd.flash": {},
            "pyocd.flash.file_programmer": {"FileProgrammer": FileProgrammer},
        }
        for name, contents in modules.items():
            module = ModuleType(name)
            vars(module).update(contents)
            monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def pyocd(monkeypatch: pytest.MonkeyPatch) -> FakePyocd:
    fake = FakePyocd()
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def driver() -> Pyocd:
    (table,) = (m for m in load_board("nano33").flash if isinstance(m, Pyocd))
    return table


def work(directory: Path, **changes: Any) -> Any:
    made = job(load_board("nano33"), directory, **changes)
    write_elf(made.images["elf"], PROGRAM)
    return made


def test_written_verified_and_started(pyocd: FakePyocd, driver: Pyocd, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    driver.flash(work(tmp_path, progress=lambda *report: told.append(report)))
    assert pyocd.log == ["look", "session", "open", "program", "read", "read", "reset", "close"]
    assert pyocd.options["target_override"] == "nrf52840"
    assert pyocd.options["frequency"] == 4_000_000
    assert pyocd.options["chip_erase"] == "sector"
    assert ("write by pyocd", 100, 100) in told


def test_bytes_that_read_back_differently(pyocd: FakePyocd, driver: Pyocd, tmp_path: Path) -> None:
    pyocd.skipped = (0x2_0000,)
    with pytest.raises(FlashError, match=r"at 0x00020000 the board reads 0xff, .* 0x6c") as caught:
        driver.flash(work(tmp_path))
    assert not isinstance(caught.value, NotPossibleError)
    assert pyocd.log[-1] == "close"
    assert "reset" not in pyocd.log


def test_not_installed(driver: Pyocd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyocd.core.exceptions", None)
    with pytest.raises(NotPossibleError, match="pyOCD is not installed") as caught:
        driver.flash(work(tmp_path))
    assert caught.value.hint == "pip install 'tinycompress-mcu[pyocd]'"


def test_no_probe(pyocd: FakePyocd, driver: Pyocd, tmp_path: Path) -> None:
    pyocd.probes = []
    with pytest.raises(NotPossibleError, match="finds no debug probe") as caught:
        driver.flash(work(tmp_path))
    assert "udev" in str(caught.value.hint)


def test_several_probes_are_told_apart_by_the_ports_serial_number(
    pyocd: FakePyocd, driver: Pyocd, tmp_path: Path
) -> None:
    pyocd.probes = [Probe("066CFF"), Probe("066D00")]
    with pytest.raises(NotPossibleError, match="finds 2 debug probes"):
        driver.flash(work(tmp_path))
    port = SerialPort("/dev/ttyACM1", "", (0x0483, 0x374B), "066D00", "1-7")
    driver.flash(work(tmp_path, port=port))
    assert pyocd.opened == Probe("066D00")


@pytest.mark.parametrize(
    ("step", "error", "message", "wrote"),
    [
        ("look", Error("no backend available"), "cannot look for probes", False),
        ("session", TargetSupportError("unknown"), "does not know the target nrf52840", False),
        ("open", Error("Probe is locked"), "cannot reach the board: Probe is locked", False),
        ("open", OSError(13, "Access denied"), "cannot reach the board: .*Access denied", False),
        ("program", Error("erase sector failure"), "began to write and failed", True),
        ("read", Error("transfer fault"), "began to write and failed", True),
        ("reset", Error("gone"), "began to write and failed", True),
    ],
)
def test_failures(
    pyocd: FakePyocd, driver: Pyocd, tmp_path: Path, step: str, error: Exception, message: str,
    wrote: bool,
) -> None:  # fmt: skip
    pyocd.fail = {step: error}
    with pytest.raises(FlashError, match=message) as caught:
        driver.flash(work(tmp_path))
    assert isinstance(caught.value, NotPossibleError) is not wrote
    assert caught.value.exit_code == 6
