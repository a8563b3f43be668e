"""The emulated board behind a port, for any serial program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tinycompress.device.serve import Endpoint, PseudoTerminal, TcpServer
from tinycompress.device.serve import serve as serve_board
from tinycompress.pipeline.files import built_firmware, require_emulated


def serve(
    directory: str | Path,
    *,
    board: str | Path | None = None,
    tcp: tuple[str, int] | None = None,
    opened: Callable[[str], object] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Put the emulated board behind a pseudo-terminal or a socket, until told to stop.

    Args:
        directory: A project directory that `build` made.
        board: Id, alias or file; None takes the one that the project was built for.
        tcp: Address and port to listen at; None makes a pseudo-terminal.
        opened: Told what a program has to open: a device file, or a URL of pyserial's.
        stop: Asked several times a second.
        say: Told of faults and resets of the board.

    Raises:
        TinyCompressError: The project cannot be loaded, or there is no such address.
    """
    from tinycompress.device.emulator import VirtualBoard

    built, target = built_firmware(directory, board)
    require_emulated(built)
    endpoint: Endpoint = PseudoTerminal() if tcp is None else TcpServer(*tcp)
    virtual = VirtualBoard(target, built.elf)
    try:
        opened(endpoint.name)
        serve_board(virtual, endpoint, stop=stop, say=say)
    finally:
        endpoint.close()
        virtual.close()
