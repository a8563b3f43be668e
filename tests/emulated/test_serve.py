"""The virtual board behind real ports: the serial path end to end, pyserial included."""

from __future__ import annotations

import contextlib
import gc
import io
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial
import serial.rfc2217
from click.testing import CliRunner
from rich.console import Console
from support.device.usb import TFLITE, firmware, nano33

from tinycompress import pipeline
from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board, load_board
from tinycompress.cli.main import main
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.emulator.core_timings import cycle_notes
from tinycompress.device.serial_link import SerialLink
from tinycompress.device.serve import Endpoint, PseudoTerminal, TcpServer, serve
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.protocol.frames import Packet, encode
from tinycompress.measurement.report import print_table


@pytest.fixture(scope="module")
def board() -> Board:
    return load_board("nano33")


@pytest.fixture(scope="module")
def built(board: Board, tmp_path_factory: pytest.TempPathFactory) -> BuiltFirmware:
    return firmware(board, tmp_path_factory.mktemp("serve") / "digits")


@contextlib.contextmanager
def in_background(work: Callable[[Callable[[], bool]], object]) -> Iterator[None]:
    """Run ``work`` until the block ends; its error is the block's."""
    done = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work(done.is_set)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(20)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


@contextlib.contextmanager
def served(
    board: Board, built: BuiltFirmware, endpoint: Endpoint, said: list[str] | None = None
) -> Iterator[str]:
    """Serve firmware for the length of a block; yields what to open."""
    virtual = VirtualBoard(board, built.elf)
    say = (lambda _: None) if said is None else said.append
    try:
        with in_background(lambda stop: serve(virtual, endpoint, stop=stop, say=say)):
            yield endpoint.name
    finally:
        endpoint.close()
        virtual.close()


def bench_over(port: str, built: BuiltFirmware, board: Board) -> None:
    link = SerialLink(port, board.serial.baud)
    try:
        result = bench(
            built, board, link, tflite=TFLITE, options=BenchOptions(runs=2, timeout_s=20)
        )
    finally:
        link.close()
    assert result.samples > 0
    assert result.mismatched_samples == 0
    assert result.transport == "serial"
    # What answers at the port is an emulator, and no figure says otherwise.
    assert result.machine == "emulated"
    assert result.clock is None
    for spread in (result.cycles, result.latency_us):
        assert spread is not None
        assert spread.obtained == "emulated"
    text = io.StringIO()
    print_table(result, board, Console(file=text, width=140))
    assert f"{board.name} (emulated)" in text.getvalue()
    assert "modelled by the emulator" in text.getvalue()
    assert not re.search(r"\breal\b|measured", text.getvalue())
    assert any("an emulated board answers at this port" in note for note in result.notes)
    assert set(cycle_notes(board)) <= set(result.notes)


def test_bench_through_a_pseudo_terminal(board: Board, built: BuiltFirmware) -> None:
    with served(board, built, PseudoTerminal()) as port:
        bench_over(port, built, board)
        # Programs come and go.
        bench_over(port, built, board)


def test_bench_through_a_socket(board: Board, built: BuiltFirmware) -> None:
    with served(board, built, TcpServer("127.0.0.1", 0)) as port:
        assert port.startswith("socket://127.0.0.1:")
        bench_over(port, built, board)
        bench_over(port, built, board)


def test_bench_over_virtual_usb_behind_a_pseudo_terminal(tmp_path: Path) -> None:
    board = nano33()
    built = firmware(board, tmp_path / "digits")
    with served(board, built, PseudoTerminal()) as port:
        bench_over(port, built, board)


class _Rfc2217Server:
    """A port server as of RFC 2217, of the parts that pyserial has for it."""

    def __init__(self, port: str) -> None:
        self._port = serial.serial_for_url(port, timeout=0)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self._server.getsockname()[1]}"

    def run(self, stop: Callable[[], bool]) -> None:
        self._server.settimeout(0.1)
        while not stop():
            with contextlib.suppress(TimeoutError):
                client, _ = self._server.accept()
                with client:
                    self._carry(client, stop)
        self._server.close()
        self._port.close()

    def _carry(self, client: socket.socket, stop: Callable[[], bool]) -> None:
        class Connection:
            write = staticmethod(client.sendall)

        manager = serial.rfc2217.PortManager(self._port, Connection())
        client.settimeout(0.01)
        while not stop():
            with contextlib.suppress(TimeoutError):
                data = client.recv(4096)
                if not data:
                    return
                self._port.write(b"".join(manager.filter(data)))
            if data := self._port.read(4096):
                client.sendall(b"".join(manager.escape(data)))


# pyserial 3.5 starts its thread in an old-fashioned way.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name)\\(\\):DeprecationWarning")
def test_bench_through_rfc2217(board: Board, built: BuiltFirmware) -> None:
    # Not a pseudo-terminal, which has no modem lines for the server to report.
    with served(board, built, TcpServer("127.0.0.1", 0)) as port:
        server = _Rfc2217Server(port)
        with in_background(server.run):
            bench_over(server.url, built, board)


def test_garbage_before_hello(board: Board, built: BuiltFirmware) -> None:
    with served(board, built, PseudoTerminal()) as port:
        link = SerialLink(port, 115_200)
        link.write(b"AT+GMI\r\n\0\0\xff" * 200 + encode(Packet(8, 1, b"x"))[:-3])
        client = DeviceClient(link, timeout_s=10)
        assert client.hello().build_id == built.build_id
        link.close()


def test_a_board_that_resets_half_way(board: Board, built: BuiltFirmware) -> None:
    """The client's next request is answered or refused, and a new HELLO starts anew."""
    virtual = VirtualBoard(board, built.elf)
    endpoint = PseudoTerminal()
    lock = threading.Lock()

    class Resettable:
        def write(self, data: bytes) -> None:
            with lock:
                virtual.write(data)

        def read(self, timeout_s: float) -> bytes:
            with lock:
                return virtual.read(timeout_s)

        reset = virtual.reset

    with in_background(lambda stop: serve(Resettable(), endpoint, stop=stop)):  # type: ignore[arg-type]
        link = SerialLink(endpoint.name, 115_200)
        client = DeviceClient(link, timeout_s=10)
        client.hello()
        client.write_input(0, bytes(64))
        link.write(encode(Packet(4, 77, b"\1\0\0\0"))[:5])
        time.sleep(0.3)
        with lock:
            virtual.reset()
        with pytest.raises(DeviceError, match="LAYERS"):
            client.layers(1)
        client.hello()
        client.write_input(0, bytes(64))
        client.run(1)
        link.close()
    endpoint.close()


def test_unplugged(board: Board, built: BuiltFirmware) -> None:
    with served(board, built, PseudoTerminal()) as port:
        link = SerialLink(port, 115_200)
        DeviceClient(link, timeout_s=10).hello()
    client = DeviceClient(link, timeout_s=0.2, retries=1)
    with pytest.raises(DeviceError, match="phase: ECHO") as caught:
        client.echo(b"gone")
    assert caught.value.hint
    link.close()


def test_a_server_that_hangs_up(board: Board, built: BuiltFirmware) -> None:
    with served(board, built, TcpServer("127.0.0.1", 0)) as port:
        link = SerialLink(port, 115_200)
        DeviceClient(link, timeout_s=10).hello()
    client = DeviceClient(link, timeout_s=0.2, retries=1)
    with pytest.raises(DeviceError, match="phase: ECHO") as caught:
        client.echo(b"gone")
    link.close()
    # pyserial 3.5 forgets to close a socket whose other end has gone.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del client, link, caught
        gc.collect()


def test_a_fault_is_told_and_the_board_reset() -> None:
    class Faulty:
        resets = 0

        def write(self, _data: bytes) -> None:
            raise DeviceError("HardFault in tck_conv", phase="RUN")

        def reset(self) -> None:
            self.resets += 1

    class Once:
        name = "once"
        asked = 0

        def receive(self, _timeout_s: float) -> bytes:
            self.asked += 1
            return b"x" if self.asked == 1 else b""

        def send(self, data: bytes) -> None:
            raise AssertionError(data)

        def close(self) -> None: ...

    faulty, once, said = Faulty(), Once(), list[str]()
    serve(faulty, once, stop=lambda: once.asked > 2, say=said.append)  # type: ignore[arg-type]
    assert faulty.resets == 1
    assert said == ["HardFault in tck_conv (phase: RUN); the board is reset"]


def test_a_reader_that_does_not_read_does_not_stop_the_board() -> None:
    terminal = PseudoTerminal()
    terminal.send(bytes(1 << 20))
    assert terminal.receive(0) == b""
    terminal.close()
    terminal.close()


def test_an_address_of_somebody_else() -> None:
    with pytest.raises(ConfigError, match="cannot listen"):
        TcpServer("192.0.2.1", 5000)


def test_the_command_says_what_to_open(
    built: BuiltFirmware, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def fake(directory: Path, **options: object) -> None:
        seen.extend((directory, options["tcp"]))
        opened = options["opened"]
        assert callable(opened)
        opened("socket://127.0.0.1:5000")

    monkeypatch.setattr(pipeline, "serve", fake)
    done = CliRunner().invoke(main, ["serve", str(built.project.directory), "--tcp", "5000"])
    assert (done.exit_code, done.stdout) == (0, "socket://127.0.0.1:5000\n")
    assert seen == [built.project.directory, ("127.0.0.1", 5000)]
    done = CliRunner().invoke(main, ["serve", "x", "--tcp", "here"])
    assert done.exit_code == 2
    assert "is not [HOST:]PORT" in done.stderr


def test_serve_of_a_directory(board: Board, built: BuiltFirmware) -> None:
    opened: list[str] = []
    ready = threading.Event()

    def note(name: str) -> None:
        opened.append(name)
        ready.set()

    with in_background(
        lambda stop: pipeline.serve(
            built.project.directory, tcp=("127.0.0.1", 0), opened=note, stop=stop
        )
    ):
        assert ready.wait(20)
        result = pipeline.bench(built.project.directory, port=opened[0], runs=1)
    assert result.mismatched_samples == 0
