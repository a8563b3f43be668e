"""Cascade files: TOML that names models, and what lets each of them run (docs/cascades.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tinycompress._strict_toml import near_miss, problems_error, read_strict
from tinycompress._tables import Table
from tinycompress.conversion.joining.cascade import Part, joined
from tinycompress.conversion.joining.chain import chained
from tinycompress.conversion.joining.gates import Scores, gate_problem, stored_gate
from tinycompress.errors import ConfigError, ModelError, os_reason
from tinycompress.ir.cascade.stages import MOST_STAGES, Gate, Otherwise
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs

SUFFIX = ".toml"
_WHAT = "the cascade file"
_HINT = "docs/cascades.md explains every key"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


class GateTable(Table):
    """``[stage.gate]``: one of the three limits, and what it is held against."""

    stage: str | None = None
    """Stage whose scores are looked at; the one before, if none is named."""
    output: Annotated[int, Field(ge=0)] = 0
    """Number of its output."""
    classes: Annotated[tuple[int, ...], Field(min_length=1)] | None = None
    """With ``at_least``: any of these."""
    at_least: float | None = None
    """Score of one of the classes, in real units, from which on the stage runs."""
    unsure_below: float | None = None
    """Greatest score below which the stage runs."""
    changed_by: float | None = None
    """Mean absolute difference of the elements of an input, in real units, from which on the stage
    runs."""
    input: str | None = None
    """With ``changed_by``: which of the stage's inputs; the first, if none is named."""


class StageTable(Table):
    """``[[stage]]``."""

    name: str
    model: str | tuple[str, ...]
    """A ``.tflite`` beside the cascade file; or a front end and a model, which are chained."""
    stride: int | None = None
    """New samples of each inference, of a chain."""
    inputs: tuple[str, ...] | None = None
    """Names of its inputs; stages that name the same share it."""
    otherwise: Literal["zero", "last"] | int | None = None
    """What its outputs are where it does not run."""
    gate: GateTable | None = None


class CascadeTable(Table):
    """The file."""

    schema_: Literal[1] = Field(alias="schema")
    stage: Annotated[tuple[StageTable, ...], Field(min_length=1, max_length=MOST_STAGES)]


def is_cascade_file(path: Path) -> bool:
    """Whether a model is told by a cascade file."""
    return path.suffix == SUFFIX


def read_cascade(path: Path) -> bytes:
    """The ``.tflite`` file that a cascade file describes.

    Args:
        path: The ``.toml``; models are found relative to it.

    Raises:
        ConfigError: It or a model cannot be read, or it has problems (all of them are listed).
        ModelError: A model is damaged, or stages that share an input do not fit each other.
    """
    table = read_strict(path, CascadeTable, _WHAT, _HINT)
    problems = list(_name_problems(table.stage))
    if problems:
        raise problems_error(path, problems, _WHAT, _HINT)
    files = [_model_file(path, stage) for stage in table.stage]
    found = [_Known(stage, file) for stage, file in zip(table.stage, files, strict=True)]
    problems = list(_problems(found))
    if problems:
        raise problems_error(path, problems, _WHAT, _HINT)
    return joined(_parts(found))


class _Known:
    """A stage of the file with what its model takes and gives."""

    def __init__(self, table: StageTable, tflite: bytes) -> None:
        self.table, self.tflite = table, tflite
        graph = read_model(tflite).main
        self.taken, self.given = input_specs(graph), output_specs(graph)
        default = _default_inputs(len(self.taken))
        self.inputs = default if table.inputs is None else table.inputs

    @property
    def name(self) -> str:
        return self.table.name


def _default_inputs(count: int) -> tuple[str, ...]:
    """Names of inputs that nobody named: the same for all stages, which thus share them."""
    return ("input",) if count == 1 else tuple(f"input{number}" for number in range(count))


def _model_file(path: Path, stage: StageTable) -> bytes:
    names = (stage.model,) if isinstance(stage.model, str) else stage.model
    files = [_read(path.parent / name, stage.name) for name in names]
    if len(files) == 1:
        return files[0]
    try:
        return chained(files[0], files[1], stage.stride)
    except (ConfigError, ModelError) as error:
        raise type(error)(f"stage '{stage.name}': {error.message}", hint=error.hint) from error


def _read(path: Path, stage: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"stage '{stage}': cannot read {path}: {os_reason(error)}",
            hint="models are named relative to the cascade file",
        ) from error


def _name_problems(stages: Sequence[StageTable]) -> Iterator[str]:
    """What is wrong before any model is read."""
    seen: set[str] = set()
    for number, stage in enumerate(stages):
        where = f"stage[{number}]"
        if not _NAME.fullmatch(stage.name):
            yield f"{where}.name: {stage.name!r}: must be letters, digits and _, at most 32"
        if stage.name.lower() in seen:
            yield f"{where}.name: {stage.name!r}: another stage has it"
        seen.add(stage.name.lower())
        files = (stage.model,) if isinstance(stage.model, str) else stage.model
        if len(files) not in (1, 2):
            yield f"{where}.model: {len(files)} files; must be a model, or a front end and a model"
        if stage.stride is not None and len(files) != 2:
            yield f"{where}.stride: is of a chain: model = [FRONT_END, MODEL]"
        wrong = [name for name in files if not name.endswith(".tflite")]
        if wrong:
            yield (
                f"{where}.model: {wrong[0]!r}: must be a .tflite; convert it first: tinycompress"
                " convert"
            )
        if stage.gate is not None:
            problem = gate_problem(stage.gate)
            if problem:
                yield f"{where}.gate: {problem}"


def _problems(found: Sequence[_Known]) -> Iterator[str]:
    """What does not fit the models."""
    for number, one in enumerate(found):
        where, table = f"stage[{number}]", one.table
        if len(one.inputs) != len(one.taken):
            yield f"{where}.inputs: {len(one.inputs)} names; the model has {len(one.taken)} inputs"
        elif len(set(one.inputs)) != len(one.inputs) or "" in one.inputs:
            yield f"{where}.inputs: names must differ and not be empty"
        if isinstance(table.otherwise, int):
            scores = Scores.of(one.given[0])
            problem = scores.class_problem(table.otherwise)
            if problem:
                yield f"{where}.otherwise: {table.otherwise}: {problem}"
        if table.gate is None:
            if table.otherwise is not None:
                yield f"{where}.otherwise: is of a stage with a gate, and this one runs always"
            continue
        try:
            _gate_of(found, number)
        except ConfigError as error:
            yield f"{where}.gate.{error.message}"


def _gate_of(found: Sequence[_Known], number: int) -> Gate | None:
    """The gate of a stage as the file has it.

    Raises:
        ConfigError: It names what there is not, or its limit is out of range; begins with the key.
    """
    one, table = found[number], found[number].table.gate
    if table is None:
        return None
    if table.changed_by is not None:
        name = one.inputs[0] if table.input is None else table.input
        if name not in one.inputs:
            raise ConfigError(f"input: {name!r}: {near_miss(name, one.inputs)}")
        inputs = list(dict.fromkeys(each for known in found for each in known.inputs))
        spec = one.taken[one.inputs.index(name)]
        return stored_gate(table, spec, inputs.index(name))
    before = {known.name: known for known in found[:number]}
    if not before:
        raise ConfigError("stage: no stage is before this one; allowed here: changed_by")
    name = found[number - 1].name if table.stage is None else table.stage
    if name not in before:
        raise ConfigError(f"stage: {name!r} is no stage before this one; "
                          f"{near_miss(name, before)}")  # fmt: skip
    given = before[name].given
    if table.output >= len(given):
        raise ConfigError(f"output: {table.output}: stage '{name}' has {len(given)} outputs")
    first = sum(len(known.given) for known in found[: list(before).index(name)])
    return stored_gate(table, given[table.output], first + table.output)


def _parts(found: Sequence[_Known]) -> list[Part]:
    parts = []
    for number, one in enumerate(found):
        table = one.table
        # What has not changed has the answer that it had.
        changes = table.gate is not None and table.gate.changed_by is not None
        usual: Otherwise = "last" if changes else "zero"
        otherwise = usual if table.otherwise is None else table.otherwise
        gate = _gate_of(found, number)
        parts.append(Part(one.name, one.tflite, one.inputs, gate, otherwise))
    return parts
