"""Our account of TFLite's schema against the schema code that two runtimes ship."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as litert_schema
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as tflm_schema

from tinycompress.ir import tflite_schema as ours
from tinycompress.ir.graph import DType

SCHEMAS = pytest.mark.parametrize("schema", [litert_schema, tflm_schema], ids=["litert", "tflm"])

# Tables with fields that are left out on purpose; see OPTION_TABLES.
LEFT_OUT = {"BucketizeOptions"}
LEFT_OUT_FIELDS = {("FullyConnectedOptions", "quant_spec")}

SLOT_TYPES = {
    "Int32": "int", "Uint32": "uint", "Int64": "long", "Float32": "float", "Bool": "bool",
    "Int8": "enum", "UOffsetTRelative": "reference",
}  # fmt: skip


def enum_values(enum: Any) -> dict[str, int]:
    return {name: value for name, value in vars(enum).items() if isinstance(value, int)}


class Recorder:
    """Stands in for a flatbuffer builder and notes how a field is stored."""

    def __init__(self) -> None:
        self.slots: list[tuple[str, int, Any]] = []

    def __getattr__(self, name: str) -> Any:
        match = re.fullmatch(r"Prepend(\w+)Slot", name)
        assert match, name
        return lambda slot, value, default: self.slots.append((match[1], slot, default))


def snake(name: str) -> str:
    """As in the schema: ``strideW`` is ``stride_w``, ``seed2`` stays."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def fields_of(schema: Any, table: str) -> dict[str, tuple[int, str, Any]]:
    """Id, type and default of every field that the generated code can write."""
    found = {}
    for name, function in vars(schema).items():
        match = re.fullmatch(f"{table}Add([A-Z]\\w*)", name)
        if not match or not callable(function):
            continue
        recorder = Recorder()
        function(recorder, 1)
        ((kind, slot, default),) = recorder.slots
        if kind == "UOffsetTRelative" and hasattr(schema, f"{table}Start{match[1]}Vector"):
            kind = "vector"
        argument = function.__code__.co_varnames[1]
        found[snake(argument)] = (slot, SLOT_TYPES.get(kind, kind), default)
    return found


@SCHEMAS
@pytest.mark.parametrize(
    ("enum", "names"),
    [
        ("BuiltinOperator", ours.OPERATORS),
        ("TensorType", ours.TENSOR_TYPES),
        ("BuiltinOptions", ours.OPTIONS_UNION),
        *ours.ENUMS.items(),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_enum(schema: Any, enum: str, names: tuple[str, ...]) -> None:
    assert enum_values(getattr(schema, enum)) == {name: i for i, name in enumerate(names)}


@SCHEMAS
@pytest.mark.parametrize("table", ours.OPTIONS_UNION[1:])
def test_options_table(schema: Any, table: str) -> None:
    theirs = {
        name: field
        for name, field in fields_of(schema, table).items()
        if (table, name) not in LEFT_OUT_FIELDS
    }
    if table in LEFT_OUT:
        assert theirs
        assert table not in ours.OPTION_TABLES
        return
    mine = {}
    for field in ours.OPTION_TABLES.get(table, ()):
        kind = "enum" if field.type in ours.ENUMS else field.type
        kind = {"[int]": "vector", "string": "reference"}.get(kind, kind)
        mine[field.name] = (field.id, kind, field.default)
    assert mine == theirs


def test_every_options_table_is_somebodys() -> None:
    assert set(ours.OPTIONS_OF.values()) == set(ours.OPTION_TABLES)
    assert set(ours.OPTIONS_OF) <= set(ours.OPERATORS)


def test_options_belong_to_the_operator_of_their_name() -> None:
    by_name = {table.removesuffix("Options").lower(): table for table in ours.OPTION_TABLES}
    shared = {"LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
    matches = 0
    for kind in ours.OPERATORS:
        table = by_name.get(kind.replace("_", "").lower())
        if table is not None:
            assert ours.OPTIONS_OF[kind] == table
            matches += 1
    assert matches > 45
    assert all(kind in ours.OPTIONS_OF for kind in shared)


@SCHEMAS
@pytest.mark.parametrize(
    "fields",
    [
        ours.ModelField, ours.OperatorCodeField, ours.SubGraphField, ours.TensorField,
        ours.QuantizationParametersField, ours.BufferField, ours.OperatorField,
    ],
)  # fmt: skip
def test_structural_fields(schema: Any, fields: type[IntEnum]) -> None:
    theirs = fields_of(schema, fields.__name__.removesuffix("Field"))
    for field in fields:
        assert theirs[field.name.lower()][0] == field.value


@SCHEMAS
def test_defaults_that_the_reader_relies_on(schema: Any) -> None:
    assert fields_of(schema, "OperatorCode")["version"][2] == 1
    for table in ("Tensor", "SubGraph", "Buffer", "Operator", "QuantizationParameters"):
        for name, (_, _, default) in fields_of(schema, table).items():
            assert default == (-1 if name == "debug_metadata_index" else 0), name


def test_every_tensor_type_is_a_dtype() -> None:
    assert {DType[name].value for name in ours.TENSOR_TYPES} == {
        dtype.value for dtype in DType if dtype is not DType.UNKNOWN
    }


def test_subgraph_options_exist() -> None:
    for kind, options in ours.SUBGRAPH_OPTIONS.items():
        names = {field.name for field in ours.OPTION_TABLES[ours.OPTIONS_OF[kind]]}
        assert set(options) <= names
