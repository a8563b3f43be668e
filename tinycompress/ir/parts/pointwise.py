"""Operators each of whose results depends on the elements in its own place alone."""

from __future__ import annotations

SAME_IN_INT8 = frozenset(
    {"ABS", "ADD", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "RELU",
     "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1", "RSQRT", "SUB", "TANH"}
)  # fmt: skip
"""Operators of one element that the quantiser and both runtimes have in int8."""
LACKING = frozenset(
    {"CAST", "CEIL", "COS", "DIV", "ELU", "EQUAL", "EXP", "FLOOR", "GELU", "GREATER",
     "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOG", "LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR",
     "NEG", "NOT_EQUAL", "POW", "ROUND", "SELECT", "SELECT_V2", "SIGN", "SIN", "SQRT", "SQUARE",
     "SQUARED_DIFFERENCE", "ZEROS_LIKE"}
)  # fmt: skip
"""Operators of one element that at least one of them has not."""
POINTWISE = SAME_IN_INT8 | LACKING | {"DEQUANTIZE", "PRELU", "QUANTIZE"}
"""All of them that files hold, conversions between types among them."""
