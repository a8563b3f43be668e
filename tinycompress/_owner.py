"""One run at a time where two would mix what they write.

The owner of a place holds a lock on a file there. The system takes the lock back
when its process ends, in whatever way: after a crash nothing has to be tidied up.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from tinycompress._file_lock import try_lock
from tinycompress.errors import ConfigError

LOCK_NAME = ".tinycompress.lock"
"""The lock of a directory, in it while a run writes there."""
# Windows has neither of the last two: handles are not inherited there, and links are rare.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
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
            gone = _removed(lock)
            os.close(handle)
            if not gone:
                _removed(lock)
    finally:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()


def _removed(lock: Path) -> bool:
    """Remove the lock's file; Windows does not while it is open, by whomever."""
    try:
        lock.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


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
            try_lock(handle)
            if _is_there(handle, lock):
                os.ftruncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
                return handle
        except OSError as error:
            os.lseek(handle, 0, os.SEEK_SET)
            holder = os.read(handle, 200).decode(errors="replace").strip()
            os.close(handle)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
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
