"""What all tests share: where the real data is, and which tools there must be.

A tool that is missing skips its tests on a developer's machine and fails them where
``TC_REQUIRE_TOOLS=1`` (CI): nothing is skipped there in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import hypothesis_profiles
from support.common import ROOT, require_package, require_tool
from support.models.collection import Collection, find_collection
from support.slow_parts import of_part, parse_part

from tinycompress._tf import QUANTIZED_LAYERS
from tinycompress.artifacts import ExactTo

hypothesis_profiles.load()

pytest_plugins = ["support.firmware.framework_fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*.expected")
    parser.addoption(
        "--road", action="store_true", help="kernel cases take the product's road, too"
    )
    parser.addoption("--slow-part", metavar="N/M", help="only the N-th of M parts of slow tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = config.getoption("--slow-part")
    if wanted is None:
        return
    try:
        part = parse_part(wanted)
    except ValueError as error:
        raise pytest.UsageError(f"--slow-part: {error}") from None
    slow = [item.nodeid for item in items if item.get_closest_marker("slow")]
    chosen = of_part(slow, part)
    config.hook.pytest_deselected(items=[each for each in items if each.nodeid not in chosen])
    items[:] = [each for each in items if each.nodeid in chosen]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # Before fixtures of modules, which need tools and packages, too.
    for name in ("gcc", "qemu", "browser", "postgres"):
        if item.get_closest_marker(name):
            require_tool(name)
    for name in QUANTIZED_LAYERS:
        if item.get_closest_marker(name):
            require_package(name)


@pytest.fixture(scope="session", autouse=True)
def _kernels_on_the_road(request: pytest.FixtureRequest) -> Iterator[None]:
    """With ``--road``, what kernel tests hold against the oracle on the PC runs on boards, too."""
    if not request.config.getoption("--road"):
        yield
        return
    # Not before it is asked for: it imports the whole pipeline.
    from support.cases.kernels import KernelCases
    from support.cases.on_the_road import RECORD, Road

    road, on_the_pc = Road(), KernelCases.mismatches

    def both(cases: KernelCases, exact_to: ExactTo, *, count: int = 6) -> list[str]:
        found = on_the_pc(cases, exact_to, count=count)
        road.take(cases, exact_to)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KernelCases, "mismatches", both)
        yield
    road.write(RECORD)


@pytest.fixture(autouse=True)
def _wide_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have the width that they have in a pipe, whatever the terminal of the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def _answers_follow_their_schemas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test makes a command answer in JSON is held against the published schema."""
    from support.schemas import checking

    from tinycompress.cli.invocation import print_answer

    monkeypatch.setattr("tinycompress.cli.main.print_answer", checking(print_answer))


@pytest.fixture(scope="session")
def shared_data() -> Collection:
    """The collection of real models and data sets, or the small part of it that is shipped."""
    return find_collection()


@pytest.fixture(scope="session")
def examples_dir() -> Path:
    """Directory of the shipped examples."""
    return ROOT / "examples"
