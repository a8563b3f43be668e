"""How hypothesis draws: the same examples in every run, or new ones where they are asked for."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

REPEATED = "repeated"
EXPLORE = "explore"
_EXPLORED_EXAMPLES = 200
"""Of each test that names no number of its own; 100 otherwise."""


def load() -> None:
    """Register both profiles and load the one that repeats; ``--hypothesis-profile`` overrides it.

    Neither looks at the clock, and neither keeps failures in a database: what a run draws depends
    on the tests and on ``--hypothesis-seed`` alone.
    """
    # Hypothesis derandomises by itself where it sees a CI (``CI=true``): each profile says what it
    # wants, and a run there draws as a run at home.
    common = settings(
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=True,
    )
    settings.register_profile(REPEATED, common, derandomize=True)
    settings.register_profile(EXPLORE, common, max_examples=_EXPLORED_EXAMPLES)
    settings.load_profile(REPEATED)
