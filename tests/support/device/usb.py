"""Firmware for a board that is its own USB device, and a virtual board that runs it."""

from __future__ import annotations

from pathlib import Path

from support.common import ROOT
from tinycompress.artifacts import BuiltFirmware, ToolchainName
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.emulator import VirtualBoard
from tinycompress.device.emulator.usb_host import ControlTransfer, UsbHost
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.toolchain import build

TFLITE = (ROOT / "examples" / "digits" / "digits_int8.tflite").read_bytes()


def nano33() -> Board:
    return load_board("nano33")


def firmware(board: Board, directory: Path, toolchain: ToolchainName = "zig") -> BuiltFirmware:
    sources = generate(read_model(TFLITE), CodegenOptions.for_board(board, exact_to="tflm"))
    project = render_project(sources, board, directory, tflite=TFLITE, model_name="digits")
    return build(project, board, toolchain=toolchain)


def host_of(virtual: VirtualBoard) -> UsbHost:
    assert virtual.usb is not None
    return virtual.usb


def ask(virtual: VirtualBoard, kind: int, request: int, **fields: object) -> ControlTransfer:
    """Carry out one control transfer."""
    transfer = host_of(virtual).request(kind, request, **fields)  # type: ignore[arg-type]
    virtual.run()
    assert transfer.done
    return transfer
