"""Jobs in processes that may die: TensorFlow's converter can take its process along."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import Empty, Queue
from typing import Any, Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_OF_A_PROCESS = 40
"""The converter leaks memory with every call."""


class LostJobError(Exception):
    """A job without an answer: its process died, or took too long."""


def _serve(work: Callable[[Any], Any], requests: Connection) -> None:
    """Answer jobs until there are no more."""
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            job = requests.recv()
            try:
                answer: Any = work(job)
            except Exception:
                answer = LostJobError(traceback.format_exc())
            requests.send(answer)


class _Worker(Generic[Job, Result]):
    def __init__(self, work: Callable[[Job], Result]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Not a daemon: it starts processes of its own.
        self._process = context.Process(target=_serve, args=(work, theirs))
        self._process.start()
        theirs.close()
        self.jobs = 0

    def answer(self, job: Job, timeout_s: float) -> Result:
        """What the job came to.

        Raises:
            LostJobError: The process died, or took too long; this worker is of no more use.
        """
        self.jobs += 1
        try:
            self._pipe.send(job)
            if not self._pipe.poll(timeout_s):
                raise LostJobError(f"no answer within {timeout_s:.0f} s")
            found: Any = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(10)
            raise LostJobError(f"the process ended with code {self._process.exitcode}") from error
        if isinstance(found, LostJobError):
            raise found
        result: Result = found
        return result

    def end(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def answers(
    work: Callable[[Job], Result], jobs: Sequence[Job], *, processes: int, timeout_s: float
) -> Iterator[tuple[Job, Result | LostJobError]]:
    """What every job came to, as they end.

    Args:
        work: A function of a module, which other processes can import.
        jobs: Its arguments.
        processes: How many run at a time.
        timeout_s: Seconds after which a job counts as lost.
    """
    left: Queue[Job] = Queue()
    for job in jobs:
        left.put(job)
    done: Queue[tuple[Job, Result | LostJobError]] = Queue()
    stopped = threading.Event()

    def drive() -> None:
        worker: _Worker[Job, Result] | None = None
        while not stopped.is_set():
            try:
                job = left.get_nowait()
            except Empty:
                break
            worker = worker or _Worker(work)
            try:
                found: Result | LostJobError = worker.answer(job, timeout_s)
            except LostJobError as lost:
                found = lost
            done.put((job, found))
            if isinstance(found, LostJobError) or worker.jobs >= JOBS_OF_A_PROCESS:
                worker.end()
                worker = None
        if worker is not None:
            worker.end()

    threads = [threading.Thread(target=drive, daemon=True) for _ in range(processes)]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for thread in threads:
        thread.start()
    try:
        for _ in jobs:
            yield done.get()
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
