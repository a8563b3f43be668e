"""Sliding windows: output sizes and padding of convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops.operands import int_option, operand, quantization, result
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

MAX_REACH = 2**24
"""Elements that a dilated window may span, so that positions stay far within int32."""

EXPLICIT_PADDING = "explicit_padding"
"""Option that a pass sets: ``(top, bottom, left, right)`` instead of ``padding``."""


@dataclass(frozen=True)
class Window:
    """A window's geometry, (height, width) each. ``padding`` is (top, bottom, left, right)."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: tuple[int, int, int, int]
    output: tuple[int, int]

    @property
    def reach(self) -> tuple[int, int]:
        """Elements from the first to the last tap, both included."""
        height, width = ((n - 1) * d + 1 for n, d in zip(self.size, self.dilation, strict=True))
        return height, width

    @property
    def params(self) -> dict[str, int]:
        """Filter, strides and padding as the kernels' parameters call them."""
        return {
            "filter_height": self.size[0],
            "filter_width": self.size[1],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "pad_top": self.padding[0],
            "pad_left": self.padding[2],
        }

    @property
    def padded(self) -> bool:
        """Whether some tap of some output lies outside the input."""
        return any(self.padding)


def _one_dimension(
    size: int, taps: int, stride: int, dilation: int, same: bool
) -> tuple[int, int, int]:
    """Output size, padding before and padding after, as TensorFlow defines SAME and VALID."""
    reach = (taps - 1) * dilation + 1
    if not same:
        return max(-(-(size - reach + 1) // stride), 0), 0, 0
    output = -(-size // stride)
    total = max((output - 1) * stride + reach - size, 0)
    return output, total // 2, total - total // 2


def window_of(graph: Graph, op: Op, size: tuple[int, int]) -> Window:
    """The window of a convolution or pool on an NHWC input; strides and dilations are positive."""
    _, height, width, _ = operand(graph, op, 0).shape
    stride = (int_option(op, "stride_h"), int_option(op, "stride_w"))
    dilation = (1, 1)
    if "dilation_h_factor" in op.options:
        dilation = (int_option(op, "dilation_h_factor"), int_option(op, "dilation_w_factor"))
    explicit = op.options.get(EXPLICIT_PADDING)
    if isinstance(explicit, tuple):
        top, bottom, left, right = explicit
        out_h, _, _ = _one_dimension(height + top + bottom, size[0], stride[0], dilation[0], False)
        out_w, _, _ = _one_dimension(width + left + right, size[1], stride[1], dilation[1], False)
        return Window(size, stride, dilation, (top, bottom, left, right), (out_h, out_w))
    same = op.options["padding"] == "SAME"
    out_h, top, bottom = _one_dimension(height, size[0], stride[0], dilation[0], same)
    out_w, left, right = _one_dimension(width, size[1], stride[1], dilation[1], same)
    return Window(size, stride, dilation, (top, bottom, left, right), (out_h, out_w))


def positive_strides(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Strides and dilations must be at least 1"""
    names = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    present = [name for name in names if name in op.options]
    wrong = [f"{name} is {op.options[name]}" for name in present if int_option(op, name) < 1]
    return ", ".join(wrong) or None


def reach_detail(window: Window) -> str | None:
    """Constraint detail if a window spans too much."""
    if max(window.reach) < MAX_REACH:
        return None
    return f"it spans {window.reach[0]}x{window.reach[1]}"


def output_shape_detail(graph: Graph, op: Op, window: Window, channels: int) -> str | None:
    """Constraint detail if the output's shape is not what input, window and padding give."""
    expected = (operand(graph, op, 0).shape[0], *window.output, channels)
    found = result(graph, op).shape
    if found == expected:
        return None
    return f"it is {list(found)}, expected {list(expected)}"


def window_sizes(x: Tensor, y: Tensor, window: Window) -> dict[str, ParamValue]:
    """Parameters of the kernels that copy the windows of a convolution.

    Args:
        x: Input, ``[N, H, W, C]``.
        y: Output.
        window: Without dilation.
    """
    values = {
        "input_height": x.shape[1],
        "input_width": x.shape[2],
        "input_channels": x.shape[3],
        "output_width": y.shape[2],
        **window.params,
        "zero_point": quantization(x).zero_point,
    }
    return {
        **{f"window.{name}": value for name, value in values.items()},
        "batches": x.shape[0],
        "output_area": y.shape[1] * y.shape[2],
        "output_channels": y.shape[3],
    }
