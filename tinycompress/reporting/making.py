"""From results to a report on disk."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from tinycompress import _files
from tinycompress._progress import Progress, no_progress
from tinycompress.errors import ConfigError
from tinycompress.reporting.markdown import markdown
from tinycompress.reporting.overlays import overlays
from tinycompress.reporting.page import MOST_BYTES, page
from tinycompress.reporting.reading import read_subjects
from tinycompress.reporting.subjects import Subject

Format = Literal["html", "md", "model-explorer"]
FORMATS: tuple[Format, ...] = get_args(Format)

_DEFAULTS: dict[Format, Path | None] = {
    "html": Path("report.html"), "md": None, "model-explorer": Path("model-explorer"),
}  # fmt: skip


@dataclass(frozen=True)
class Report:
    """What was made.

    ``text`` is the page or the Markdown, ``files`` are where something was written: of Markdown
    that was not asked for as a file, none. ``labels`` are the results that it is of.
    """

    format: Format
    labels: tuple[str, ...]
    text: str
    files: tuple[Path, ...]


def report(
    *results: str | Path,
    output: str | Path | None = None,
    format: Format = "html",
    errors: str | Path | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Make a report of one result, or of several side by side.

    Args:
        *results: Bundles of ``bench -o``, directories of ``build`` or ``compress``.
        output: The file, which is replaced; for ``model-explorer`` the directory, which must not
            exist, be empty, or hold an earlier export. None is ``report.html`` or
            ``model-explorer`` in the current directory, and writes no Markdown.
        format: ``html``, one page that needs nothing else; ``md``, Markdown for a pull request;
            ``model-explorer``, a file of node data for each figure of the layers.
        errors: JSON that ``inspect --compare --json`` printed: error of each layer from float to
            integers.
        progress: Told what is under way.

    Raises:
        ConfigError: A result is none, is of another version, or was cut or edited; or the place
            cannot be written.
    """
    if not results:
        raise ConfigError("no result was named", hint="tinycompress report BUNDLE")
    if format not in FORMATS:
        raise ConfigError(f"format is {format!r}; allowed: {', '.join(FORMATS)}")
    paths = [Path(one) for one in results]
    place = _DEFAULTS[format] if output is None else Path(output)
    progress("read the results")
    subjects = read_subjects(paths, None if errors is None else Path(errors))
    labels = tuple(one.label for one in subjects)
    if format == "model-explorer":
        assert place is not None, "there is a default"
        return Report(format, labels, "", _write_overlays(subjects, place))
    progress("draw")
    command = _command(paths, format, output, errors)
    text = markdown(subjects, command) if format == "md" else _page(subjects, command)
    if place is not None:
        _files.write_text(place, text)
    return Report(format, labels, text, () if place is None else (place,))


def _page(subjects: Sequence[Subject], command: str) -> str:
    text = page(subjects, command)
    taken = len(text.encode())
    if taken > MOST_BYTES:
        raise ConfigError(
            f"the page of {len(subjects)} results would take {taken:,} bytes, at most "
            f"{MOST_BYTES:,} are allowed",
            hint="name fewer results",
        )
    return text


def _write_overlays(subjects: Sequence[Subject], directory: Path) -> tuple[Path, ...]:
    texts = overlays(subjects)
    with _files.new_directory(directory, replace=_is_export(directory)) as temporary:
        for name, text in texts.items():
            (temporary / name).write_text(text, encoding="utf-8")
    return tuple(directory / name for name in texts)


def _is_export(directory: Path) -> bool:
    """Whether a directory holds overlays and nothing else: nothing of the user's is lost."""
    try:
        files = list(directory.iterdir())
        return bool(files) and all(
            file.suffix == ".json" and '"results"' in file.read_text(encoding="utf-8")
            for file in files
        )
    except (OSError, ValueError):
        return False


def _command(
    paths: Sequence[Path], format: Format, output: str | Path | None, errors: str | Path | None
) -> str:
    words = ["tinycompress", "report", *map(str, paths)]
    words += [] if format == "html" else ["--format", format]
    words += [] if errors is None else ["--errors", str(errors)]
    words += [] if output is None else ["-o", str(output)]
    return shlex.join(words)
