"""JUnit XML: what its readers rely on, and names that XML cannot hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.results import BENCHED, ODD, measured

from tinycompress.artifacts import BenchResult, LayerCost, Spread
from tinycompress.errors import ConfigError
from tinycompress.measurement.junit import Suite, junit_xml, write_junit

OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def read(*suites: Suite) -> ElementTree.Element:
    """The file as its readers take it: counts that are right, and nothing that they do not know."""
    root = ElementTree.fromstring(junit_xml(suites))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        cases = suite.findall("testcase")
        assert {child.tag for child in suite} <= {"testcase", "properties"}
        assert suite.get("tests") == str(len(cases))
        for kind, count in OUTCOMES.items():
            assert suite.get(count) == str(sum(case.find(kind) is not None for case in cases))
        for case in cases:
            assert case.get("name")
            assert case.get("classname", "").startswith(f"{suite.get('name')}.")
            assert float(case.get("time", "x")) >= 0
            assert len(case) <= 1
            assert {child.tag for child in case} <= set(OUTCOMES)
    for count in ("tests", *OUTCOMES.values()):
        assert root.get(count) == str(sum(int(suite.get(count, "x")) for suite in root))
    return root


def cases(result: BenchResult) -> dict[str, str]:
    """By the name of a case: passed, failure, error or skipped."""
    (suite,) = read(Suite("nano", result))
    return {
        str(case.get("name")): case[0].tag if len(case) else "passed"
        for case in suite.findall("testcase")
    }


def test_a_good_result_passes() -> None:
    found = cases(BENCHED)
    assert list(found.values()) == ["passed", "passed", "passed", "skipped", "passed", "passed"]
    assert "0: conv (CONV_2D)" in found


@pytest.mark.parametrize(
    ("change", "name", "how"),
    [
        ({"mismatched_samples": 3}, "outputs equal the oracle's", "failure"),
        (
            {"mismatched_samples": None, "not_compared": "no"},
            "outputs equal the oracle's",
            "failure",
        ),
        ({"fits": False}, "flash and RAM fit the board", "failure"),
        ({"latency_budget_us": 1999.0}, "the slowest run keeps the latency budget", "failure"),
        ({"latency_budget_us": 2001.0}, "the slowest run keeps the latency budget", "passed"),
        (
            {"latency_budget_us": 1.0, "latency_us": None},
            "the slowest run keeps the latency budget",
            "skipped",
        ),
    ],
)
def test_a_broken_promise_fails(change: dict[str, object], name: str, how: str) -> None:
    assert cases(replace(BENCHED, **change))[name] == how  # type: ignore[arg-type]


def test_layers_take_their_share_of_the_time() -> None:
    (suite,) = read(Suite("nano", BENCHED))
    assert float(suite.get("time", "0")) == 0.002
    (conv,) = [case for case in suite.findall("testcase") if "conv" in case.get("name", "")]
    assert float(conv.get("time", "0")) == pytest.approx(0.002 * 100 / 128, abs=1e-9)
    (suite,) = read(Suite("nano", measured()))
    (conv,) = [case for case in suite.findall("testcase") if "conv" in case.get("name", "")]
    assert float(conv.get("time", "1")) == 0


def test_a_board_that_could_not_be_measured_is_an_error() -> None:
    root = read(Suite("a", BENCHED), Suite("b", None, "silent\nhint: plug it in"))
    (error,) = root.iter("error")
    assert error.text == "silent\nhint: plug it in"
    assert root.get("errors") == "1"


def test_names_that_xml_cannot_hold() -> None:
    wild = f"{ODD}\x00\ud800\uffff]]>\r\n&"
    result = replace(
        BENCHED,
        layers=(LayerCost(wild, "CONV_2D", 1, 2, 3),),
        mismatched_samples=None,
        not_compared=wild,
    )
    root = read(Suite(wild, result))
    text = ElementTree.tostring(root, "unicode")
    assert "<script>" not in text
    names = [case.get("name") for case in root.iter("testcase")]
    shown = wild.translate({ord(one): repr(one)[1:-1] for one in "\x00\x1b\ud800\uffff\r\n"})
    assert names[-1] == f"0: {shown} (CONV_2D)"


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    write_junit([Suite("nano", BENCHED)], tmp_path / "new" / "junit.xml")
    assert ElementTree.parse(tmp_path / "new" / "junit.xml").getroot().tag == "testsuites"
    with pytest.raises(ConfigError, match="it is a directory"):
        write_junit([Suite("nano", BENCHED)], tmp_path / "new")


def test_properties_say_what_was_measured() -> None:
    result = replace(BENCHED, latency_us=Spread(2000.5, 2000.0, 2001.0, "measured"))
    root = read(Suite("nano", result))
    told = {str(one.get("name")): one.get("value") for one in root.iter("property")}
    assert told["latency_us"] == "2000.5 (measured)"
    assert told["flash_bytes"] == "18104"
    assert told["accuracy of output 0 (out)"] == "0.975"
