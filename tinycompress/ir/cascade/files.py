"""One stage of a cascade as a file of its own, which any runtime runs."""

from __future__ import annotations

from tinycompress.ir.cascade.stages import Stage
from tinycompress.ir.state import EVERY_INFERENCE, RESET_METADATA
from tinycompress.ir.tflite_objects import add_metadata, packed, unpacked


def stage_file(tflite: bytes, stage: Stage) -> bytes:
    """The file of a stage alone; the tensors of the others stay in it, unused.

    Args:
        tflite: The file of the cascade, which `tinycompress.ir.reader.read_model` took.
        stage: One of its stages.

    Raises:
        ModelError: The file is damaged where that reader does not look.
    """
    whole = unpacked(tflite)
    main, init = whole.subgraphs[0], {0: 0}
    operators = [main.operators[i] for i in (*stage.calls, *range(stage.begin, stage.end))]
    for op in operators[: len(stage.calls)]:
        options = op.builtinOptions
        options.initSubgraphIndex = init.setdefault(options.initSubgraphIndex, len(init))
    whole.subgraphs = [whole.subgraphs[index] for index in init]
    main.operators = operators
    main.inputs = [main.inputs[number] for number in stage.inputs]
    main.outputs = [main.outputs[number] for number in stage.outputs]
    whole.metadata, whole.signatureDefs = [], []
    if stage.resets_state:
        add_metadata(whole, RESET_METADATA, EVERY_INFERENCE)
    return packed(whole)
