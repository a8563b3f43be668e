"""Refusals of cascades and streams, which files reach without TensorFlow."""

from __future__ import annotations

from ai_edge_litert import schema_py_generated as schema

from support.models.cascades import SEEN_CLASS, cascade, part, passing_on, scores
from support.models.stateful_models import stateful_model, with_metadata
from support.models.tflite_files import Builder
from support.refusals.sites import Refusal
from tinycompress.codegen import generate
from tinycompress.codegen.verdict import require_tflm
from tinycompress.conversion.joining.cascade import joined
from tinycompress.conversion.joining.objects import adopt
from tinycompress.conversion.streaming.slicing import one_step
from tinycompress.ir.cascade.stages import CASCADE_METADATA, stages_text
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_objects import unpacked


def _without_operators() -> bytes:
    b = Builder()
    x = b.tensor([1, 12], name="x", scales=[0.1])
    return b.pack([x], [x])


def _loop() -> bytes:
    b = Builder()
    x, y = (b.tensor([1, 12], scales=[0.1]) for _ in range(2))
    b.op("WHILE", [x], [y], schema.WhileOptionsT())
    return b.pack([x], [y])


def _told(text: bytes) -> bytes:
    return with_metadata(scores(1), CASCADE_METADATA, text)


REFUSALS: tuple[Refusal, ...] = (
    Refusal("codegen/stages.py:_require_own_outputs",
            lambda _: generate(read_model(joined(
                [part("a", scores(1)), part("b", passing_on(), SEEN_CLASS)]))),
            "only another name for an input", "let the model compute it"),
    Refusal("codegen/verdict.py:require_tflm",
            lambda _: require_tflm(read_model(cascade("class"))),
            "this is a cascade of 2", "--engine aot"),
    Refusal("conversion/joining/cascade.py:require_stage_model",
            lambda _: joined([part("whole", cascade("class"))]),
            "stage 'whole' is a cascade itself", "in the one cascade file"),
    Refusal("conversion/joining/cascade.py:require_stage_model#2",
            lambda _: joined([part("empty", _without_operators())]),
            "stage 'empty' has no operators", "leave the stage out"),
    Refusal("conversion/joining/cascade.py:_require_same",
            lambda _: joined([part("a", scores(1)), part("b", scores(2, scale=0.2))]),
            "share the input 'x', but take", "give each an input of its own"),
    Refusal("conversion/joining/objects.py:_move_subgraphs",
            lambda _: adopt(unpacked(scores(1)), unpacked(_loop())),
            "an operator that runs subgraphs (WhileOptions)", "without loops or conditions"),
    Refusal("conversion/streaming/slicing.py:one_step",
            lambda _: one_step(stateful_model("variables"), "model"),
            "model keeps variables already", "convert the Keras model that takes a whole window"),
    Refusal("conversion/streaming/slicing.py:one_step#2", lambda _: one_step(scores(1), "model"),
            "cannot take one time step per invocation\n  - ", "docs/streaming.md"),
    Refusal("conversion/streaming/slicing.py:_Slicing.take_inputs",
            lambda _: one_step(scores(1, values=1), "model"),
            "takes no window of time steps: 'x' [1, 1]", "two steps at least"),
    Refusal("ir/cascade/models.py:check_stages", lambda _: read_model(_told(stages_text(()))),
            "0 stages; allowed: 1 to 8", "make the file again from its cascade file"),
    Refusal("ir/cascade/stages.py:read_stages", lambda _: read_model(_told(b"{")),
            "cannot be read: it: Invalid JSON", "pip install --upgrade tinycompress-mcu"),
)  # fmt: skip
