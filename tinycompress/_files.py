"""Writing so that nothing half-written is ever left behind: a temporary sibling, then a rename."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinycompress.errors import ConfigError


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write {path}: {error.strerror or error}",
        hint="choose another place with -o",
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, and make its parent directories.

    Raises:
        ConfigError: The place cannot be written.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ConfigError(f"cannot write {path}: it is a directory")
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes private files; a result is as readable as the user's umask says.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file as a whole or not at all.

    Raises:
        ConfigError: The place cannot be written.
    """
    write_bytes(path, text.encode())


@contextlib.contextmanager
def new_directory(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Fill a temporary sibling directory that becomes ``path`` only if the block succeeds.

    Args:
        path: The directory to make.
        replace: Whether an existing directory is replaced as a whole (the caller has checked that
            it may be); otherwise one that is there and not empty is an error.

    Yields:
        The temporary directory.

    Raises:
        ConfigError: The place is a file, is taken, or cannot be written.
    """
    path = Path(os.path.abspath(path))
    if path.exists() and not path.is_dir():
        raise ConfigError(
            f"cannot make the directory {path}: a file is in the way",
            hint="choose another place with -o",
        )
    if not replace and path.is_dir() and any(path.iterdir()):
        raise ConfigError(
            f"the directory {path} exists and is not empty", hint="choose another place with -o"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        temporary.chmod(0o755)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield temporary
        _swap_in(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap_in(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    # Two renames, so that there is never a moment with a half-filled directory.
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    temporary.rename(path)
    shutil.rmtree(old, ignore_errors=True)
