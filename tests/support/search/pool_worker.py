"""A worker of a pool whose candidates are formulas: ``python -m support.search.pool_worker``.

How its trainings end is in the file ``how`` of the workspace: a word, see `evaluator`.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

from optuna.study import Study

from support.search.formula import FormulaEvaluator
from tinycompress.errors import ConfigError
from tinycompress.search.objective import Candidate, Report, Trained
from tinycompress.search.task import Task
from tinycompress.search.worker import Request, main


def evaluator(task: Task, request: Request, study: Study) -> FormulaEvaluator:
    """Trainings that are slow, die, die once, find the disk full, or just end."""
    workspace = Path(request.workspace)

    class Ending(FormulaEvaluator):
        def train(self, candidate: Candidate, report: Report) -> Trained:
            how, died = (workspace / "how").read_text(), workspace / "died"
            if how == "slow":
                time.sleep(600)
            if how == "die" or (how == "die-once" and not died.exists()):
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if how == "full":
                raise ConfigError("cannot write x") from OSError(errno.ENOSPC, "No space left")
            return super().train(candidate, report)

    return Ending(log=workspace / "log")


if __name__ == "__main__":
    sys.exit(main(evaluator))
