"""Read a ``.tflite`` file into the immutable graph.

Any byte string gives a Model or a ModelError. A damaged file is refused at the first fault; what is
well-formed but cannot be represented (sparse tensors, unknown sizes, data kept elsewhere) is
refused with every reason at once. Whether an engine can run the model is not decided here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tinycompress.errors import ModelError
from tinycompress.ir.cascade.models import check_stages
from tinycompress.ir.cascade.stages import CASCADE_METADATA, read_stages
from tinycompress.ir.flatbuffer import Flatbuffer, Table, damaged, shorten
from tinycompress.ir.graph import Graph, Model, Op, OptionValue
from tinycompress.ir.state import EVERY_INFERENCE, RESET_METADATA
from tinycompress.ir.structure import check_structure
from tinycompress.ir.tensor_reader import TensorReader
from tinycompress.ir.tflite_schema import (
    DEPRECATED_CODE_LIMIT,
    ENUMS,
    FILE_IDENTIFIER,
    OPERATORS,
    OPTION_TABLES,
    OPTIONS_OF,
    OPTIONS_UNION,
    SCHEMA_VERSION,
    BufferField,
    MetadataField,
    ModelField,
    OperatorCodeField,
    OperatorField,
    OptionField,
    SubGraphField,
)

MAX_FILE_BYTES = 64 << 20
MAX_SUBGRAPHS = 256
MAX_TENSORS = 8_192
MAX_OPERATORS = 8_192

DECODE_CUSTOM_CODE = "TFLM_DECODE"
"""The custom operator of TFLM that decompresses constants while the model runs."""

_SCALAR_CODES = {"int": "i", "uint": "I", "long": "q", "float": "f", "bool": "?"}


def read_model(data: bytes) -> Model:
    """Read a ``.tflite`` file.

    Args:
        data: The whole file. Constants of the returned model are views into it.

    Returns:
        The model; dimensions that the file leaves open for the batch are 1, and tensors that it
        leaves nameless are named after their place, such as ``conv_2d_3`` or ``tensor_7``.

    Raises:
        ModelError: The file is damaged, too large, or has what the graph cannot represent.
    """
    if len(data) > MAX_FILE_BYTES:
        raise ModelError(
            f"the model has {len(data)} bytes; no microcontroller holds more than the"
            f" {MAX_FILE_BYTES} that are read",
            hint="build a smaller model",
        )
    file = Flatbuffer(data, FILE_IDENTIFIER)
    root = file.root()
    version = root.scalar(ModelField.VERSION, "I", 0)
    if version != SCHEMA_VERSION:
        raise ModelError(
            f"the file has schema version {version}, expected {SCHEMA_VERSION}",
            hint="convert the model with TensorFlow 2",
        )
    graphs, reasons = _ModelReader(file, root).graphs()
    if reasons:
        raise ModelError(
            "the model cannot be represented:",
            reasons=reasons,
            hint="convert the model again, with a fixed shape of every input",
        )
    check_structure(graphs)
    said = _said(file, root, CASCADE_METADATA)
    stages = () if said is None else read_stages(said)
    if said is not None:
        check_stages(graphs, stages)
    return Model(
        graphs,
        hashlib.sha256(data).hexdigest(),
        root.string(ModelField.DESCRIPTION, "description"),
        _resets_state(file, root),
        stages,
    )


def _resets_state(file: Flatbuffer, root: Table) -> bool:
    """Whether the metadata ask for a reset of all state before every inference."""
    said = _said(file, root, RESET_METADATA)
    if said is not None and said != EVERY_INFERENCE:
        raise ModelError(
            f"the metadata {RESET_METADATA!r} say {shorten(said.decode(errors='replace'))!r};"
            f" known: {EVERY_INFERENCE.decode()!r}",
            hint="a newer tinycompress may have written the file: pip install --upgrade"
            " tinycompress-mcu",
        )
    return said is not None


def _said(file: Flatbuffer, root: Table, name: str) -> bytes | None:
    """What the first entry of the metadata says that has a name; None if there is none."""
    entries = root.tables(ModelField.METADATA, "metadata")
    buffers = root.tables(ModelField.BUFFERS, "buffer")
    for entry in (entries[index] for index in range(len(entries))):
        if entry.string(MetadataField.NAME, "metadata name") == name:
            buffer = buffers[entry.scalar(MetadataField.BUFFER, "I", 0)]
            start, size = buffer.extent(BufferField.DATA, f"metadata {name}")
            return file.data[start : start + size]
    return None


class _ModelReader:
    """Reads the subgraphs of one file."""

    def __init__(self, file: Flatbuffer, root: Table) -> None:
        self._operator_codes = root.tables(ModelField.OPERATOR_CODES, "operator code")
        self._subgraphs = root.tables(ModelField.SUBGRAPHS, "subgraph")
        self._tensors = TensorReader(file, root.tables(ModelField.BUFFERS, "buffer"))
        self._file = file
        self._kinds: dict[int, tuple[str, str, int]] = {}
        self._tensor_count = 0
        self._op_count = 0

    def graphs(self) -> tuple[tuple[Graph, ...], tuple[str, ...]]:
        """Every subgraph, and the reasons why they cannot be represented."""
        count = len(self._subgraphs)
        if not 1 <= count <= MAX_SUBGRAPHS:
            damaged(f"it has {count} subgraphs (allowed: 1 to {MAX_SUBGRAPHS})")
        graphs = tuple(self._graph(index, self._subgraphs[index]) for index in range(count))
        return graphs, tuple(self._tensors.reasons)

    def _graph(self, index: int, table: Table) -> Graph:
        tensors = table.tables(SubGraphField.TENSORS, "tensor")
        operators = table.tables(SubGraphField.OPERATORS, "operator")
        self._tensor_count += len(tensors)
        self._op_count += len(operators)
        if self._tensor_count > MAX_TENSORS or self._op_count > MAX_OPERATORS:
            damaged(f"it has more than {MAX_TENSORS} tensors or {MAX_OPERATORS} operators")
        where = f"subgraph {index} " if index else ""
        ops = tuple(self._op(number, operators[number], where) for number in range(len(operators)))
        encoded, names = _encoded_tensors(ops), _names_after_operators(ops)
        return Graph(
            name=table.string(SubGraphField.NAME, "subgraph name"),
            tensors=tuple(
                self._tensors.read(
                    number, tensors[number], where, encoded=number in encoded,
                    nameless=names.get(number, f"tensor_{number}"),
                )
                for number in range(len(tensors))
            ),
            ops=ops,
            inputs=table.integers(SubGraphField.INPUTS, "subgraph inputs"),
            outputs=table.integers(SubGraphField.OUTPUTS, "subgraph outputs"),
        )  # fmt: skip

    def _op(self, index: int, table: Table, where: str) -> Op:
        kind, custom_code, version = self._kind(table.scalar(OperatorField.OPCODE_INDEX, "I", 0))
        return Op(
            index=index,
            kind=kind,
            inputs=table.integers(OperatorField.INPUTS, "operator inputs"),
            outputs=table.integers(OperatorField.OUTPUTS, "operator outputs"),
            options=_options(table, kind, f"{where}op {index} {kind}"),
            version=version,
            custom_code=custom_code,
            custom_options=self._custom_options(table),
            intermediates=table.integers(OperatorField.INTERMEDIATES, "operator intermediates"),
        )

    def _kind(self, index: int) -> tuple[str, str, int]:
        """Name, custom code and version of operator code ``index``."""
        if index not in self._kinds:
            table = self._operator_codes[index]
            # Files from before schema 3a have the deprecated field only; newer ones fill both.
            old = table.scalar(OperatorCodeField.DEPRECATED_BUILTIN_CODE, "b", 0)
            code = max(old, table.scalar(OperatorCodeField.BUILTIN_CODE, "i", 0))
            if not 0 <= code < len(OPERATORS) or code == DEPRECATED_CODE_LIMIT:
                damaged(f"operator code {index} is {code}, which TFLite's schema does not have")
            custom_code = table.string(OperatorCodeField.CUSTOM_CODE, "custom code")
            version = table.scalar(OperatorCodeField.VERSION, "i", 1)
            self._kinds[index] = OPERATORS[code], custom_code, version
        return self._kinds[index]

    def _custom_options(self, table: Table) -> bytes:
        start, size = table.extent(OperatorField.CUSTOM_OPTIONS, "custom options")
        offset = table.scalar(OperatorField.LARGE_CUSTOM_OPTIONS_OFFSET, "Q", 0)
        if offset > 1:
            start, size = offset, table.scalar(OperatorField.LARGE_CUSTOM_OPTIONS_SIZE, "Q", 0)
            if start + size > len(self._file.data):
                damaged(f"custom options end at byte {start + size}, outside the file")
        self._file.spend_bytes(size)
        return self._file.data[start : start + size]


def _encoded_tensors(ops: Sequence[Op]) -> frozenset[int]:
    """Tensors that hold compressed bytes: TFLM's DECODE takes pairs of them and their tables."""
    decodes = (op for op in ops if op.custom_code == DECODE_CUSTOM_CODE)
    return frozenset(index for op in decodes for index in op.inputs[::2])


def _names_after_operators(ops: Sequence[Op]) -> dict[int, str]:
    """Names for tensors that the file leaves nameless: of the operators that write them."""
    names: dict[int, str] = {}
    for op in ops:
        for position, index in enumerate(op.outputs):
            names[index] = f"{op.kind.lower()}_{op.index}" + (f":{position}" if position else "")
    return names


def _options(op: Table, kind: str, what: str) -> Mapping[str, OptionValue]:
    """The operator's options, with the schema's defaults where the file has none."""
    expected = OPTIONS_OF.get(kind)
    if expected is None:
        return MappingProxyType({})
    tag = op.scalar(OperatorField.BUILTIN_OPTIONS_TYPE, "B", 0)
    found = OPTIONS_UNION[tag] if tag < len(OPTIONS_UNION) else f"table type {tag}"
    if found not in (expected, "NONE"):
        damaged(f"{what} has {found} where {expected} belongs")
    table = op.table(OperatorField.BUILTIN_OPTIONS) if found == expected else None
    return MappingProxyType(
        {field.name: _option(table, field, what) for field in OPTION_TABLES[expected]}
    )


def _option(table: Table | None, field: OptionField, what: str) -> OptionValue:
    """One option; ``table`` is None if the file leaves all at their defaults."""
    kind = field.type
    if kind in ENUMS:
        names = ENUMS[kind]
        value: int = field.default if table is None else table.scalar(field.id, "b", field.default)
        if not 0 <= value < len(names):
            damaged(f"{what}: {field.name} is {value}, not a {kind} (0 to {len(names) - 1})")
        return names[value]
    if kind == "[int]":
        return () if table is None else table.integers(field.id, field.name)
    if kind == "string":
        return "" if table is None else table.string(field.id, field.name)
    default = {"float": float, "bool": bool}.get(kind, int)(field.default)
    if table is None:
        return default
    scalar: OptionValue = table.scalar(field.id, _SCALAR_CODES[kind], default)
    return scalar
