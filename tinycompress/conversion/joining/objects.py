"""One file's objects among another's: buffers, operator codes, tensors, operators, subgraphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinycompress.errors import ModelError

_INIT = "initSubgraphIndex"
_REFERENCES = ("subgraph", "subgraphindex", "subgraphindices")


@dataclass(frozen=True)
class Adopted:
    """What came from another file's main subgraph: its operators, renumbered, and where its tensors
    begin among those of the whole."""

    operators: list[Any]
    begin: int


def adopt(whole: Any, model: Any) -> Adopted:
    """Take another file's objects over; only its main subgraph's operators are left to place.

    Args:
        whole: A ``ModelT``, which gets all else: tensors in its main subgraph, and the other
            subgraphs behind its own.
        model: The other ``ModelT``, which must not be used afterwards.

    Raises:
        ModelError: An operator other than CALL_ONCE runs subgraphs.
    """
    buffers, codes = len(whole.buffers), len(whole.operatorCodes)
    shift = len(whole.subgraphs) - 1
    whole.buffers += model.buffers
    whole.operatorCodes += model.operatorCodes
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer += buffers
        for op in graph.operators or ():
            op.opcodeIndex += codes
            _move_subgraphs(op, shift)
    main, begin = model.subgraphs[0], len(whole.subgraphs[0].tensors)
    whole.subgraphs[0].tensors += main.tensors
    whole.subgraphs += model.subgraphs[1:]
    operators = list(main.operators)
    renumber(operators, lambda index: index + begin)
    return Adopted(operators, begin)


def renumber(operators: list[Any], number: Any) -> None:
    """Give the tensors of operators other numbers; those that are absent stay so.

    Args:
        operators: ``OperatorT`` objects, which are changed.
        number: From the number of a tensor to another.
    """
    for op in operators:
        for name in ("inputs", "outputs", "intermediates"):
            indices = getattr(op, name)
            if indices is not None:
                setattr(op, name, [i if i < 0 else number(int(i)) for i in indices])


def _move_subgraphs(op: Any, shift: int) -> None:
    for options in (op.builtinOptions, op.builtinOptions2):
        for name in vars(options) if options is not None else ():
            if name == _INIT:
                setattr(options, name, getattr(options, name) + shift)
            elif name.lower().endswith(_REFERENCES):
                raise ModelError(
                    f"a model has an operator that runs subgraphs ({type(options).__name__[:-1]}),"
                    " and cannot be joined with others",
                    hint="convert it again without loops or conditions",
                )
