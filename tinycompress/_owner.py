"""One run at a time where two would mix what they write.

The owner of a place holds an advisory lock on a file there (flock). The system takes the lock back
when its process ends, in whatever way: after a crash nothing has to be tidied up.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tinycompress.errors import ConfigError

LOCK_NAME = ".tinycompress.lock"
"""The lock of a directory, in it while a run writes there."""
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_HINT = "wait for it, end it, or choose another place with -o"


@contextlib.contextmanager
def owned_directory(directory: Path | None) -> Iterator[None]:
    """Be the only run that writes into a directory; it is made, and goes again if it stays empty.

    Raises:
        ConfigError: Another run owns it, or the place cannot be written.
    """
    if directory is None:
        yield
        return
    with owned(directory / LOCK_NAME, directory):
        yield


@contextlib.contextmanager
def owned_beside(directory: Path | None) -> Iterator[None]:
    """Be the only run that makes a directory which appears as a whole or not at all.

    The lock lies beside the directory; inside, where only that can be written.

    Raises:
        ConfigError: Another run owns it, or the place cannot be written.
    """
    if directory is None:
        yield
        return
    place = Path(os.path.abspath(directory))
    inside = place.is_dir() and not os.access(place.parent, os.W_OK)
    lock = place / LOCK_NAME if inside else place.parent / f".{place.name}{LOCK_NAME}"
    with owned(lock, directory):
        yield


@contextlib.contextmanager
def owned(lock: Path, place: Path) -> Iterator[None]:
    """Hold ``lock``, a file, until the block or the process ends; its directory is made.

    Args:
        lock: The file that is locked; it is there only meanwhile, unless the process is killed.
        place: What it stands for, for the message.

    Raises:
        ConfigError: Another run holds it, or it cannot be written.
    """
    made = [path for path in (lock.parent, *lock.parent.parents) if not path.exists()]
    try:
        handle = _acquire(lock, place)
        try:
            yield
        finally:
            # While it is still locked: whoever opened it meanwhile sees that it is gone.
            with contextlib.suppress(OSError):
                lock.unlink()
            os.close(handle)
    finally:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()


def _acquire(lock: Path, place: Path) -> int:
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, _FLAGS, 0o666)
        except FileNotFoundError:
            continue  # An owner has removed the directory that it had made, in this very moment.
        except OSError as error:
            raise _unwritable(place, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(handle, lock):
                os.ftruncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
                return handle
        except OSError as error:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            os.close(handle)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise _taken(place, holder or "another process") from error
            raise _unwritable(place, error) from error
        # The owner before has removed it in this very moment: make a new one.
        os.close(handle)


def _is_there(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except FileNotFoundError:
        return False


def _taken(place: Path, holder: str) -> ConfigError:
    return ConfigError(f"another run writes into {place}: {holder}", hint=_HINT)


def _unwritable(place: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write {place}: {error.strerror or error}", hint="choose another place with -o"
    )
