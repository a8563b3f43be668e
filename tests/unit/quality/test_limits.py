"""What a file lost is named by output and channel, and held against a limit."""

from __future__ import annotations

import pytest

from tinycompress.artifacts import ChannelQuality, OutputQuality
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.quality.judging import Judgement
from tinycompress.quality.limits import drop_warnings, drops_of, require_drop


def regression(channels: tuple[float | None, ...], in_float: tuple[float, ...]) -> OutputQuality:
    return OutputQuality(
        0, "out", "regression", 0.98, "R²", float_score=0.99,
        channels=tuple(ChannelQuality(one, 1.0) for one in channels),
        float_channels=tuple(ChannelQuality(one, 1.0) for one in in_float),
    )  # fmt: skip


KIND = OutputQuality(1, "kind", "classes", 0.90, "accuracy", float_score=0.95)


def test_a_channel_that_float_tells_counts_by_itself() -> None:
    found = regression((0.99, -0.5, -0.5, None), (0.99, 0.9, -0.1, 0.5))
    whole, channel = drops_of(found)
    assert (whole.what, whole.amount) == ("R² of output 'out'", "0.0100")
    assert (channel.what, channel.amount) == ("R² of value 1 of output 'out'", "1.4000")


def test_beyond_the_limit_all_that_fell_is_named() -> None:
    found = Judgement((regression((0.5, 0.99), (0.9, 0.99)), KIND))
    with pytest.raises(MismatchError) as caught:
        require_drop(found, 0.02, "int8")
    assert caught.value.exit_code == 8
    assert caught.value.message.splitlines()[1:] == [
        "  - R² of value 0 of output 'out': float 0.9000, int8 0.5000: a drop of 0.4000",
        "  - accuracy of output 'kind': float 95.00%, int8 90.00%: a drop of 5.00 points",
    ]
    require_drop(found, 0.5, "int8")


def test_nothing_to_compare_is_refused_with_the_reason() -> None:
    found = Judgement((), warnings=("no accuracy: y of t.npz is unusable",))
    with pytest.raises(ConfigError, match="nothing to compare: no accuracy: y of t"):
        require_drop(found, 0.5, "int8")


def test_very_many_drops_are_counted() -> None:
    found = regression((0.0,) * 9, (0.9,) * 9)
    told = list(drop_warnings([found], 0.02, "int8", 100))
    assert len(told) == 5
    assert told[-1] == "5 more scores are below float's by more than 0.02; --json has all"
