"""Who may write into a directory: one run at a time, and nobody who has ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinycompress._owner import LOCK_NAME, owned, owned_directory
from tinycompress.errors import ConfigError

HOLDER = """
import sys, time
from pathlib import Path
from tinycompress._owner import owned_directory
with owned_directory(Path(sys.argv[1])):
    print("owner", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def _other_owner(directory: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "owner\n"
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_is_there(tmp_path: Path) -> None:
    with (
        _other_owner(tmp_path) as other,
        pytest.raises(ConfigError) as caught,
        owned_directory(tmp_path),
    ):
        pass
    assert f"another run writes into {tmp_path}: process {other.pid} on " in caught.value.message
    assert caught.value.hint == "wait for it, end it, or choose another place with -o"
    assert caught.value.exit_code == 2


def test_a_killed_run_needs_no_tidying(tmp_path: Path) -> None:
    with _other_owner(tmp_path) as other:
        other.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK_NAME).is_file()
    with owned_directory(tmp_path):
        assert f"process {os.getpid()} on " in (tmp_path / LOCK_NAME).read_text()
    assert list(tmp_path.iterdir()) == []


def test_two_in_one_process_are_two_runs(tmp_path: Path) -> None:
    with owned_directory(tmp_path):
        with pytest.raises(ConfigError, match=f"process {os.getpid()} "), owned_directory(tmp_path):
            pass
        assert (tmp_path / LOCK_NAME).is_file()
    with owned_directory(tmp_path):
        pass


def test_what_was_made_and_stays_empty_goes_again(tmp_path: Path) -> None:
    with owned_directory(tmp_path / "one" / "two"):
        assert (tmp_path / "one" / "two").is_dir()
    assert list(tmp_path.iterdir()) == []
    with owned_directory(tmp_path / "one" / "two"):
        (tmp_path / "one" / "two" / "kept").touch()
    assert [path.name for path in (tmp_path / "one" / "two").iterdir()] == ["kept"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot write"), owned_directory(tmp_path / "file"):
        pass
    with pytest.raises(ConfigError, match="cannot write"), owned_directory(tmp_path / "file" / "x"):
        pass


def test_never_two_owners_at_once_whoever_removes_the_lock(tmp_path: Path) -> None:
    """Threads take and leave the lock as fast as they can; an owner never meets another one."""
    inside, met, owners = [0], [0], [0]

    def work() -> None:
        for _ in range(400):
            try:
                with owned(tmp_path / "lock", tmp_path):
                    inside[0] += 1
                    owners[0] += 1
                    met[0] += inside[0] != 1
                    inside[0] -= 1
            except ConfigError:
                continue

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met[0] == 0
    assert owners[0] > 0
