"""``bench --junit``: the file, whether the board could be measured or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tinycompress.artifacts import BenchResult
from tinycompress.errors import TinyCompressError
from tinycompress.measurement.junit import Suite, reason, write_junit
from tinycompress.measurement.roster import Outcome


@contextmanager
def junit_on_error(path: Path | None, directory: Path) -> Iterator[Callable[[BenchResult], None]]:
    """Write the file where the block fails; what it yields writes that of a result.

    Args:
        path: The file; None writes none.
        directory: Of the project, after which the suite is named.
    """
    name = directory.resolve().name

    def told(result: BenchResult) -> None:
        if path is not None:
            write_junit([Suite(name, result)], path)

    try:
        yield told
    except TinyCompressError as error:
        if path is not None:
            write_junit([Suite(name, None, reason(error.message, error.hint))], path)
        raise


def junit_of_all(path: Path | None, outcomes: tuple[Outcome, ...]) -> None:
    """Write one suite for each board of a roster; None writes nothing."""
    if path is None:
        return
    write_junit([_suite(one) for one in outcomes], path)


def _suite(one: Outcome) -> Suite:
    failure = "" if one.failure is None else reason(one.failure.message, one.failure.hint)
    return Suite(one.task.name, one.result, failure)
