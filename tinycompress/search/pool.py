"""Worker processes: begun, watched, begun anew, and ended together."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO, Any

from tinycompress import errors
from tinycompress.errors import TinyCompressError, ToolError
from tinycompress.search.worker import Request

WORKER = "tinycompress.search.worker"
_POLL_S = 0.5
_PATIENCE_S = 60.0
"""How long workers may take to give their trials back."""
_MOST_CRASHES = 3
_TAIL = 15


class Pool:
    """So many workers on one study.

    Args:
        request: What each is to do.
        workers: How many there are at a time.
        module: What each runs.
    """

    def __init__(self, request: Request, workers: int, module: str = WORKER) -> None:
        self._request = request
        self._module = module
        self._workers = workers
        self._running: list[_Worker] = []
        self._crashes = 0

    def run(self, on_poll: Callable[[], None]) -> None:
        """Work until there is nothing more to do.

        Args:
            on_poll: Called about twice a second.

        Raises:
            KeyboardInterrupt: The user ends it; trials under way were given back.
            TinyCompressError: What a worker could not go on with.
        """
        try:
            self._running = [_Worker(self._request, self._module) for _ in range(self._workers)]
            while self._running:
                time.sleep(_POLL_S)
                self._running = [worker for one in self._running for worker in self._next(one)]
                on_poll()
        finally:
            self._end()

    def _next(self, worker: _Worker) -> list[_Worker]:
        """The worker, or the one that comes after it."""
        code = worker.code()
        if code is None:
            return [worker]
        answer, tail = worker.answer(), worker.tail()
        worker.kill()
        if answer is None:
            self._crashes += 1
            if self._crashes > _MOST_CRASHES:
                raise ToolError(
                    f"workers end again and again, the last with code {code}: {tail}",
                    hint="is there enough memory? Try --workers 1; what is finished is kept",
                )
            return [_Worker(self._request, self._module)]
        if "error" in answer:
            kind = getattr(errors, answer["error"], TinyCompressError)
            raise kind(answer["message"], hint=answer["hint"])
        return [_Worker(self._request, self._module)] if answer["more"] else []

    def _end(self) -> None:
        for worker in self._running:
            worker.interrupt()
        until = time.monotonic() + _PATIENCE_S
        with contextlib.suppress(KeyboardInterrupt):
            while any(one.code() is None for one in self._running) and time.monotonic() < until:
                time.sleep(_POLL_S / 5)
        for worker in self._running:
            worker.kill()


class _Worker:
    """One process, in a session of its own: Ctrl-C reaches it through us alone."""

    def __init__(self, request: Request, module: str) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            env=environment, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(request.to_json().encode())
        self._process.stdin.close()

    def code(self) -> int | None:
        return self._process.poll()

    def answer(self) -> dict[str, Any] | None:
        """What it said; None if it ended without a word."""
        assert self._process.stdout is not None
        with self._process.stdout as said:
            text = said.read()
        return json.loads(text) if text and self.code() == 0 else None

    def tail(self) -> str:
        """The last lines that it wrote."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-_TAIL:])

    def interrupt(self) -> None:
        if self.code() is None:
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, if need be, and close what it was read by."""
        if self.code() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
