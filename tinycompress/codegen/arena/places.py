"""Which tensors share memory: views, parts of a whole, and wholes that consist of their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import OPS, is_view
from tinycompress.codegen.ops.movement.copies import COPY, DIMENSIONS, Copy
from tinycompress.codegen.ops.recurrent.steps import STATE
from tinycompress.ir.graph import Graph, Op

IN_PLACE = "in_place"
"""Option that a pass sets on operators that need not copy what can lie where it belongs."""

_MULTIPLE_BYTES = 4
"""Kernels may read tensors word by word, so that parts begin at whole words."""


def copies_of(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """The copies that an operator is made of, none if it is not made of such."""
    spec = OPS.get(op.full_kind)
    return () if spec is None or spec.plan is None else spec.plan(graph, op)


@dataclass(frozen=True)
class Place:
    """A tensor lies ``offset_bytes`` into the memory of the tensor ``root``, mostly itself."""

    root: int
    offset_bytes: int = 0


def places(graph: Graph) -> dict[int, Place]:
    """Where every tensor lies.

    Of operators with the option ``IN_PLACE``, a part that is a run of bytes lies in what it is cut
    from, or in what it is a part of, unless somebody else decides where it lies: the host, or
    state, which changes while other operators still read it.
    """
    sharing = _Sharing(graph)
    for op in graph.ops:
        if is_view(op):
            sharing.put(op.outputs[0], op.inputs[0], 0)
        elif op.options.get(IN_PLACE):
            for copy in copies_of(graph, op):
                sharing.share(copy)
    return {tensor.index: sharing.place(tensor.index) for tensor in graph.tensors}


class _Sharing:
    """Tensors that lie in others, as operators are gone through in their order."""

    def __init__(self, graph: Graph) -> None:
        self._tensors = graph.tensors
        self._parents: dict[int, Place] = {}
        self._inputs = frozenset(graph.inputs)
        self._outputs = frozenset(graph.outputs)
        self._left = frozenset(i for op in graph.ops if op.kind == STATE for i in op.outputs)

    def put(self, tensor: int, parent: int, offset_bytes: int) -> None:
        """Let a tensor, and all that lies in it, lie in another."""
        self._parents[tensor] = Place(parent, offset_bytes)

    def place(self, tensor: int) -> Place:
        """Where a tensor lies, as far as is known."""
        offset = 0
        while tensor in self._parents:
            parent = self._parents[tensor]
            tensor, offset = parent.root, offset + parent.offset_bytes
        return Place(tensor, offset)

    def share(self, copy: Copy) -> None:
        """Do without a copy, if that can be."""
        if not _is_run(copy) or self._is_held((copy.source.index, copy.target.index)):
            return
        count, item = prod(copy.taken.sizes), copy.source.dtype.item_bytes
        if copy.target.elements == count:
            self._cut(copy, copy.taken.offset * item)
        elif copy.source.elements == count:
            self._join(copy, copy.placed.offset * item)

    def _is_held(self, indices: Iterable[int]) -> bool:
        tensors = (self._tensors[i] for j in indices for i in (j, self.place(j).root))
        return any(t.is_constant or t.is_variable or t.index in self._left for t in tensors)

    def _cut(self, copy: Copy, offset_bytes: int) -> None:
        """The target lies in the source."""
        begin = self.place(copy.source.index).offset_bytes + offset_bytes
        if copy.target.index not in self._outputs and begin % _MULTIPLE_BYTES == 0:
            self.put(copy.target.index, copy.source.index, offset_bytes)

    def _join(self, copy: Copy, offset_bytes: int) -> None:
        """What the source is a view of, or the source itself, lies in the target."""
        place = self.place(copy.source.index)
        root = self._tensors[place.root]
        whole = place.offset_bytes == 0 and root.size_bytes == copy.source.size_bytes
        decided = self._inputs | self._outputs
        if whole and root.index not in decided and offset_bytes % _MULTIPLE_BYTES == 0:
            self.put(root.index, copy.target.index, offset_bytes)


def _is_run(copy: Copy) -> bool:
    """Whether bytes that follow each other go to bytes that follow each other."""
    loops = copy.loops()
    return not loops or (len(loops) == 1 and loops[0][1:] == (1, 1))


def copies_onto_itself(layer: Layer, found: Mapping[int, Place]) -> bool:
    """Whether a layer copies bytes that are where they belong.

    Args:
        layer: Any layer.
        found: The places of the tensors of its graph.
    """
    if layer.kernel != COPY or not layer.reads:
        return False
    source, target = found[layer.reads[0]], found[layer.writes[0]]
    numbers = {name: value for name, value in layer.params.items() if isinstance(value, int)}
    begins = (
        source.offset_bytes + numbers["from_offset"],
        target.offset_bytes + numbers["to_offset"],
    )
    steps = ((numbers[f"from_{i}"], numbers[f"to_{i}"]) for i in range(DIMENSIONS))
    return source.root == target.root and begins[0] == begins[1] and all(a == b for a, b in steps)
