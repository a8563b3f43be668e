"""A worker of a study whose candidates are formulas: ``python -m support.search.worker``."""

from __future__ import annotations

import sys
from pathlib import Path

import optuna

from support.search.formula import QUICK, FormulaEvaluator, small_flash
from tinycompress.search.objective import Objective
from tinycompress.search.storage import load_study, storage_at
from tinycompress.search.working import Quota, work


def main() -> None:
    """Work until the study has its trials: URL, study, trials, seconds a training, log."""
    url, name, trials, seconds, log = sys.argv[1:]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    evaluator = FormulaEvaluator(training_s=float(seconds), log=Path(log))
    with storage_at(url, QUICK) as storage:
        study = load_study(storage, name)
        # Each trial takes its time: what is looked at is who does it.
        objective = Objective(small_flash(), evaluator, trains_all=True)
        work(study, objective, Quota(int(trials)))


if __name__ == "__main__":
    main()
