"""What TFLM can run: the resolver's method for each operator, and its int8-only registrations.

Source: tensorflow/lite/micro/micro_mutable_op_resolver.h and the headers of
tensorflow/lite/micro/kernels/ of the tflite-micro repository at `TRIED_COMMIT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.ir.graph import DType, Graph, Op

TRIED_COMMIT = "90b983c2b3f1480642e040bbd2ddb37b998f3424"
"""The upstream commit (20 August 2026) that these tables were read from and tried with."""

_METHODS_TEXT = """
    ABS AddAbs; ADD AddAdd; ADD_N AddAddN; ARG_MAX AddArgMax; ARG_MIN AddArgMin;
    AVERAGE_POOL_2D AddAveragePool2D; BATCH_MATMUL AddBatchMatMul;
    BATCH_TO_SPACE_ND AddBatchToSpaceNd; BROADCAST_ARGS AddBroadcastArgs;
    BROADCAST_TO AddBroadcastTo; CAST AddCast; CEIL AddCeil; CONCATENATION AddConcatenation;
    CONV_2D AddConv2D; COS AddCos; CUMSUM AddCumSum; DEPTH_TO_SPACE AddDepthToSpace;
    DEPTHWISE_CONV_2D AddDepthwiseConv2D; DEQUANTIZE AddDequantize; DIV AddDiv;
    DYNAMIC_UPDATE_SLICE AddDynamicUpdateSlice; EMBEDDING_LOOKUP AddEmbeddingLookup; ELU AddElu;
    EQUAL AddEqual; EXP AddExp; EXPAND_DIMS AddExpandDims; FILL AddFill; FLOOR AddFloor;
    FLOOR_DIV AddFloorDiv; FLOOR_MOD AddFloorMod; FULLY_CONNECTED AddFullyConnected;
    GATHER AddGather; GATHER_ND AddGatherNd; GREATER AddGreater; GREATER_EQUAL AddGreaterEqual;
    HARD_SWISH AddHardSwish; L2_NORMALIZATION AddL2Normalization; L2_POOL_2D AddL2Pool2D;
    LEAKY_RELU AddLeakyRelu; LESS AddLess; LESS_EQUAL AddLessEqual; LOG AddLog;
    LOGICAL_AND AddLogicalAnd; LOGICAL_NOT AddLogicalNot; LOGICAL_OR AddLogicalOr;
    LOGISTIC AddLogistic; LOG_SOFTMAX AddLogSoftmax; MAXIMUM AddMaximum;
    MAX_POOL_2D AddMaxPool2D; MIRROR_PAD AddMirrorPad; MEAN AddMean; MINIMUM AddMinimum;
    MUL AddMul; NEG AddNeg; NOT_EQUAL AddNotEqual; PACK AddPack; PAD AddPad; PADV2 AddPadV2;
    PRELU AddPrelu; QUANTIZE AddQuantize; REDUCE_ALL AddReduceAll; REDUCE_MAX AddReduceMax;
    REDUCE_MIN AddReduceMin; RELU AddRelu; RELU6 AddRelu6; RESHAPE AddReshape;
    RESIZE_BILINEAR AddResizeBilinear; RESIZE_NEAREST_NEIGHBOR AddResizeNearestNeighbor;
    REVERSE_V2 AddReverseV2; ROUND AddRound; RSQRT AddRsqrt; SELECT_V2 AddSelectV2;
    SHAPE AddShape; SIN AddSin; SLICE AddSlice; SOFTMAX AddSoftmax;
    SPACE_TO_BATCH_ND AddSpaceToBatchNd; SPACE_TO_DEPTH AddSpaceToDepth; SPLIT AddSplit;
    SPLIT_V AddSplitV; SQUEEZE AddSqueeze; SQRT AddSqrt; SQUARE AddSquare;
    SQUARED_DIFFERENCE AddSquaredDifference; STRIDED_SLICE AddStridedSlice; SUB AddSub;
    SUM AddSum; SVDF AddSvdf; TANH AddTanh; TRANSPOSE_CONV AddTransposeConv;
    TRANSPOSE AddTranspose; UNPACK AddUnpack;
    UNIDIRECTIONAL_SEQUENCE_LSTM AddUnidirectionalSequenceLSTM; ZEROS_LIKE AddZerosLike
"""
METHODS: Mapping[str, str] = MappingProxyType(
    {pair.split()[0]: pair.split()[1] for pair in _METHODS_TEXT.split(";")}
)
"""Method of ``MicroMutableOpResolver`` by TFLite's name of the operator."""

CUSTOM_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "CIRCULAR_BUFFER": "AddCircularBuffer",
        "TFLM_DECODE": "AddDecode",
        "TFLite_Detection_PostProcess": "AddDetectionPostprocess",
        **{
            f"Signal{name}": f"Add{name}"
            for name in (
                "Delay", "Energy", "FftAutoScale", "FilterBank", "FilterBankLog",
                "FilterBankSpectralSubtraction", "FilterBankSquareRoot", "Framer", "Irfft",
                "OverlapAdd", "PCAN", "Rfft", "Stacker", "Window",
            )
        },
    }
)  # fmt: skip
"""The same for custom operators, by their name in the file."""

OTHER_SUBGRAPHS = frozenset(
    {"ASSIGN_VARIABLE", "CALL_ONCE", "IF", "READ_VARIABLE", "VAR_HANDLE", "WHILE"}
)
"""TFLM has these, but they need subgraphs or resource variables, which this engine does not set
up."""

INT8_REGISTRATIONS = frozenset(
    {
        "ADD", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED", "MAXIMUM", "MAX_POOL_2D", "MINIMUM", "MUL", "PAD", "SOFTMAX", "SVDF",
        "TRANSPOSE", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
)  # fmt: skip
"""Operators with a registration that links nothing but the int8 kernels: Register_<name>_INT8."""

# Tensors that are wider in an int8 kernel too: bias, axes, paddings, cell state.
_WIDER = frozenset({DType.INT32, DType.INT64})
_WIDER_STATE = frozenset({*_WIDER, DType.INT16})
_STATEFUL = frozenset({"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"})


def method_of(op: Op) -> str | None:
    """The resolver's method that adds an operator; None if TFLM does not have it."""
    return CUSTOM_METHODS.get(op.custom_code) if op.kind == "CUSTOM" else METHODS.get(op.kind)


def takes_int8_registration(graph: Graph, op: Op) -> bool:
    """Whether the int8-only registration runs ``op``: everything that it computes on is int8."""
    if op.kind not in INT8_REGISTRATIONS:
        return False
    wider = _WIDER_STATE if op.kind in _STATEFUL else _WIDER
    operands = [graph.tensors[i] for i in (*op.inputs, *op.outputs) if i >= 0]
    first = graph.tensors[op.inputs[0]] if op.inputs and op.inputs[0] >= 0 else None
    outputs = [graph.tensors[i] for i in op.outputs if i >= 0]
    return (
        first is not None
        and first.dtype is DType.INT8
        and all(tensor.dtype is DType.INT8 for tensor in outputs)
        and all(tensor.dtype is DType.INT8 or tensor.dtype in wider for tensor in operands)
    )
