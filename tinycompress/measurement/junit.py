"""A benchmark as JUnit XML, which the servers of continuous integration show.

JUnit XML has no standard; this is what Jenkins, GitLab and the actions for GitHub read: suites of
cases with ``failure``, ``error`` and ``skipped``, and properties. A board is a suite. Its promises
are cases that fail or not: exact outputs, memory, the latency budget. Its layers are cases that
take time and cannot fail, so that a server shows which became slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tinycompress import _files
from tinycompress._console import printable, printable_lines
from tinycompress.artifacts import BenchResult
from tinycompress.errors import TinyCompressError
from tinycompress.measurement.exactness import require_exact
from tinycompress.measurement.promises import require_latency

_US = 1e-6


@dataclass(frozen=True)
class Suite:
    """One board: what was measured on it, or why it was not."""

    name: str
    result: BenchResult | None
    failure: str = ""


def write_junit(suites: Sequence[Suite], path: Path) -> None:
    """Write the file as a whole or not at all.

    Args:
        suites: One for each board.
        path: The file.

    Raises:
        ConfigError: The place cannot be written.
    """
    _files.write_text(path, junit_xml(suites))


def junit_xml(suites: Sequence[Suite]) -> str:
    """The text of the file; names that hold anything are shown as what can be printed of them."""
    root = ElementTree.Element("testsuites", name="tinycompress bench")
    made = [_suite(one) for one in suites]
    root.extend(made)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(one.get(count, "0")) for one in made)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


@dataclass(frozen=True)
class _Case:
    """``how`` is what there is to say if it did not pass: failure, error or skipped."""

    group: str
    name: str
    how: str = ""
    message: str = ""
    time_s: float | None = None


def _suite(one: Suite) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=printable(one.name))
    cases = list(_cases(one))
    for count, how in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.how == how for case in cases)))
    suite.set("tests", str(len(cases)))
    if one.result is not None:
        _add_properties(suite, one.result)
        if one.result.latency_us is not None:
            suite.set("time", _seconds(one.result.latency_us.median * _US))
    for case in cases:
        _add_case(suite, case)
    return suite


def _add_properties(suite: ElementTree.Element, result: BenchResult) -> None:
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _figures(result):
        ElementTree.SubElement(properties, "property", name=printable(name), value=printable(value))


def _figures(result: BenchResult) -> Iterator[tuple[str, str]]:
    yield "board", result.board_id
    yield "engine", result.engine
    yield "machine", result.machine
    yield "build_id", result.build_id
    for name, spread in (
        ("latency_us", result.latency_us), ("cycles", result.cycles),
        ("instructions", result.instructions),
    ):  # fmt: skip
        if spread is not None:
            yield name, f"{spread.median:g} ({spread.obtained})"
    yield "flash_bytes", str(result.flash.total_bytes)
    yield "ram_reserved_bytes", str(result.ram.reserved_bytes)
    for one in result.quality:
        if one.score is not None:
            yield f"{one.score_name} of output {one.index} ({one.name})", f"{one.score:.6g}"


def _add_case(suite: ElementTree.Element, case: _Case) -> None:
    made = ElementTree.SubElement(
        suite, "testcase", classname=f"{suite.get('name')}.{case.group}", name=printable(case.name)
    )
    made.set("time", _seconds(case.time_s or 0.0))
    if case.how:
        told = ElementTree.SubElement(made, case.how, message=printable_lines(case.message))
        if case.how != "skipped":
            told.set("type", case.group)
            told.text = printable_lines(case.message)


def _seconds(value: float) -> str:
    return f"{value:.9f}"


def _cases(one: Suite) -> Iterator[_Case]:
    if one.result is None:
        yield _Case("promises", "the firmware was measured", "error", one.failure)
        return
    yield _Case("promises", "the firmware was measured")
    yield from _promises(one.result)
    yield from _layers(one.result)


def _promises(result: BenchResult) -> Iterator[_Case]:
    yield _checked("outputs equal the oracle's", require_exact, result)
    if result.fits:
        yield _Case("promises", "flash and RAM fit the board")
    else:
        message = (
            f"{result.flash.total_bytes:,} bytes of flash and {result.ram.reserved_bytes:,} of RAM"
            f" are more than {result.board_id} has"
        )
        yield _Case("promises", "flash and RAM fit the board", "failure", message)
    name = "the slowest run keeps the latency budget"
    if result.latency_budget_us is None:
        yield _Case("promises", name, "skipped", "the firmware was built without one")
    elif result.latency_us is None:
        yield _Case("promises", name, "skipped", "nothing tells the time on this board")
    else:
        yield _checked(name, require_latency, result)


def _checked(name: str, check: Callable[[BenchResult], None], result: BenchResult) -> _Case:
    try:
        check(result)
    except TinyCompressError as error:
        return _Case("promises", name, "failure", reason(error.message, error.hint))
    return _Case("promises", name)


def reason(message: str, hint: str | None) -> str:
    """An error in one text."""
    return message if hint is None else f"{message}\nhint: {hint}"


def _layers(result: BenchResult) -> Iterator[_Case]:
    cycles, latency = result.cycles, result.latency_us
    second = None
    if cycles is not None and latency is not None and cycles.median:
        second = latency.median * _US / cycles.median
    for index, layer in enumerate(result.layers):
        known = second is not None and layer.cycles is not None
        time_s = (layer.cycles or 0) * (second or 0.0) if known else None
        yield _Case("layers", f"{index}: {layer.name} ({layer.op})", time_s=time_s)
