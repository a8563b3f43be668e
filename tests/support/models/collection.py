"""Where tests find real models: the whole collection, or the small part that is shipped.

The whole one lies beside the project, or where ``TC_SHARED_DATA`` says. Without it tests take the
files of tests/data/collection, and those that want another one skip; with ``TC_REQUIRE_TOOLS=1``
(CI) nothing is skipped: the whole collection must be there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from support.common import ROOT, missing

SHIPPED = ROOT / "tests" / "data" / "collection"


@dataclass(frozen=True)
class Collection:
    """Real models and data sets; ``models.json`` in it tells of every model."""

    root: Path

    @property
    def whole(self) -> bool:
        """Whether it is more than what is shipped."""
        return self.root.resolve() != SHIPPED

    def file(self, name: str) -> Path:
        """A file or directory of the collection; the test skips, or fails in CI, without it."""
        path = self.root / name
        if not self.whole and not path.exists():
            missing(f"{name} (of the whole collection; set TC_SHARED_DATA)")
        return path

    def require_whole(self) -> None:
        """Skip the running test, or fail it in CI, where there is only what is shipped."""
        if not self.whole:
            missing("the whole collection of real models (set TC_SHARED_DATA)")


def find_collection() -> Collection:
    """The collection that the environment names or that lies beside the project, or the shipped.

    It skips, or fails in CI, where a collection is named that is not there.
    """
    named = os.environ.get("TC_SHARED_DATA")
    path = Path(named) if named else ROOT.parent / "shared" / "data"
    if (path / "models.json").is_file():
        return Collection(path)
    if named or os.environ.get("TC_REQUIRE_TOOLS") == "1":
        missing(f"the collection of real models at {path} (TC_SHARED_DATA)")
    return Collection(SHIPPED)
