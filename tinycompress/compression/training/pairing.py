"""Which layers of a teacher and of a student are compared: by name, or by shape."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinycompress.compression.distillation.base import FeatureLoss, Shape
from tinycompress.compression.network.kernels import ENDS_A_FEATURE, OUTPUT_AXES
from tinycompress.compression.training.options import Distill
from tinycompress.errors import ConfigError

_NOT_KEPT = frozenset(
    {"BatchNormalization", "GaussianNoise", "GaussianDropout", "AlphaDropout",
     "ActivityRegularization"}
)  # fmt: skip
"""Layers that later stages fold or leave out."""


@dataclass(frozen=True)
class Feature:
    """What a layer puts out behind its own BatchNormalization and activation.

    ``tensor`` is symbolic, and ``shape`` its shape without the batch and without axes of one
    position.
    """

    name: str
    tensor: Any
    shape: Shape


Pairs = tuple[tuple[Feature, Feature], ...]
"""A teacher's feature and the student's each."""


def pairs_of(teachers: Sequence[Any], student: Any, distill: Distill) -> list[Pairs]:
    """The pairs of each teacher, as a recipe names them or by shape.

    Args:
        teachers: Functional tf_keras models.
        student: The same; its layers may be wrapped.
        distill: With a method that compares features.

    Returns:
        For every teacher its pairs; none for one that has none of the layers that are named.

    Raises:
        ConfigError: A layer that is not there, or shapes that cannot be paired.
    """
    method = distill.features
    assert method is not None
    graphs = [_Graph(teacher, "the teacher") for teacher in teachers]
    own = _Graph(student, "the student")
    if distill.pairs is None:
        found = [_by_shape(distill.method, method, graph, own) for graph in graphs]
    else:
        found = _by_name(distill, graphs, own)
    for pairs in found:
        _require_pairable(distill.method, method, pairs)
    return found


class _Graph:
    """A functional model, seen by the names of its layers; wrapped ones have their own."""

    def __init__(self, model: Any, whose: str) -> None:
        self.whose = whose
        self._outputs = [id(tensor) for tensor in model.outputs]
        depths = model._nodes_by_depth
        self._nodes = [node for depth in sorted(depths, reverse=True) for node in depths[depth]]
        self._first: dict[str, Any] = {}
        for node in self._nodes:
            layer = _inner(node.layer)
            if type(layer).__name__ != "InputLayer":
                self._first.setdefault(layer.name, node)

    @property
    def names(self) -> list[str]:
        return list(self._first)

    def kind(self, name: str) -> str:
        return type(_inner(self._first[name].layer)).__name__

    def feature(self, name: str) -> Feature:
        """Raises ConfigError for a shape that is not known."""
        tensor = self._first[name].outputs
        while (user := self._only_user(tensor)) is not None and _ends_a_feature(user.layer):
            tensor = user.outputs
        sizes = tuple(tensor.shape[1:])
        if not sizes or None in sizes:
            raise ConfigError(
                f"distill: the shape of layer {name!r} of {self.whose} is {sizes}; allowed: known"
                " sizes",
                hint="give the model's input a fixed shape, or name other layers in distill.pairs",
            )
        return Feature(name, tensor, (*(s for s in sizes[:-1] if s != 1), sizes[-1]))

    def hidden(self) -> list[Feature]:
        """Features of layers with a kernel, in order, without those that are outputs."""
        kernels = [name for name in self._first if _has_kernel(_inner(self._first[name].layer))]
        features = [self.feature(name) for name in kernels]
        return [one for one in features if id(one.tensor) not in self._outputs]

    def _only_user(self, tensor: Any) -> Any:
        if id(tensor) in self._outputs:
            return None
        users = [node for node in self._nodes if any(t is tensor for t in node.keras_inputs)]
        return users[0] if len(users) == 1 else None


def _inner(layer: Any) -> Any:
    """The layer itself, without the wrapper of a stage."""
    return getattr(layer, "layer", layer)


def _ends_a_feature(layer: Any) -> bool:
    classes = {cls.__name__ for cls in type(_inner(layer)).__mro__}
    return not classes.isdisjoint(ENDS_A_FEATURE)


def _has_kernel(layer: Any) -> bool:
    kind = type(layer).__name__
    if kind not in OUTPUT_AXES:
        return False
    # Depthwise ones of one position only scale.
    return not (kind.startswith("Depthwise") and all(size == 1 for size in layer.kernel_size))


def _by_name(distill: Distill, teachers: Sequence[_Graph], student: _Graph) -> list[Pairs]:
    known = list(dict.fromkeys(name for graph in teachers for name in graph.names))
    problems = []
    for theirs, own in distill.pairs or ():
        if theirs not in known:
            problems.append(_unknown(theirs, known, "of the teacher"))
        if own not in student.names:
            problems.append(_unknown(own, student.names, "of the student"))
        elif student.kind(own) in _NOT_KEPT:
            problems.append(
                f"{own!r} of the student is a {student.kind(own)}, which stages fold or leave out;"
                " name the layer before it: what comes out behind its BatchNormalization and"
                " activation is compared"
            )
    if problems:
        raise ConfigError(
            "\n  - ".join(("distill.pairs do not fit the models", *problems)),
            hint="each pair is [layer of the teacher, layer of the student]; model.summary() lists"
            " the layers",
        )
    return [
        tuple(
            (graph.feature(theirs), student.feature(own))
            for theirs, own in distill.pairs or ()
            if theirs in graph.names
        )
        for graph in teachers
    ]


def _unknown(name: str, known: Sequence[str], whose: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    rest = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    return f"{name!r} is no layer {whose}; {rest}"


def _by_shape(name: str, method: FeatureLoss, teacher: _Graph, student: _Graph) -> Pairs:
    theirs, own = teacher.hidden(), student.hidden()
    pairs: Pairs
    if method.by_shape == "last":
        pairs = ((theirs[-1], own[-1]),) if theirs and own else ()
    else:
        # Of layers alike the last one: the end of a stage of layers.
        cut = None if method.same_channels else -1
        ends = [{one.shape[:cut]: one for one in features} for features in (theirs, own)]
        pairs = tuple(
            (ends[0][alike], one)
            for alike, one in ends[1].items()
            if alike in ends[0] and not method.refusal(ends[0][alike].shape, one.shape)
        )
    if len(pairs) < method.least_pairs:
        raise ConfigError(
            f"distill: method {name!r} needs {method.least_pairs} or more pairs of layers, and by"
            f" shape it finds {len(pairs)}; the teacher has {_listed(theirs)}; the student has"
            f" {_listed(own)}",
            hint="name them: pairs = [['layer of the teacher', 'layer of the student']]",
        )
    return pairs


def _listed(features: Sequence[Feature]) -> str:
    return ", ".join(f"{one.name} {_named(one.shape)}" for one in features) or "no hidden layer"


def _named(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _require_pairable(name: str, method: FeatureLoss, pairs: Pairs) -> None:
    problems = [
        f"{one.name!r} of the teacher ({_named(one.shape)}) and {other.name!r} of the student"
        f" ({_named(other.shape)}): {why}"
        for one, other in pairs
        if (why := method.refusal(one.shape, other.shape))
    ]
    if not problems and pairs:
        together = method.refusal_together([(one.shape, other.shape) for one, other in pairs])
        problems = [together] if together else []
    if problems:
        raise ConfigError(
            "\n  - ".join((f"distill: method {name!r} cannot pair these layers", *problems)),
            hint="name other layers in distill.pairs, or take a method that compares samples:"
            " relational, similarity",
        )
