"""Property tests on examples that nobody has seen: rounds of pytest, each with a seed of its own.

`python tests/support/explore.py --rounds 4 --seed 7` is what `make explore` runs. Without a seed it
is that of the commit, so that the same commit draws the same examples again. What fails is printed
with the command that repeats it, and as a patch that adds it to its test as an ``@example``.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from support.hypothesis_profiles import EXPLORE

ROOT = Path(__file__).resolve().parents[2]
SELECTED = "hypothesis and not slow"
_FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)


def seed_of_commit(directory: Path) -> int:
    """A seed that every commit has one of.

    Raises:
        SystemExit: ``directory`` is no clone.
    """
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=directory, capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise SystemExit(f"error: {directory} has no commit to take a seed from\nhint:  --seed 1")
    return int(found.stdout[:8], 16)


def pytest_arguments(seed: int, selected: list[str]) -> list[str]:
    """Arguments of pytest; without workers, as only then hypothesis writes its patch."""
    drawn = ["--hypothesis-profile", EXPLORE, "--hypothesis-seed", str(seed)]
    return ["-p", "no:xdist", "-p", "no:cacheprovider", "-q", "-m", SELECTED, *drawn, *selected]


def run_round(directory: Path, seed: int, selected: list[str]) -> int:
    """Run all selected tests once; pytest's exit code. What failed is printed."""
    started = time.time()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *pytest_arguments(seed, selected)],
        cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout)
        _tell(directory, seed, _FAILED.findall(done.stdout), started)
    return done.returncode


def _tell(directory: Path, seed: int, failed: list[str], started: float) -> None:
    print(f"explore: seed {seed} found what fails. Repeat it with\n")
    print("    " + shlex.join(["pytest", *pytest_arguments(seed, failed)]) + "\n")
    patches = sorted((directory / ".hypothesis" / "patches").glob("*.patch"), key=os.path.getmtime)
    if not patches or patches[-1].stat().st_mtime < started:
        print('Add it to its test as an @example, from "Falsifying example" above.')
        return
    patch = patches[-1]
    print(f"Add it to its test as an @example with  git apply {patch.relative_to(directory)}")
    print("or, from elsewhere, with  git apply <<'EOF'\n")
    print(patch.read_text(encoding="utf-8").rstrip("\n") + "\nEOF")


def explore(directory: Path, rounds: int, seed: int, selected: list[str]) -> int:
    """Run rounds until one fails; its exit code, or 0."""
    for number in range(rounds):
        begun = time.monotonic()
        code = run_round(directory, seed + number, selected)
        seconds = time.monotonic() - begun
        result = "failed" if code else "passed"
        print(f"round {number + 1} of {rounds}: seed {seed + number} {result}, {seconds:.0f} s")
        if code:
            return code
    return 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="property tests on new examples")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, help="of the first round; default: the commit's")
    parser.add_argument("tests", nargs="*", help="files or tests; default: all")
    arguments = parser.parse_args()
    seed = seed_of_commit(ROOT) if arguments.seed is None else arguments.seed
    return explore(ROOT, arguments.rounds, seed, arguments.tests)


if __name__ == "__main__":
    sys.exit(main())
