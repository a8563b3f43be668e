"""Results on disk, one beside another."""

from __future__ import annotations

from pathlib import Path

from tinycompress.errors import ConfigError
from tinycompress.measurement.differences import (
    ResultComparison,
    require_no_regression,
)
from tinycompress.measurement.differences import (
    compare_results as compare_read,
)
from tinycompress.measurement.reading import read_result


def compare_results(
    a: str | Path,
    b: str | Path,
    *,
    max_regression: float | None = None,
    parts: bool = False,
    other_model: bool = False,
) -> ResultComparison:
    """Compare two results of `bench`, of `build` or of `compress`.

    Args:
        a: The baseline: a bundle, a build directory, an output directory of `compress`, or a file
            with what one of these prints with ``--json``.
        b: What is compared with it; of the same kind.
        max_regression: How much worse a total may be before it is in ``regressions``: a share of
            A's, 0.02 for 2 %; of accuracies the difference itself. None holds nothing to a limit.
        parts: Whether layers, and parts of flash and of RAM, are held to it as well.
        other_model: Whether the results may be of two models.

    Returns:
        All figures with their differences. `require_no_regression` makes an error of
        ``regressions``.

    Raises:
        ConfigError: A result cannot be read, is not as it was written, or the two cannot be
            compared; or the limit is below 0.
    """
    if max_regression is not None and not max_regression >= 0:
        raise ConfigError(f"max_regression is {max_regression}; allowed: 0 or more")
    return compare_read(
        read_result(Path(a)), read_result(Path(b)), limit=max_regression, parts=parts,
        other_model=other_model,
    )  # fmt: skip


__all__ = ["compare_results", "require_no_regression"]
