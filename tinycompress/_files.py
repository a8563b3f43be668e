"""Writing so that nothing half-written is ever left behind: a temporary sibling, then a rename."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tinycompress.errors import ConfigError


def names_a_file(text: str) -> bool:
    """Whether the name of a board or a recipe is the path of a user's own file."""
    return text.lower().endswith(".toml") or "/" in text or os.sep in text


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write {path}: {error.strerror or error}",
        hint="choose another place with -o",
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, and make its parent directories.

    A pipe or a device that is there is written to: a file in its place would do harm.

    Raises:
        ConfigError: The place cannot be written.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ConfigError(f"cannot write {path}: it is a directory")
        if path.exists() and not path.is_file():
            with path.open("wb") as place:
                place.write(data)
            return
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
    require_room(path, replace=replace)
    with _temporary_sibling(path) as temporary:
        yield temporary
        _swap_in(temporary, path)


def require_room(path: Path, *, replace: bool = False) -> None:
    """Refuse a place where `new_directory` could not make a directory.

    Raises:
        ConfigError: A file is there, or, unless it is to be replaced, a directory that is not
            empty.
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


@contextlib.contextmanager
def new_files(path: Path, earlier: Iterable[str] = ()) -> Iterator[Path]:
    """Fill a temporary sibling directory whose files go into ``path`` if the block succeeds.

    Files in ``path`` that are neither new nor named in ``earlier`` stay as they are.

    Args:
        path: The directory; made if need be.
        earlier: Paths in it that go, unless new files take their place.

    Yields:
        The temporary directory.

    Raises:
        ConfigError: The place cannot be written.
    """
    path = Path(os.path.abspath(path))
    with _temporary_sibling(path) as temporary:
        yield temporary
        if path.is_dir():
            change_files(path, _contents(temporary), earlier)
        else:
            temporary.rename(path)


def _contents(directory: Path) -> dict[str, bytes]:
    return {
        file.relative_to(directory).as_posix(): file.read_bytes()
        for file in sorted(directory.rglob("*"))
        if file.is_file()
    }


@contextlib.contextmanager
def _temporary_sibling(path: Path) -> Iterator[Path]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        temporary.chmod(0o755)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield temporary
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


def change_files(directory: Path, new: Mapping[str, bytes], gone: Iterable[str] = ()) -> None:
    """Write files into a directory that is there and take others away: all of it, or nothing.

    All contents are first written into a hidden directory inside. Then files move one by one,
    ``gone`` before ``new``, each in its order; what fails or is interrupted is undone. Nothing else
    in the directory is touched.

    Args:
        directory: The directory; need not be empty.
        new: Contents by path relative to it. A file in that place is replaced.
        gone: Paths of files to remove, with the directories that they leave empty.

    Raises:
        ConfigError: The place cannot be written, or a directory stands where a file goes.
    """
    try:
        staging = Path(tempfile.mkdtemp(prefix=".tinycompress-", dir=directory))
    except OSError as error:
        raise _unwritable(directory, error) from error
    steps = _Steps(directory, staging)
    removed = [path for path in gone if path not in new]
    try:
        for path, content in new.items():
            steps.stage(path, content)
        with contextlib.ExitStack() as undo:
            for path in removed:
                steps.remove(path, undo)
            for path in new:
                steps.put(path, undo)
            undo.pop_all()
        shutil.rmtree(steps.old, ignore_errors=True)
    except OSError as error:
        raise _unwritable(directory, error) from error
    finally:
        # Files that could not be put back are not thrown away either.
        if not steps.old.is_dir() or not any(steps.old.rglob("*.kept")):
            shutil.rmtree(staging, ignore_errors=True)
    for path in removed:
        _remove_empty_parents(directory, path)


class _Steps:
    """The single moves of `change_files`, each with the one that undoes it."""

    def __init__(self, directory: Path, staging: Path) -> None:
        self.directory = directory
        self.new, self.old = staging / "new", staging / "old"

    def stage(self, path: str, content: bytes) -> None:
        staged = self.new / path
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_bytes(content)

    def remove(self, path: str, undo: contextlib.ExitStack) -> None:
        kept = self._place_to_keep(path)
        undo.callback(self._put_back, path, kept, staged=False)
        (self.directory / path).rename(kept)

    def put(self, path: str, undo: contextlib.ExitStack) -> None:
        target = self.directory / path
        for parent in reversed(target.relative_to(self.directory).parents[:-1]):
            if not (self.directory / parent).is_dir():
                undo.callback((self.directory / parent).rmdir)
                (self.directory / parent).mkdir()
        kept = self._place_to_keep(path)
        undo.callback(self._put_back, path, kept, staged=True)
        if os.path.lexists(target):
            # A copy, so that there is never a moment without the file.
            copy = kept.with_suffix(".copy")
            shutil.copy2(target, copy, follow_symlinks=False)
            copy.rename(kept)
        (self.new / path).replace(target)

    def _place_to_keep(self, path: str) -> Path:
        kept = self.old / f"{path}.kept"
        kept.parent.mkdir(parents=True, exist_ok=True)
        return kept

    def _put_back(self, path: str, kept: Path, *, staged: bool) -> None:
        target = self.directory / path
        if os.path.lexists(kept):
            kept.replace(target)
        elif staged and not (self.new / path).exists():
            target.unlink(missing_ok=True)


def _remove_empty_parents(directory: Path, path: str) -> None:
    for parent in (directory / path).parents:
        if parent == directory:
            return
        try:
            parent.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            # Something else is in it.
            return
