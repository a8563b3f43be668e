"""The quality of outputs for people and programs: scores, confusion matrices, tables of labels.

A matrix has one row for each class that is true and one column for each that is said. Where it is
wider than the terminal, the pairs that are confused most are listed in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from tinycompress._console import printable
from tinycompress._console.fitted_table import Column, cut_middle, print_fitted
from tinycompress.artifacts import BenchResult, OutputQuality
from tinycompress.quality.judging import score_text

SHOWN_BY_ITSELF = 12
"""Classes or labels of an output that are shown without being asked for."""

_PAIRS = 20
_LEAST_NAME, _MOST_NAME = 4, 24


def quality_rows(result: BenchResult) -> Iterator[tuple[str, str, str]]:
    """Rows for the table of figures: what, value, how."""
    several = len(result.quality) > 1
    for one in result.quality:
        host = "" if one.host_score is None else score_text(one, one.host_score)
        compared = f"; same model on the host: {host}" if host else ""
        of_output = f", output {one.index}: {one.name}" if several else ""
        where = f"of output {one.index}" if several else "on the device"
        yield (
            f"{one.score_name} {where}",
            score_text(one, one.score),
            f"of {result.samples} samples{compared}{of_output}",
        )
        if one.mean_absolute_error is not None:
            yield (
                f"mean abs. error {where}" if several else "mean absolute error",
                f"{one.mean_absolute_error:.4g}",
                _unit(one),
            )
        if one.mean_iou is not None:
            yield (f"mean IoU {where}", f"{one.mean_iou:.4f}", "over the classes")
        if one.mean_squared_error is not None:
            yield (f"mean squared error {where}", f"{one.mean_squared_error:.4g}", _unit(one))


def _unit(one: OutputQuality) -> str:
    if one.kind != "reconstruction":
        return "in the unit of the labels"
    normal = " of the normal samples" if one.score_name.startswith("AUC") else ""
    return f"between input and output{normal}"


def print_quality(result: BenchResult, console: Console, *, asked: bool) -> None:
    """Print how classes are told apart, and how well each label is told.

    Args:
        result: What was measured.
        console: Where to.
        asked: Whether outputs of more classes than are shown by themselves are shown, too.
    """
    for one in result.quality:
        if not asked and max(len(one.per_class), len(one.channels)) > SHOWN_BY_ITSELF:
            continue
        title = f"output {one.index}: {one.name}" if len(result.quality) > 1 else ""
        if one.confusion is not None:
            _print_confusion(one, title, console)
        elif one.kind == "labels":
            _print_labels(one, title, console)
        elif one.channels:
            _print_channels(one, title, console)
        elif one.kind == "classes" and asked:
            console.print("(too many classes for a confusion matrix)", markup=False)


def _names(one: OutputQuality) -> list[str]:
    numbers = [str(index) for index in range(len(one.per_class))]
    if one.class_names is None:
        return numbers
    return [
        f"{number} {printable(name)}" for number, name in zip(numbers, one.class_names, strict=True)
    ]


def _print_confusion(one: OutputQuality, title: str, console: Console) -> None:
    assert one.confusion is not None
    numbers = [str(index) for index in range(len(one.confusion))]
    widest = max(len(str(count)) for row in one.confusion for count in row)
    width = max(widest, len(numbers[-1])) + 1
    names = _names(one)
    room = console.width - width * len(numbers) - len("   recall")
    longest = max(map(len, names))
    if room < min(longest, _LEAST_NAME):
        _print_pairs(one, title, console)
        return
    first = min(longest, room, _MOST_NAME)
    heading = "Confusion: rows are the true class, columns what the device said"
    console.print(_titled(heading, title), style="bold", markup=False)
    console.print(
        " " * first + "".join(f"{number:>{width}}" for number in numbers) + "   recall",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for name, row, each in zip(names, one.confusion, one.per_class, strict=True):
        counts = "".join(f"{count or '.':>{width}}" for count in row)
        console.print(
            f"{cut_middle(name, first):<{first}}{counts}{_share(each.recall):>9}",
            markup=False, soft_wrap=True,
        )  # fmt: skip


def _print_pairs(one: OutputQuality, title: str, console: Console) -> None:
    """What is confused most, where there are more classes than columns."""
    assert one.confusion is not None
    names = _names(one)
    found = sorted(
        (-count, true, said)
        for true, row in enumerate(one.confusion)
        for said, count in enumerate(row)
        if count and true != said
    )
    rows = [
        (names[true], names[said], f"{-count:,}", _share(-count / one.per_class[true].samples))
        for count, true, said in found[:_PAIRS]
    ]
    columns = (
        Column("true class", least=8),
        Column("said", least=8),
        Column("samples", right=True),
        Column("of the class", right=True),
    )
    print_fitted(console, _titled("Most confused", title), columns, rows)
    if len(found) > _PAIRS:
        console.print(f"(and {len(found) - _PAIRS} more pairs; --json has the matrix)")


def _print_labels(one: OutputQuality, title: str, console: Console) -> None:
    columns = (
        Column("label", least=8),
        Column("samples", right=True),
        Column("precision", right=True),
        Column("recall", right=True),
        Column("F1", right=True),
    )
    rows = [
        (name, f"{each.samples:,}", _share(each.precision), _share(each.recall), f"{each.f1:.3f}")
        for name, each in zip(_names(one), one.per_class, strict=True)
    ]
    print_fitted(console, _titled("Labels", title), columns, rows)


def _print_channels(one: OutputQuality, title: str, console: Console) -> None:
    columns = (
        Column("value", right=True), Column("R²", right=True),
        Column("mean absolute error", right=True),
    )  # fmt: skip
    rows = [
        (str(number), "-" if each.r2 is None else f"{each.r2:.4f}",
         f"{each.mean_absolute_error:.4g}")
        for number, each in enumerate(one.channels)
    ]  # fmt: skip
    print_fitted(console, _titled("Values", title), columns, rows)


def _titled(heading: str, title: str) -> str:
    return f"{heading}, {printable(title)}" if title else heading


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
