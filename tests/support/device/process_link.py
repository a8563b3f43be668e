"""Firmware in a process of its own, as a link."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


class ProcessLink:
    """A link to firmware in a process that talks on its standard input and output."""

    transport: Literal["virtual", "serial"] = "serial"
    description = "firmware in a process"

    def __init__(self, argv: Sequence[str | Path]) -> None:
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, timeout_s: float) -> bytes:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], timeout_s)
        return os.read(self.process.stdout.fileno(), 65536) if ready else b""

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
