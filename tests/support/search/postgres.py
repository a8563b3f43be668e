"""A PostgreSQL server of the tests' own, in a temporary directory, gone when they end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.common import require_tool

_USER = "postgres"


def _as_server(arguments: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL, which refuses to be root."""
    command = [str(one) for one in arguments]
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_USER)
        except KeyError:
            pytest.skip("running as root, and there is no user 'postgres'")
        command = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres_server() -> Iterator[str]:
    """URL of an empty database while the block runs."""
    programs = Path(require_tool("postgres")).parent
    # Not below pytest's own directory, which the server's user may not enter.
    place = Path(tempfile.mkdtemp(prefix="tinycompress-postgres-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(place, _USER, _USER)
        cluster, port = place / "cluster", _free_port()
        done = _as_server(
            [programs / "initdb", "-D", cluster, "-U", _USER, "--auth=trust", "--no-sync"]
        )
        assert done.returncode == 0, done.stderr
        settings = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
        done = _as_server([programs / "pg_ctl", "-D", cluster, "-w", "-o", settings, "-l",
                           place / "log", "start"])  # fmt: skip
        assert done.returncode == 0, done.stderr + (place / "log").read_text()
        try:
            yield f"postgresql+psycopg://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            _as_server([programs / "pg_ctl", "-D", cluster, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(place, ignore_errors=True)
