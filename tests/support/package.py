"""The distribution as users get it: built, compared with the tree, installed and used elsewhere.

    python tests/support/package.py                       # this Python, without and with [keras]
    python tests/support/package.py --python python3.12   # another one; can be given again
    python tests/support/package.py --lowest              # in the lowest versions that it allows

`make test-package` runs it. It works in a directory of its own, outside the tree, and needs PyPI.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"
# What of the tree a wheel holds, and where.
INSIDE = {
    "tinycompress/": "tinycompress/",
    "boards/": "tinycompress/_data/boards/",
    "firmware_templates/": "tinycompress/_data/firmware_templates/",
    "examples/templates/": "tinycompress/_data/examples/templates/",
    "examples/digits/digits.npz": "tinycompress/_data/examples/digits/digits.npz",
    "examples/digits/digits_int8.tflite": "tinycompress/_data/reference/digits_int8.tflite",
    "examples/model_functions/": "tinycompress/_data/model_functions/",
}
_LONGEST_S = 1800.0


class PackageError(Exception):
    """Something is not as users need it."""


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment, and an empty directory to work in."""

    directory: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.directory / "bin" / "python"

    def run(self, *command: str | Path, place: Path) -> str:
        """What a program of it prints, run by its path: nothing is activated, as with pipx."""
        program, *rest = command
        return run([self.directory / "bin" / str(program), *rest], place)


def run(command: Sequence[str | Path], place: Path) -> str:
    """What a program prints on stdout.

    Raises:
        PackageError: It failed.
    """
    # Nothing of the tree, or of the environment that this runs in, may help.
    kept = ("HOME", "LANG", "PIP_", "UV_", "SSL_", "REQUESTS_")
    environment = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    done = subprocess.run(
        [str(word) for word in command], cwd=place, capture_output=True, text=True, check=False,
        env={**environment, "PATH": "/usr/bin:/bin"}, timeout=_LONGEST_S,
    )  # fmt: skip
    if done.returncode != 0:
        shown = " ".join(str(word) for word in command)
        raise PackageError(f"{shown}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text: str) -> None:
    """Tell what is done, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def environment_of(python: str, place: Path, name: str) -> Environment:
    """Make a virtual environment.

    Raises:
        PackageError: The interpreter is missing or cannot.
    """
    found = shutil.which(python)
    if found is None:
        raise PackageError(f"there is no {python}")
    run([found, "-m", "venv", place / name], place)
    return Environment(place / name)


def build_distributions(place: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel that is made from it and not from the tree."""
    tools = environment_of(sys.executable, place, "tools")
    tools.run("python", "-m", "pip", "install", "--quiet", "build>=1.2", place=place)
    tools.run("python", "-m", "build", "--outdir", place / "dist", ROOT, place=place)
    (sdist,), (wheel,) = (place / "dist").glob("*.tar.gz"), (place / "dist").glob("*.whl")
    return sdist, wheel


def compare_with_tree(sdist: Path, wheel: Path) -> None:
    """Hold what the distributions list against what git tracks.

    Raises:
        PackageError: A file is missing, or one too many.
    """
    tracked = set(run(["git", "ls-files"], ROOT).splitlines())
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        inside + path.removeprefix(outside)
        for path in tracked
        for outside, inside in INSIDE.items()
        if path.startswith(outside)
    }
    _require_equal("the wheel", held, expected)
    with tarfile.open(sdist) as archive_of_sources:
        files = [each.name for each in archive_of_sources.getmembers() if each.isfile()]
    inside_sdist = {name.split("/", 1)[1] for name in files} - {"PKG-INFO"}
    _require_equal("the sdist", inside_sdist, tracked)


def _require_equal(what: str, held: set[str], expected: set[str]) -> None:
    if held != expected:
        raise PackageError(
            f"{what} lacks {sorted(expected - held)}, and has {sorted(held - expected)} too many"
        )


def use_without_keras(installed: Environment, place: Path) -> None:
    """What a user of ``.tflite`` files does.

    Raises:
        PackageError: Something fails, or the outputs are not exact.
    """
    shutil.copy(MODEL, place / "digits.tflite")
    for command in (["--version"], ["boards"], ["recipes"], ["ports"], ["init", "started"]):
        installed.run("tinycompress", *command, place=place)
    installed.run("tinycompress", "build", "digits.tflite", "-b", "nano33", place=place)
    _require_exact(installed, ["digits-nano33"], place, 0)
    library = ["-b", "f446re", "--framework", "library", "-o", "library"]
    installed.run("tinycompress", "build", "digits.tflite", *library, place=place)
    loaded = "import tinycompress, sys; assert 'tensorflow' not in sys.modules"
    installed.run("python", "-c", loaded, place=place)


def use_with_keras(installed: Environment, place: Path) -> None:
    """What a user of Keras does: a template from end to end.

    Raises:
        PackageError: Something fails, or the outputs are not exact.
    """
    installed.run("tinycompress", "init", "digits", "-t", "images", place=place)
    project = place / "digits"
    installed.run("python", "train.py", place=project)
    installed.run("tinycompress", "build", place=project)
    _require_exact(installed, [], project, 300)


def _require_exact(
    installed: Environment, arguments: Sequence[str], place: Path, samples: int
) -> None:
    told = json.loads(installed.run("tinycompress", "bench", *arguments, "--json", place=place))
    exact = told["exact"]
    if exact["mismatched_samples"] != 0 or (exact["samples"] or 0) < samples:
        raise PackageError(f"bench: {exact}")


def install(environment: Environment, wheel: Path, extra: str, uv: Environment | None) -> None:
    """Install the wheel with pip, or with uv in the lowest versions that it allows."""
    place = wheel.parent
    if uv is None:
        wanted = f"{wheel}{extra}"
        environment.run("python", "-m", "pip", "install", "--quiet", wanted, place=place)
        return
    into: list[str | Path] = ["pip", "install", "--quiet", "--python", environment.python]
    # Direct dependencies are those of the file; given the wheel, all would be indirect.
    lowest: list[str | Path] = ["--resolution", "lowest-direct", "-r", ROOT / "pyproject.toml"]
    extras = ["--extra", extra.strip("[]")] if extra else []
    uv.run("uv", *into, *lowest, *extras, place=place)
    uv.run("uv", *into, "--no-deps", wheel, place=place)


def try_python(
    python: str, wheel: Path, place: Path, *, keras: bool, uv: Environment | None
) -> None:
    """Install and use the wheel with one Python.

    Raises:
        PackageError: Something is not as users need it.
    """
    uses = [("", use_without_keras)] + ([("[keras]", use_with_keras)] if keras else [])
    for extra, use in uses:
        name = f"{Path(python).name}{extra.strip('[]')}"
        environment = environment_of(python, place, f"venv-{name}")
        install(environment, wheel, extra, uv)
        work = place / f"work-{name}"
        work.mkdir()
        use(environment, work)
        say(f"{python} {extra or 'without extras'}: built and measured, exact")
        shutil.rmtree(environment.directory)


def main() -> int:
    """Do what the arguments say; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", action="append", help="interpreter; may be given several times")
    parser.add_argument("--lowest", action="store_true", help="lowest versions of dependencies")
    parser.add_argument("--no-keras", action="store_true", help="leave out TensorFlow's download")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinycompress-package-") as temporary:
        place = Path(temporary)
        try:
            sdist, wheel = build_distributions(place)
            compare_with_tree(sdist, wheel)
            say(f"{wheel.name}, {sdist.name}: all that git tracks, and nothing else")
            uv = None
            if arguments.lowest:
                uv = environment_of(sys.executable, place, "uv")
                uv.run("python", "-m", "pip", "install", "--quiet", "uv>=0.5", place=place)
            for python in arguments.python or [sys.executable]:
                try_python(python, wheel, place, keras=not arguments.no_keras, uv=uv)
        except PackageError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
