"""Two results of one kind, figure by figure and layer by layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycompress.errors import ConfigError
from tinycompress.measurement.differences.figures import Row, figures_of, rows_of
from tinycompress.measurement.differences.judging import Difference, differences
from tinycompress.measurement.reading import ReadResult, ResultKind


@dataclass(frozen=True)
class Side:
    """Whose figures one side has; facts that it does not tell are not in it."""

    path: Path
    model_sha256: str | None
    facts: Mapping[str, str]


@dataclass(frozen=True)
class RowDifference:
    """A layer, or a stage of a compression, in two results; None where one does not have it.

    ``number`` counts those of the same name, from 0: of equal names, the first goes with the first.
    """

    name: str
    number: int
    kind_a: str | None
    kind_b: str | None
    figures: tuple[Difference, ...]


@dataclass(frozen=True)
class ResultComparison:
    """Two results beside each other, B against A.

    Attributes:
        kind: What made both.
        a: Whose figures the one side has.
        b: The other.
        same_model: Whether both are of the same ``.tflite``; of compressions, of the same model
            before the first stage.
        figures: Of the results as a whole.
        rows: Layers by name in A's order, then those that only B has; of compressions the stages.
        notes: What a reader should know, a sentence each.
        limit: How much worse a figure of B may be, a share; None where nothing is held to one.
        parts: Whether layers and parts of figures are held to it as well.
    """

    kind: ResultKind
    a: Side
    b: Side
    same_model: bool
    figures: tuple[Difference, ...]
    rows: tuple[RowDifference, ...]
    notes: tuple[str, ...] = ()
    limit: float | None = None
    parts: bool = False

    @property
    def differing_facts(self) -> tuple[tuple[str, str, str], ...]:
        """What the two are of: name, A's and B's value, where they differ; "-" for not told."""
        names = [*self.a.facts, *(name for name in self.b.facts if name not in self.a.facts)]
        pairs = ((n, self.a.facts.get(n, "-"), self.b.facts.get(n, "-")) for n in names)
        return tuple(pair for pair in pairs if pair[1] != pair[2])

    @property
    def regressions(self) -> tuple[tuple[str, Difference], ...]:
        """What got worse beyond the limit: whose it is ("" for the whole), and the figure."""
        if self.limit is None:
            return ()
        whole = [("", one) for one in self.figures if self.parts or not one.figure.part]
        layers = [(row.name, one) for row in self.rows if self.parts for one in row.figures]
        limit = self.limit
        return tuple((where, one) for where, one in (*whole, *layers) if one.exceeds(limit))


def compare_results(
    a: ReadResult,
    b: ReadResult,
    *,
    limit: float | None = None,
    parts: bool = False,
    other_model: bool = False,
) -> ResultComparison:
    """Put one result beside another of its kind.

    Args:
        a: What is compared with: the baseline.
        b: What is compared.
        limit: How much worse a figure may be before it is a regression: a share of A's, of shares
            (accuracy) the difference itself. None holds nothing to a limit.
        parts: Whether layers, and parts of flash and of RAM, are held to it as well.
        other_model: Whether the results may be of two models.

    Raises:
        ConfigError: One is not as it was written, they are of two kinds, or of two models.
    """
    for side in (a, b):
        side.require_whole()
    if a.kind != b.kind:
        raise ConfigError(
            f"{a.path} is a result of {a.kind}, {b.path} one of {b.kind}: their figures are not the"
            " same",
            hint="compare a bundle with a bundle, a build with a build",
        )
    models = _model_of(a), _model_of(b)
    same = models[0] is not None and models[0] == models[1]
    if not same and not other_model:
        raise _of_other_models(a, b, models)
    return ResultComparison(
        kind=a.kind,
        a=_side(a),
        b=_side(b),
        same_model=same,
        figures=differences(figures_of(a), figures_of(b)),
        rows=tuple(_rows(rows_of(a), rows_of(b))),
        notes=tuple(_notes(a, b, same=same)),
        limit=limit,
        parts=parts,
    )


def _model_of(result: ReadResult) -> str | None:
    """By what two results are of the same model."""
    if result.kind == "compress":
        return str(result.data["rows"][0]["tflite_sha256"])
    return result.model_sha256


def _of_other_models(
    a: ReadResult, b: ReadResult, models: tuple[str | None, str | None]
) -> ConfigError:
    told = [
        f"{one.path} is of {'an unknown model' if model is None else f'the model {model[:12]}'}"
        for one, model in zip((a, b), models, strict=True)
    ]
    before = ", before compression" if a.kind == "compress" else ""
    return ConfigError(
        f"the results are of two models{before}: {', '.join(told)} (SHA-256 of the .tflite)",
        hint="--other-model compares them all the same, such as before and after another training",
    )


def _side(result: ReadResult) -> Side:
    data, compiler = result.data, result.manifest.get("compiler", {})
    facts: dict[str, Any] = {
        "board": data.get("board"),
        "machine": data.get("machine"),
        "engine": data.get("engine"),
        "toolchain": _toolchain(data.get("toolchain")),
        "compiler": compiler.get("version") if isinstance(compiler, dict) else None,
        "exact to": data.get("exact_to") or data.get("exact", {}).get("exact_to"),
        "tinycompress": data.get("tinycompress") or result.manifest.get("versions", {}).get(
            "tinycompress"
        ),
        "recipe": _recipe(data.get("recipe")),
        "measured on": _measured_on(data),
        "build id": data.get("build_id"),
    }  # fmt: skip
    told = {name: str(value) for name, value in facts.items() if value not in (None, "")}
    return Side(result.path, _model_of(result), told)


def _toolchain(value: Any) -> Any:
    """`bench` names it, `build` also tells its version."""
    return f"{value['name']} {value['version']}" if isinstance(value, dict) else value


def _recipe(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


def _measured_on(data: Mapping[str, Any]) -> Any:
    rows = data.get("rows")
    return rows[-1].get("measured_on") if rows else None


def _rows(a: tuple[Row, ...], b: tuple[Row, ...]) -> Iterator[RowDifference]:
    of_a, of_b = _numbered(a), _numbered(b)
    for key in [*of_a, *(key for key in of_b if key not in of_a)]:
        one, other = of_a.get(key), of_b.get(key)
        yield RowDifference(
            name=key[0],
            number=key[1],
            kind_a=None if one is None else one.kind,
            kind_b=None if other is None else other.kind,
            figures=differences(
                () if one is None else one.figures, () if other is None else other.figures
            ),
        )


def _numbered(rows: tuple[Row, ...]) -> dict[tuple[str, int], Row]:
    """Rows by their name and how many of that name came before."""
    seen: defaultdict[str, int] = defaultdict(int)
    found = {}
    for row in rows:
        found[row.name, seen[row.name]] = row
        seen[row.name] += 1
    return found


def _notes(a: ReadResult, b: ReadResult, *, same: bool) -> Iterator[str]:
    if not same:
        yield "the results are of two models"
    samples = [side.data.get("samples_sha256") for side in (a, b)]
    if samples[0] != samples[1]:
        yield "they were run on other samples: accuracy is of these, and times may depend on them"
    for name, side in (("A", a), ("B", b)):
        runs = side.data.get("runs")
        if side.kind == "bench" and runs == 1 and side.data.get("machine") != "emulated":
            yield f"{name} was timed once: what its times differ by is not known (bench --runs)"
        error = side.data.get("error")
        if isinstance(error, dict):
            yield f"the command that made {name} ended in an error: {error.get('message')}"
