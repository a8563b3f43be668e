"""Proof by one run that firmware works: started, run once, compared with the oracle."""

from __future__ import annotations

from tinycompress.artifacts import BuiltFirmware
from tinycompress.boards import Board
from tinycompress.device.link import Link
from tinycompress.errors import MismatchError
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.samples import random_samples
from tinycompress.measurement.session import Session
from tinycompress.oracle import Oracle


def prove(built: BuiltFirmware, board: Board, link: Link, tflite: bytes) -> None:
    """Run one random input on the device and in the oracle.

    Args:
        built: The firmware.
        board: Its board.
        link: Open connection to the device; stays the caller's to close.
        tflite: The model file that it was built from.

    Raises:
        DeviceError: The device is silent, is another build, stops, or contradicts itself.
        MismatchError: The outputs differ.
        ModelError: The oracle refuses the model.
    """
    sample = random_samples(tflite, 1).sample(0)
    session = Session(DeviceClient(link, elf=built.elf), link, built, board)
    told = session.infer(sample).outputs
    oracle = Oracle(tflite, built.project.exact_to)
    try:
        expected = tuple(array.tobytes() for array in oracle.run(*sample))
    finally:
        oracle.close()
    if told != expected:
        raise MismatchError(
            "the firmware runs, but its outputs are not those of the "
            f"{built.project.exact_to} oracle",
            hint="report this with the model, and with the commit of TFLM that was linked",
        )
