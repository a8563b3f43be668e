"""What TFLite's schema calls things: operators, tensor types, fields of the options tables.

Facts of https://github.com/google-ai-edge/LiteRT tflite/converter/schema/schema.fbs, schema
version 3, checked in tests against the schema code that two runtimes ship. A name's place in its
list is its value in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


class ModelField(IntEnum):
    """Fields of the root table that are read."""

    VERSION = 0
    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    DESCRIPTION = 3
    BUFFERS = 4
    METADATA = 6


class MetadataField(IntEnum):
    """Fields of an entry of metadata."""

    NAME = 0
    BUFFER = 1


class OperatorCodeField(IntEnum):
    """Fields of an operator code."""

    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    VERSION = 2
    BUILTIN_CODE = 3


class SubGraphField(IntEnum):
    """Fields of a subgraph that are read."""

    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3
    NAME = 4


class TensorField(IntEnum):
    """Fields of a tensor that are read."""

    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    IS_VARIABLE = 5
    SPARSITY = 6
    SHAPE_SIGNATURE = 7
    EXTERNAL_BUFFER = 10


class QuantizationParametersField(IntEnum):
    """Fields of a tensor's quantisation that are read."""

    SCALE = 2
    ZERO_POINT = 3
    DETAILS_TYPE = 4
    QUANTIZED_DIMENSION = 6


class BufferField(IntEnum):
    """Fields of a buffer; the offset is from the beginning of the file."""

    DATA = 0
    OFFSET = 1
    SIZE = 2


class OperatorField(IntEnum):
    """Fields of an operator that are read."""

    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    BUILTIN_OPTIONS = 4
    CUSTOM_OPTIONS = 5
    INTERMEDIATES = 8
    LARGE_CUSTOM_OPTIONS_OFFSET = 9
    LARGE_CUSTOM_OPTIONS_SIZE = 10


_OPERATORS = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1
RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM
CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE
SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW
ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK
REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS
WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL
BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD
UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY
STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL
STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL
STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER
STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH
STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE
STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE
DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT
STABLEHLO_CBRT STABLEHLO_CASE
"""
OPERATORS: tuple[str, ...] = tuple(_OPERATORS.split())

DEPRECATED_CODE_LIMIT = OPERATORS.index("PLACEHOLDER_FOR_GREATER_OP_CODES")
"""Operators from here on have this value in ``deprecated_builtin_code``, a byte."""

TENSOR_TYPES: tuple[str, ...] = (
    "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64", "INT8",
    "FLOAT64", "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4",
    "BFLOAT16", "INT2", "UINT4", "FLOAT8_E4M3FN", "FLOAT8_E5M2",
)  # fmt: skip

_OPTIONS_UNION = """
NONE Conv2DOptions DepthwiseConv2DOptions ConcatEmbeddingsOptions LSHProjectionOptions
Pool2DOptions SVDFOptions RNNOptions FullyConnectedOptions SoftmaxOptions ConcatenationOptions
AddOptions L2NormOptions LocalResponseNormalizationOptions LSTMOptions ResizeBilinearOptions
CallOptions ReshapeOptions SkipGramOptions SpaceToDepthOptions EmbeddingLookupSparseOptions
MulOptions PadOptions GatherOptions BatchToSpaceNDOptions SpaceToBatchNDOptions TransposeOptions
ReducerOptions SubOptions DivOptions SqueezeOptions SequenceRNNOptions StridedSliceOptions
ExpOptions TopKV2Options SplitOptions LogSoftmaxOptions CastOptions DequantizeOptions
MaximumMinimumOptions ArgMaxOptions LessOptions NegOptions PadV2Options GreaterOptions
GreaterEqualOptions LessEqualOptions SelectOptions SliceOptions TransposeConvOptions
SparseToDenseOptions TileOptions ExpandDimsOptions EqualOptions NotEqualOptions ShapeOptions
PowOptions ArgMinOptions FakeQuantOptions PackOptions LogicalOrOptions OneHotOptions
LogicalAndOptions LogicalNotOptions UnpackOptions FloorDivOptions SquareOptions ZerosLikeOptions
FillOptions BidirectionalSequenceLSTMOptions BidirectionalSequenceRNNOptions
UnidirectionalSequenceLSTMOptions FloorModOptions RangeOptions ResizeNearestNeighborOptions
LeakyReluOptions SquaredDifferenceOptions MirrorPadOptions AbsOptions SplitVOptions
UniqueOptions ReverseV2Options AddNOptions GatherNdOptions CosOptions WhereOptions RankOptions
ReverseSequenceOptions MatrixDiagOptions QuantizeOptions MatrixSetDiagOptions HardSwishOptions
IfOptions WhileOptions DepthToSpaceOptions NonMaxSuppressionV4Options NonMaxSuppressionV5Options
ScatterNdOptions SelectV2Options DensifyOptions SegmentSumOptions BatchMatMulOptions
CumsumOptions CallOnceOptions BroadcastToOptions Rfft2dOptions Conv3DOptions HashtableOptions
HashtableFindOptions HashtableImportOptions HashtableSizeOptions VarHandleOptions
ReadVariableOptions AssignVariableOptions RandomOptions BucketizeOptions GeluOptions
DynamicUpdateSliceOptions UnsortedSegmentProdOptions UnsortedSegmentMaxOptions
UnsortedSegmentMinOptions UnsortedSegmentSumOptions ATan2Options SignOptions BitcastOptions
BitwiseXorOptions RightShiftOptions
"""
OPTIONS_UNION: tuple[str, ...] = tuple(_OPTIONS_UNION.split())
"""Names of the tables that ``Operator.builtin_options`` can be."""

ENUMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ActivationFunctionType": ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
        "CombinerType": ("SUM", "MEAN", "SQRTN"),
        "FullyConnectedOptionsWeightsFormat": ("DEFAULT", "SHUFFLED4x16INT8"),
        "LSHProjectionType": ("UNKNOWN", "SPARSE", "DENSE"),
        "LSTMKernelType": ("FULL", "BASIC"),
        "MirrorPadMode": ("REFLECT", "SYMMETRIC"),
        "Padding": ("SAME", "VALID"),
        "TensorType": TENSOR_TYPES,
    }
)
"""Every enum that an options table uses; each is one signed byte in the file."""


@dataclass(frozen=True)
class OptionField:
    """One field of an options table: ``type`` is the schema's word or the name of an enum."""

    id: int
    name: str
    type: str
    default: int


def _fields(text: str) -> tuple[OptionField, ...]:
    """Fields from words ``name:type=default``; ``_`` keeps the id of a field that is gone."""
    fields = []
    for number, word in enumerate(text.split()):
        if word == "_":
            continue
        name, _, rest = word.partition(":")
        kind, _, default = rest.partition("=")
        fields.append(OptionField(number, name, kind, int(default or 0)))
    return tuple(fields)


_FUSED = "fused_activation_function:ActivationFunctionType"
_STRIDES = "stride_w:int stride_h:int"
_DILATIONS = "dilation_w_factor:int=1 dilation_h_factor:int=1"
_ASYMMETRIC = "asymmetric_quantize_inputs:bool"
_CLIPS = "cell_clip:float proj_clip:float"

OPTION_TABLES: Mapping[str, tuple[OptionField, ...]] = MappingProxyType(
    {
        name: _fields(text)
        for name, text in {
            "AddOptions": f"{_FUSED} pot_scale_int16:bool=1",
            "ArgMaxOptions": "output_type:TensorType",
            "ArgMinOptions": "output_type:TensorType",
            "BatchMatMulOptions": f"adj_x:bool adj_y:bool {_ASYMMETRIC}",
            "BidirectionalSequenceLSTMOptions": (
                f"{_FUSED} {_CLIPS} merge_outputs:bool time_major:bool=1 {_ASYMMETRIC}"
            ),
            "BidirectionalSequenceRNNOptions": (
                f"time_major:bool {_FUSED} merge_outputs:bool {_ASYMMETRIC}"
            ),
            "CallOnceOptions": "init_subgraph_index:int",
            "CallOptions": "subgraph:uint",
            "CastOptions": "in_data_type:TensorType out_data_type:TensorType",
            "ConcatEmbeddingsOptions": (
                "num_channels:int num_columns_per_channel:[int] embedding_dim_per_channel:[int]"
            ),
            "ConcatenationOptions": f"axis:int {_FUSED}",
            "Conv2DOptions": (
                f"padding:Padding {_STRIDES} {_FUSED} {_DILATIONS} quantized_bias_type:TensorType"
            ),
            "Conv3DOptions": (
                f"padding:Padding stride_d:int {_STRIDES} {_FUSED}"
                f" dilation_d_factor:int=1 {_DILATIONS}"
            ),
            "CumsumOptions": "exclusive:bool reverse:bool",
            "DepthToSpaceOptions": "block_size:int",
            "DepthwiseConv2DOptions": (
                f"padding:Padding {_STRIDES} depth_multiplier:int {_FUSED} {_DILATIONS}"
            ),
            "DivOptions": _FUSED,
            "EmbeddingLookupSparseOptions": "combiner:CombinerType",
            "FakeQuantOptions": "min:float max:float num_bits:int narrow_range:bool",
            "FullyConnectedOptions": (
                f"{_FUSED} weights_format:FullyConnectedOptionsWeightsFormat keep_num_dims:bool"
                f" {_ASYMMETRIC} quantized_bias_type:TensorType"
            ),
            "GatherOptions": "axis:int batch_dims:int",
            "GeluOptions": "approximate:bool",
            "HashtableOptions": "table_id:int key_dtype:TensorType value_dtype:TensorType",
            "IfOptions": "then_subgraph_index:int else_subgraph_index:int",
            "L2NormOptions": _FUSED,
            "LSHProjectionOptions": "type:LSHProjectionType",
            "LSTMOptions": f"{_FUSED} {_CLIPS} kernel_type:LSTMKernelType {_ASYMMETRIC}",
            "LeakyReluOptions": "alpha:float",
            "LocalResponseNormalizationOptions": "radius:int bias:float alpha:float beta:float",
            "MirrorPadOptions": "mode:MirrorPadMode",
            "MulOptions": _FUSED,
            "OneHotOptions": "axis:int",
            "PackOptions": "values_count:int axis:int",
            "Pool2DOptions": (
                f"padding:Padding {_STRIDES} filter_width:int filter_height:int {_FUSED}"
            ),
            "RNNOptions": f"{_FUSED} {_ASYMMETRIC}",
            "RandomOptions": "seed:long seed2:long",
            "ReducerOptions": "keep_dims:bool",
            "ReshapeOptions": "new_shape:[int]",
            "ResizeBilinearOptions": "_ _ align_corners:bool half_pixel_centers:bool",
            "ResizeNearestNeighborOptions": "align_corners:bool half_pixel_centers:bool",
            "ReverseSequenceOptions": "seq_dim:int batch_dim:int",
            "SVDFOptions": f"rank:int {_FUSED} {_ASYMMETRIC}",
            "SequenceRNNOptions": f"time_major:bool {_FUSED} {_ASYMMETRIC}",
            "ShapeOptions": "out_type:TensorType",
            "SkipGramOptions": "ngram_size:int max_skip_size:int include_all_ngrams:bool",
            "SoftmaxOptions": "beta:float",
            "SpaceToDepthOptions": "block_size:int",
            "SparseToDenseOptions": "validate_indices:bool",
            "SplitOptions": "num_splits:int",
            "SplitVOptions": "num_splits:int",
            "SqueezeOptions": "squeeze_dims:[int]",
            "StridedSliceOptions": (
                "begin_mask:int end_mask:int ellipsis_mask:int new_axis_mask:int"
                " shrink_axis_mask:int offset:bool"
            ),
            "SubOptions": f"{_FUSED} pot_scale_int16:bool=1",
            "TransposeConvOptions": (
                f"padding:Padding {_STRIDES} {_FUSED} quantized_bias_type:TensorType"
            ),
            "UnidirectionalSequenceLSTMOptions": (
                f"{_FUSED} {_CLIPS} time_major:bool {_ASYMMETRIC} diagonal_recurrent_tensors:bool"
            ),
            "UniqueOptions": "idx_out_type:TensorType=2",
            "UnpackOptions": "num:int axis:int",
            "VarHandleOptions": "container:string shared_name:string",
            "WhileOptions": "cond_subgraph_index:int body_subgraph_index:int",
        }.items()
    }
)
"""Options tables that have fields.

Left out: the tables of StableHLO operators, REDUCE_WINDOW and BUCKETIZE, which no runtime for
microcontrollers has, and FULLY_CONNECTED's ``quant_spec``.
"""

OPTIONS_OF: Mapping[str, str] = MappingProxyType(
    {
        kind: table
        for table, kinds in {
            "AddOptions": "ADD",
            "ArgMaxOptions": "ARG_MAX",
            "ArgMinOptions": "ARG_MIN",
            "BatchMatMulOptions": "BATCH_MATMUL",
            "BidirectionalSequenceLSTMOptions": "BIDIRECTIONAL_SEQUENCE_LSTM",
            "BidirectionalSequenceRNNOptions": "BIDIRECTIONAL_SEQUENCE_RNN",
            "CallOnceOptions": "CALL_ONCE",
            "CallOptions": "CALL",
            "CastOptions": "CAST",
            "ConcatEmbeddingsOptions": "CONCAT_EMBEDDINGS",
            "ConcatenationOptions": "CONCATENATION",
            "Conv2DOptions": "CONV_2D",
            "Conv3DOptions": "CONV_3D CONV_3D_TRANSPOSE",
            "CumsumOptions": "CUMSUM",
            "DepthToSpaceOptions": "DEPTH_TO_SPACE",
            "DepthwiseConv2DOptions": "DEPTHWISE_CONV_2D",
            "DivOptions": "DIV",
            "EmbeddingLookupSparseOptions": "EMBEDDING_LOOKUP_SPARSE",
            "FakeQuantOptions": "FAKE_QUANT",
            "FullyConnectedOptions": "FULLY_CONNECTED",
            "GatherOptions": "GATHER",
            "GeluOptions": "GELU",
            "HashtableOptions": "HASHTABLE",
            "IfOptions": "IF",
            "L2NormOptions": "L2_NORMALIZATION",
            "LSHProjectionOptions": "LSH_PROJECTION",
            "LSTMOptions": "LSTM",
            "LeakyReluOptions": "LEAKY_RELU",
            "LocalResponseNormalizationOptions": "LOCAL_RESPONSE_NORMALIZATION",
            "MirrorPadOptions": "MIRROR_PAD",
            "MulOptions": "MUL",
            "OneHotOptions": "ONE_HOT",
            "PackOptions": "PACK",
            "Pool2DOptions": "AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D",
            "RNNOptions": "RNN",
            "RandomOptions": "RANDOM_STANDARD_NORMAL RANDOM_UNIFORM MULTINOMIAL",
            "ReducerOptions": "MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL",
            "ReshapeOptions": "RESHAPE",
            "ResizeBilinearOptions": "RESIZE_BILINEAR",
            "ResizeNearestNeighborOptions": "RESIZE_NEAREST_NEIGHBOR",
            "ReverseSequenceOptions": "REVERSE_SEQUENCE",
            "SVDFOptions": "SVDF",
            "SequenceRNNOptions": "UNIDIRECTIONAL_SEQUENCE_RNN",
            "ShapeOptions": "SHAPE",
            "SkipGramOptions": "SKIP_GRAM",
            "SoftmaxOptions": "SOFTMAX",
            "SpaceToDepthOptions": "SPACE_TO_DEPTH",
            "SparseToDenseOptions": "SPARSE_TO_DENSE",
            "SplitOptions": "SPLIT",
            "SplitVOptions": "SPLIT_V",
            "SqueezeOptions": "SQUEEZE",
            "StridedSliceOptions": "STRIDED_SLICE",
            "SubOptions": "SUB",
            "TransposeConvOptions": "TRANSPOSE_CONV",
            "UnidirectionalSequenceLSTMOptions": "UNIDIRECTIONAL_SEQUENCE_LSTM",
            "UniqueOptions": "UNIQUE",
            "UnpackOptions": "UNPACK",
            "VarHandleOptions": "VAR_HANDLE",
            "WhileOptions": "WHILE",
        }.items()
        for kind in kinds.split()
    }
)
"""The options table of every operator that has one with fields."""

SUBGRAPH_OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CALL": ("subgraph",),
        "CALL_ONCE": ("init_subgraph_index",),
        "IF": ("then_subgraph_index", "else_subgraph_index"),
        "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    }
)
"""Options that are the index of another subgraph."""
