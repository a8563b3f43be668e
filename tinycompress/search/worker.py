"""One process that does trials of a study: ``python -m tinycompress.search.worker``.

What it is to do comes as JSON on stdin, what became of it goes as JSON to stdout.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.study import Study

from tinycompress.errors import ConfigError, TinyCompressError
from tinycompress.search.artifact_store import local_task, open_store, upload_directory
from tinycompress.search.methods.registry import method_sampler
from tinycompress.search.objective import (
    SLACK,
    Candidate,
    Evaluator,
    Objective,
    OutOfRoomError,
    Report,
    Trained,
)
from tinycompress.search.preparing import Prepared
from tinycompress.search.storage import (
    Heartbeat,
    load_study,
    storage_at,
    task_of,
)
from tinycompress.search.task import Task
from tinycompress.search.working import Quota, work

INTERRUPTED = 130
_WATCH_S = 1.0
PREPARED = "prepared"
"""Attribute of a study: what was known before its first trial, see `preparing.Prepared`."""


@dataclass(frozen=True)
class Request:
    """What a worker is to do.

    Attributes:
        storage: URL of the study's storage.
        study: Name of the study.
        workspace: Directory of its costs and candidates.
        until: See `working.Quota`.
        upload: Whether results go to the artifact store.
        parent: The process that waits for it; a worker whose parent is gone stops.
        heartbeat: Seconds between its signs of life, and after which it is thought dead.
    """

    storage: str
    study: str
    workspace: str
    until: float | None
    upload: bool
    parent: int
    heartbeat: tuple[int, int] = (Heartbeat.interval_s, Heartbeat.grace_s)

    def to_json(self) -> str:
        """As a worker reads it."""
        return json.dumps(asdict(self))


MakeEvaluator = Callable[[Task, Request, Study], Evaluator]


def serve(request: Request, make: MakeEvaluator) -> bool:
    """Do trials of a study; whether there is more to do.

    Args:
        request: What is to be done.
        make: Makes what evaluates candidates.

    Raises:
        TinyCompressError: Nothing can be done any more.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with storage_at(request.storage, Heartbeat(*request.heartbeat)) as storage:
        study = load_study(storage, request.study)
        told = task_of(study)
        prepared = Prepared.from_json(study.user_attrs[PREPARED])
        task = Task.from_json(told)
        goal = task.goal
        if prepared.reference is not None:
            goal = goal.resolved(prepared.reference)
        study.sampler = method_sampler(told["identity"], prepared, goal)
        if task.method != "search":
            # Their steps are what they learn from: none is cut short.
            study.pruner = optuna.pruners.NopPruner()
        # A greedy method walks towards the budget, and learns from what is above it.
        slack = float("inf") if task.method == "greedy" else SLACK
        objective = Objective(
            goal, make(task, request, study), slack, trains_all=task.method != "search"
        )
        try:
            return work(study, objective, Quota(task.trials, request.until))
        except OutOfRoomError as error:
            raise ConfigError(
                f"no room is left: {error}",
                hint="make room; the same command goes on, and what is finished is kept",
            ) from error


def compression_evaluator(task: Task, request: Request, study: Study) -> Evaluator:
    """Candidates for real; needs TensorFlow."""
    from tinycompress.search.evaluation import CompressionEvaluator

    workspace = Path(request.workspace)
    task = local_task(task, workspace)
    if task.method == "masks":
        from tinycompress.search.masked import MaskedEvaluator

        return MaskedEvaluator(task, workspace)
    if not request.upload:
        return CompressionEvaluator(task, workspace)

    class Uploading(CompressionEvaluator):
        """Also stores the result of every candidate beside the study."""

        def train(self, candidate: Candidate, report: Report) -> Trained:
            trained = super().train(candidate, report)
            result = workspace / trained.files["directory"] / "result"
            artifact = upload_directory(study, open_store(task.artifacts), result, "candidate")
            return Trained(
                trained.cost, trained.accuracies, {**trained.files, "artifact": artifact}
            )

    return Uploading(task, workspace)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    _thread.interrupt_main()


def main(make: MakeEvaluator = compression_evaluator) -> int:
    """Read a request, serve it, and say what became of it; the exit code.

    Args:
        make: Makes what evaluates candidates.
    """
    # A search that a script began in the background has SIGINT ignored, and its workers inherit
    # that; it is how they are told to end, by `pool` and by `_watch`.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told = json.loads(sys.stdin.read())
    request = Request(**{**told, "heartbeat": tuple(told["heartbeat"])})
    threading.Thread(target=_watch, args=(request.parent,), daemon=True).start()
    # TensorFlow and others may write to stdout: the answer has it for itself.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        answer: dict[str, Any] = {"more": serve(request, make)}
    except KeyboardInterrupt:
        return INTERRUPTED
    except TinyCompressError as error:
        answer = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    answers.write(json.dumps(answer))
    answers.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
