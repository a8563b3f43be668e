"""Timed runs that are far from the others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

_FAR = 3.0
"""Deviations from the median beyond which a run is an outlier: the conservative limit of Leys et
al., "Detecting outliers: Do not use standard deviation around the mean, use absolute deviation
around the median", J. Exp. Soc. Psychol. 49 (2013)."""

_NORMAL = 1.4826
"""Makes the median absolute deviation of a normal distribution its standard deviation."""

_LEAST_SHARE = 0.01
"""Deviations below this share of the median are not worth a word, however steady the rest is."""

_LEAST_RUNS = 5
_NAMED = 3


def outlier_note(latencies_us: Sequence[float]) -> str | None:
    """A sentence on the runs whose latency is far from the median; None if there are none.

    Args:
        latencies_us: Latency of each timed run; of fewer than five nothing can be said.
    """
    if len(latencies_us) < _LEAST_RUNS:
        return None
    median = statistics.median(latencies_us)
    deviation = _NORMAL * statistics.median(abs(one - median) for one in latencies_us)
    limit = max(_FAR * deviation, _LEAST_SHARE * median)
    far = [one for one in latencies_us if abs(one - median) > limit]
    if not far:
        return None
    far.sort(key=lambda one: -abs(one - median))
    named = ", ".join(f"{one:,.0f}" for one in far[:_NAMED])
    more = " and others" if len(far) > _NAMED else ""
    return (
        f"{len(far)} of {len(latencies_us)} timed runs are outliers: {named}{more} us against a "
        f"median of {median:,.0f} us; did something interrupt the device?"
    )
