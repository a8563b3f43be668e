"""What a benchmark's result says of what the build promised: exact outputs, and latency."""

from __future__ import annotations

from math import ceil

from tinycompress.artifacts import BenchResult
from tinycompress.errors import DoesNotFitError
from tinycompress.measurement.exactness import require_exact


def require_promises(result: BenchResult) -> None:
    """Refuse a result that breaks a promise of the build.

    Raises:
        MismatchError: Outputs are not known to equal the oracle's.
        DoesNotFitError: The slowest run took longer than the latency budget.
    """
    require_exact(result)
    require_latency(result)


def require_latency(result: BenchResult) -> None:
    """Refuse a run that took longer than the budget that the firmware was built for.

    Raises:
        DoesNotFitError: The slowest one did; nothing is said where nothing tells the time.
    """
    latency, budget = result.latency_us, result.latency_budget_us
    if latency is None or budget is None or result.keeps_latency:
        return
    slowest = max(result.layers, key=lambda layer: layer.cycles or 0, default=None)
    most = (
        "" if slowest is None or slowest.cycles is None else f"; layer '{slowest.name}' takes most"
    )
    raise DoesNotFitError(
        f"the slowest run takes {latency.max:,.1f} us, the latency budget is {budget:,.1f} us",
        hint=f"the board can keep tinycompress build --latency-budget {ceil(latency.max)}us{most}",
    )
