"""Unrolled recurrent layers, as conversion leaves them: each step the same operators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.cases.kernels import options
from support.models.tflite_files import Builder

FEATURES, UNITS = 3, 5
_SUM = 0.02
_STATE = 1 / 128


class Stepped:
    """A file whose input has ``steps`` time steps, and what its layers are made of.

    Args:
        steps: Time steps of the input.
        seed: Of the weights.
    """

    def __init__(self, steps: int = 4, seed: int = 0) -> None:
        self.builder = Builder()
        self.steps = steps
        self.rng = np.random.default_rng(seed)
        self.x = self.builder.tensor([1, steps, FEATURES], name="x", scales=[0.05], zero_points=[3])

    def weights(self, rows: int, columns: int) -> int:
        """Constant weights [rows, columns]."""
        data = self.rng.integers(-127, 128, (rows, columns)).astype(np.int8)
        return self.builder.tensor([rows, columns], data=data, scales=[0.004])

    def integers(self, values: Sequence[int]) -> int:
        """A constant of int32."""
        return self.builder.tensor([len(values)], "INT32", data=np.array(values, np.int32))

    def layer(
        self,
        sequence: int,
        *,
        scope: str = "rnn/steps",
        backwards: bool = False,
        other_scale_at: int | None = None,
        other_weights_at: int | None = None,
    ) -> list[int]:
        """A recurrent layer, tanh(W x + R h); the state behind every step.

        Args:
            sequence: Tensor of shape [1, steps, n].
            scope: Of the names of its steps.
            backwards: Whether it begins with the last row.
            other_scale_at: The step whose sum has a scale of its own.
            other_weights_at: The step that has weights of its own.
        """
        b, width = self.builder, int(b_shape(self.builder, sequence)[-1])
        weights, recurrent = self.weights(UNITS, width), self.weights(UNITS, UNITS)
        zeros = np.zeros((1, UNITS), np.int8)
        hidden = b.tensor([1, UNITS], name=f"{scope}/initial_0", data=zeros, scales=[_STATE])
        found = []
        for step in range(self.steps):
            row = self.steps - 1 - step if backwards else step
            own = self.weights(UNITS, width) if step == other_weights_at else weights
            scale = _SUM * (2 if step == other_scale_at else 1)
            hidden = self._step(
                f"{scope}/step_{step}", sequence, row, own, recurrent, hidden, scale
            )
            found.append(hidden)
        return found

    def _step(
        self, scope: str, sequence: int, row: int, weights: int, recurrent: int, hidden: int,
        scale: float,
    ) -> int:  # fmt: skip
        b, width = self.builder, int(b_shape(self.builder, sequence)[-1])
        cut = b.tensor([1, width], name=f"{scope}/row")
        b.graph.tensors[cut].quantization = b.graph.tensors[sequence].quantization
        bounds = [self.integers(each) for each in ([0, row, 0], [1, row + 1, width], [1, 1, 1])]
        masks = options("StridedSlice", beginMask=5, endMask=5, shrinkAxisMask=2)
        b.op("STRIDED_SLICE", [sequence, *bounds], [cut], masks)
        sums = []
        for name, operand, by in (("MatMul", cut, weights), ("MatMul_1", hidden, recurrent)):
            total = b.tensor([1, UNITS], name=f"{scope}/{name}", scales=[scale])
            b.op("FULLY_CONNECTED", [operand, by, -1], [total], options("FullyConnected"))
            sums.append(total)
        total = b.tensor([1, UNITS], name=f"{scope}/add", scales=[scale], zero_points=[-4])
        b.op("ADD", sums, [total], options("Add"))
        out = b.tensor([1, UNITS], name=f"{scope}/Tanh", scales=[_STATE])
        b.op("TANH", [total], [out])
        return out

    def joined(self, states: Sequence[int]) -> int:
        """The states of all steps as a sequence."""
        b = self.builder
        whole = b.tensor([1, self.steps, UNITS], name="rnn/stack", scales=[_STATE])
        table = options("Pack", axis=1, valuesCount=self.steps)
        b.op("PACK", states, [whole], table)
        return whole

    def causal_conv(self, sequence: int, taps: int = 3, *, dilation: int = 1) -> int:
        """A convolution over the steps so far, as Keras's Conv1D with padding='causal'."""
        b, width = self.builder, int(b_shape(self.builder, sequence)[-1])
        before = (taps - 1) * dilation
        known = b.graph.tensors[sequence].quantization
        padded = b.tensor([1, self.steps + before, width], name="conv/Pad")
        pairs = np.array([[0, 0], [before, 0], [0, 0]], np.int32)
        b.op("PAD", [sequence, b.tensor([3, 2], "INT32", data=pairs)], [padded],
             schema.PadOptionsT())  # fmt: skip
        wide = b.tensor([1, 1, self.steps + before, width], name="conv/ExpandDims")
        for index in (padded, wide):
            b.graph.tensors[index].quantization = known
        self._reshape(padded, wide)
        filters = self.rng.integers(-127, 128, (UNITS, 1, taps, width)).astype(np.int8)
        kernel = b.tensor(filters.shape, data=filters, scales=[0.003] * UNITS)
        made = b.tensor([1, 1, self.steps, UNITS], name="conv/Relu", scales=[0.04])
        table = options("Conv2D", padding="VALID", strideH=1, strideW=1,
                        dilationHFactor=1, dilationWFactor=dilation)  # fmt: skip
        zeros = np.zeros(UNITS, np.int32)
        bias = b.tensor([UNITS], "INT32", data=zeros, scales=[0.003 * known.scale[0]] * UNITS)
        b.op("CONV_2D", [wide, kernel, bias], [made], table)
        flat = b.tensor([1, self.steps, UNITS], name="conv/Squeeze", scales=[0.04])
        self._reshape(made, flat)
        return flat

    def _reshape(self, source: int, target: int) -> None:
        shape = list(b_shape(self.builder, target))
        table = options("Reshape", newShape=shape)
        self.builder.op("RESHAPE", [source, self.integers(shape)], [target], table)

    def flattened(self, sequence: int) -> int:
        """All steps as one vector."""
        shape = b_shape(self.builder, sequence)
        made = self.builder.tensor([1, int(np.prod(shape))], name="flatten/Reshape")
        self.builder.graph.tensors[made].quantization = self.builder.graph.tensors[
            sequence
        ].quantization
        self._reshape(sequence, made)
        return made

    def averaged(self, sequence: int) -> int:
        """The mean over the steps."""
        width = int(b_shape(self.builder, sequence)[-1])
        made = self.builder.tensor([1, width], name="pool/Mean", scales=[0.05])
        self.builder.op("MEAN", [sequence, self.integers([1])], [made], options("Reducer"))
        return made

    def tflite(self, *outputs: int) -> bytes:
        """The file."""
        return self.builder.pack([self.x], outputs)


def b_shape(builder: Builder, index: int) -> Sequence[int]:
    """The shape of a tensor."""
    shape: Sequence[int] = builder.graph.tensors[index].shape
    return shape
