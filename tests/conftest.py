"""What all tests share: where the real data is, and which tools there must be.

A tool that is missing skips its tests on a developer's machine and fails them where
``TC_REQUIRE_TOOLS=1`` (CI): nothing is skipped there in silence.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support import hypothesis_profiles
from support.common import ROOT, require_tool
from support.models.collection import Collection, find_collection

hypothesis_profiles.load()

pytest_plugins = ["support.firmware.framework_fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*.expected")


@pytest.fixture(autouse=True)
def _tools_of_markers(request: pytest.FixtureRequest) -> None:
    for name in ("gcc", "qemu"):
        if request.node.get_closest_marker(name):
            require_tool(name)


@pytest.fixture(scope="session")
def shared_data() -> Collection:
    """The collection of real models and data sets, or the small part of it that is shipped."""
    return find_collection()


@pytest.fixture(scope="session")
def examples_dir() -> Path:
    """Directory of the shipped examples."""
    return ROOT / "examples"
