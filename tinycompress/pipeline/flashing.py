"""From firmware to a real board that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinycompress._progress import Progress, no_progress
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board
from tinycompress.device import arduino_upload as arduino
from tinycompress.device.flashing import choose_ports, flash_board
from tinycompress.device.reconnect import answering_port, open_soon
from tinycompress.errors import ConfigError, FlashError
from tinycompress.measurement.confirm import confirm
from tinycompress.pipeline.files import built_firmware
from tinycompress.toolchain.framework_build import sketch_fqbn


@dataclass(frozen=True)
class Flashed:
    """What `flash` did: the method, and the port on which the firmware proved to be the one.

    ``port`` is None if nothing could be asked, because the firmware answers on UART pins and no
    adapter was named.
    """

    method: str
    port: str | None

    def require_port(self) -> str:
        """The port to go on with.

        Raises:
            FlashError: The firmware was not asked, so nobody knows where it answers.
        """
        if self.port is None:
            raise FlashError(
                "the firmware answers on the board's UART pins, and no adapter's port was named",
                hint="--answer-port PORT (see `tinycompress ports`)",
            )
        return self.port


def flash(
    directory: str | Path,
    *,
    board: str | Path | None = None,
    port: str | None = None,
    answer_port: str | None = None,
    method: str | None = None,
    progress: Progress = no_progress,
) -> Flashed:
    """Write built firmware to a real board, and make sure that it runs there.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        port: The board's own port or its USB serial number; None takes the only one that fits. A
            port with other USB ids than the board's is taken for ``answer_port``.
        answer_port: Port on which the firmware answers, where that is another: an adapter on the
            board's UART pins.
        method: The only method to try; None tries those of the board file in their order.
        progress: Told what is under way.

    Raises:
        ConfigError: The project is a framework's that flashes itself.
        FlashError: No board, no way to flash it, or the flashing failed.
        DeviceError: It was flashed, but something else answers, or nothing.
    """
    built, target = built_firmware(directory, board)
    _check_framework(built, method)
    where = choose_ports(target, port, answer_port)
    if built.project.framework == "arduino":
        done = _upload(built, target, where.own, progress)
    else:
        images = {**built.images, "elf": built.elf}
        done = flash_board(target, images, port=where.own, method=method, progress=progress)
    answers = where.adapter
    if answers is None:
        progress("wait for the board")
        found = answering_port(target, where.own)
        if found is None:
            return Flashed(done, None)
        answers = found.device
    progress("ask the board what it runs")
    link = open_soon(answers, target.serial.baud)
    try:
        confirm(built, link)
    finally:
        link.close()
    return Flashed(done, answers)


def _check_framework(built: BuiltFirmware, method: str | None) -> None:
    """Refuse what only a framework's own tool can do, and the other way round.

    Raises:
        ConfigError: A Zephyr application, or a method for a sketch that is not arduino-cli's.
    """
    project = built.project
    if project.framework == "zephyr":
        raise ConfigError(
            f"{project.directory} is a Zephyr application, which west flashes",
            hint="in that directory: west flash -d build; then: tinycompress bench . --port PORT",
        )
    if (method == arduino.METHOD) != (project.framework == "arduino") and method is not None:
        raise ConfigError(
            f"{project.directory} is not flashed by {method}: it is built by "
            f"{project.framework.capitalize()}",
            hint="leave --method out",
        )


def _upload(built: BuiltFirmware, board: Board, port: SerialPort | None, progress: Progress) -> str:
    """Let arduino-cli upload a sketch; the name of the method.

    Raises:
        FlashError: The board shows no port, or arduino-cli fails.
    """
    if port is None:
        raise FlashError(
            f"no USB port of {board.name} is there",
            hint="plug it in with a data cable, or name its port: --port PORT",
        )
    arduino.upload_sketch(
        built.project.directory, built.elf.parent, fqbn=sketch_fqbn(board), port=port.device,
        progress=progress,
    )  # fmt: skip
    return arduino.METHOD
