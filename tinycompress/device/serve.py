"""A virtual board behind a pseudo-terminal or a TCP socket, for any program that talks to ports."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tinycompress.errors import ConfigError, DeviceError

if TYPE_CHECKING:
    from tinycompress.device.emulator import VirtualBoard

_CHUNK_BYTES = 4096
_POLL_S = 0.1


class Endpoint(Protocol):
    """Where programs find the board."""

    @property
    def name(self) -> str:
        """What a program opens: ``/dev/pts/3``, ``socket://127.0.0.1:5000``."""

    def receive(self, timeout_s: float) -> bytes:
        """What a program has sent, waiting for at least one byte; ``b""`` if none came."""

    def send(self, data: bytes) -> None:
        """Pass bytes to the program; they are lost if none is there, as on a line."""

    def close(self) -> None:
        """End it. May be called twice."""


class PseudoTerminal:
    """A device file that behaves as a serial port. It exists until it is closed.

    Raises:
        ConfigError: This system has no pseudo-terminals.
    """

    def __init__(self) -> None:
        try:
            import pty
            import tty
        except ImportError as error:
            raise ConfigError(
                "this system has no pseudo-terminals", hint="use a socket: --tcp 127.0.0.1:5000"
            ) from error
        # The far end stays open here, so that programs may come and go.
        self._near, self._far = pty.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self._name = os.ttyname(self._far)
        self._is_open = True

    @property
    def name(self) -> str:
        """The device file."""
        return self._name

    def receive(self, timeout_s: float) -> bytes:
        """What a program has written to the device file."""
        readable, _, _ = select.select([self._near], [], [], timeout_s)
        return os.read(self._near, _CHUNK_BYTES) if readable else b""

    def send(self, data: bytes) -> None:
        """Let a program read bytes. What nobody has read when the buffer is full gets lost."""
        # Without a reader the kernel keeps some kilobytes, and then takes no more.
        with contextlib.suppress(BlockingIOError):
            while data:
                data = data[os.write(self._near, data) :]

    def close(self) -> None:
        """Remove the device file."""
        if self._is_open:
            self._is_open = False
            os.close(self._near)
            os.close(self._far)


class TcpServer:
    """A listening socket that serves one program at a time.

    Args:
        host: Address to listen at.
        port: TCP port; 0 takes a free one.

    Raises:
        ConfigError: The address is taken or not of this machine.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._server = socket.create_server((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {host}:{port}: {error.strerror or error}",
                hint="choose another port; 0 takes a free one",
            ) from error
        self._client: socket.socket | None = None

    @property
    def name(self) -> str:
        """The URL that pyserial opens."""
        host, port = self._server.getsockname()[:2]
        return f"socket://{host}:{port}"

    def receive(self, timeout_s: float) -> bytes:
        """What the connected program has sent; accepts a program if there is none."""
        if self._client is None:
            readable, _, _ = select.select([self._server], [], [], timeout_s)
            if readable:
                self._client, _ = self._server.accept()
                self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        readable, _, _ = select.select([self._client], [], [], timeout_s)
        if not readable:
            return b""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self._client.recv(_CHUNK_BYTES)
        if not data:
            self._hang_up()
        return data

    def send(self, data: bytes) -> None:
        """Pass bytes to the connected program."""
        if self._client is not None:
            try:
                self._client.sendall(data)
            except OSError:
                self._hang_up()

    def close(self) -> None:
        """Hang up and listen no more."""
        self._hang_up()
        self._server.close()

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def serve(
    board: VirtualBoard,
    endpoint: Endpoint,
    *,
    stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Carry bytes between a virtual board and whoever opens ``endpoint``, until told to stop.

    A board whose firmware has faulted or ended is reset, as by its button.

    Args:
        board: The board; stays the caller's to close.
        endpoint: Where programs find it; stays the caller's to close.
        stop: Asked several times a second.
        say: Told of faults and resets.
    """
    while not stop():
        data = endpoint.receive(_POLL_S)
        if not data:
            continue
        try:
            board.write(data)
            while answer := board.read(0.0):
                endpoint.send(answer)
        except DeviceError as error:
            say(f"{error.message}; the board is reset")
            board.reset()
