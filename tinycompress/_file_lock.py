"""An exclusive lock on an open file, as the system has it: flock, or Windows' locking of bytes.

The system takes it back when the process ends, in whatever way.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

# A lock of Windows keeps others from reading the bytes that it covers: one far behind the content.
_LOCKED_BYTE = 1 << 30


def try_lock(handle: int) -> None:
    """Lock a file without waiting.

    Args:
        handle: A file that is open for reading and writing.

    Raises:
        OSError: It is locked already (EWOULDBLOCK, EACCES or EAGAIN), or cannot be.
    """
    fcntl = _module("fcntl")
    if fcntl is not None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    msvcrt = importlib.import_module("msvcrt")
    os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
    msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    os.lseek(handle, 0, os.SEEK_SET)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
