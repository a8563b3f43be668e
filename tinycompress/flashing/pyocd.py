"""pyOCD as a library: CMSIS-DAP and ST-Link probes.

Source: pyOCD docs/api_examples.md and pyocd/core/helpers.py. The helpers that choose a probe are
not used: they ask on the terminal if there are several.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tinycompress._tables import PositiveWord32
from tinycompress.elf import read_elf
from tinycompress.errors import FlashError
from tinycompress.flashing.method import FlashJob, FlashMethod, MethodDocs
from tinycompress.flashing.tools import NotPossibleError, PythonPackage

_PYOCD = PythonPackage("pyocd", "pip install 'tinycompress-mcu[pyocd]'")
_PROBE_HINT = (
    "plug the probe in; if it is, let your user open it: install pyOCD's udev rules "
    "(github.com/pyocd/pyOCD, directory udev) and plug it in again"
)


class Pyocd(FlashMethod):
    """Through a debug probe, with verification. ``target`` is pyOCD's name of the chip."""

    TOOL: ClassVar[PythonPackage] = _PYOCD
    DOCS: ClassVar[MethodDocs] = MethodDocs(
        program="the Python package, as a library",
        command="`pip install 'tinycompress-mcu[pyocd]'`",
        verified_by="reading back",
        keys="`target`, `frequency_hz`",
    )

    method: Literal["pyocd"]
    image: Literal["hex", "elf"]
    target: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    frequency_hz: PositiveWord32

    def by_hand(self) -> str:
        """See `FlashMethod.by_hand`."""
        return (
            f"    pyocd flash --target {self.target} --frequency {self.frequency_hz} "
            f"build/firmware.{self.image}"
        )

    def flash(self, job: FlashJob) -> None:
        """See `FlashMethod.flash`."""
        pyocd = _library()
        image = job.image(self.image)
        probe = _choose_probe(pyocd, job)
        options: dict[str, Any] = {
            "target_override": self.target,
            "frequency": self.frequency_hz,
            "chip_erase": "sector",  # a boot loader beside the program must stay
            "hide_programming_progress": True,
        }
        began = False
        job.progress("connect by pyocd")
        try:
            with pyocd.session(probe, options=options) as session:
                began = True
                pyocd.programmer(session, progress=_reporter(job)).program(
                    str(image), file_format=self.image
                )
                _verify(session.target, job)
                session.target.reset()
        except pyocd.target_error as error:
            raise NotPossibleError(
                f"pyOCD does not know the target {self.target}: {error}",
                hint=f"pyocd pack install {self.target}",
            ) from error
        except (pyocd.error, OSError, ValueError) as error:
            if began:
                raise FlashError(
                    f"pyOCD began to write and failed: {error}",
                    hint="try again; if it stays so, power the board off and on",
                ) from error
            raise NotPossibleError(
                f"pyOCD cannot reach the board: {error}", hint=_PROBE_HINT
            ) from error


def _reporter(job: FlashJob) -> Callable[[float], None]:
    return lambda share: job.progress("write by pyocd", round(100 * share), 100)


def _verify(target: Any, job: FlashJob) -> None:
    """Read back what was flashed: pyOCD itself does not, and skips what it thinks is no flash."""
    job.progress("verify by pyocd")
    for segment in read_elf(job.image("elf")).segments:
        address, data = segment.physical_address, segment.data
        found = bytes(target.read_memory_block8(address, len(data))) if data else b""
        if found != data:
            first = next(i for i, (a, b) in enumerate(zip(found, data, strict=True)) if a != b)
            raise FlashError(
                f"verify failed: at 0x{address + first:08x} the board reads 0x{found[first]:02x}, "
                f"the program has 0x{data[first]:02x}",
                hint="try again; if it stays so, the flash may be protected",
            )


@dataclass(frozen=True)
class _Library:
    """The parts of pyOCD that are used; it is untyped."""

    connected_probes: Callable[..., list[Any]]
    session: Callable[..., Any]
    programmer: Callable[..., Any]
    error: type[Exception]
    target_error: type[Exception]


def _library() -> _Library:
    try:
        from pyocd.core.exceptions import Error, TargetSupportError
        from pyocd.core.helpers import ConnectHelper
        from pyocd.core.session import Session
        from pyocd.flash.file_programmer import FileProgrammer
    except ImportError as error:
        raise NotPossibleError(
            f"pyOCD is not installed ({error})", hint=_PYOCD.install_hint
        ) from error
    return _Library(
        connected_probes=ConnectHelper.get_all_connected_probes,
        session=Session,
        programmer=FileProgrammer,
        error=Error,
        target_error=TargetSupportError,
    )


def _choose_probe(pyocd: _Library, job: FlashJob) -> Any:
    """The only probe, or the one that is part of the board whose port was named."""
    try:
        probes = pyocd.connected_probes(blocking=False)
    except (pyocd.error, OSError) as error:
        raise NotPossibleError(
            f"pyOCD cannot look for probes: {error}", hint=_PROBE_HINT
        ) from error
    own = [probe for probe in probes if probe.unique_id == job.serial_number]
    if own:
        return own[0]
    if len(probes) == 1:
        return probes[0]
    if not probes:
        raise NotPossibleError("pyOCD finds no debug probe", hint=_PROBE_HINT)
    listed = ", ".join(f"{probe.description} ({probe.unique_id})" for probe in probes)
    raise NotPossibleError(
        f"pyOCD finds {len(probes)} debug probes, none with the serial number of the board's port: "
        f"{listed}",
        hint="leave one of them plugged in, or name the port of the board's own probe with --port",
    )
