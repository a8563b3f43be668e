"""Which order each kernel is to state: by name, as whoever reads the C would write it down."""

from __future__ import annotations

from collections.abc import Mapping

from tinycompress.codegen.ops.conv import orders as conv
from tinycompress.codegen.ops.dense import orders as dense
from tinycompress.codegen.ops.depthwise import orders as depthwise
from tinycompress.codegen.ops.pool import orders as pool
from tinycompress.codegen.ops.reduce import orders as reduce
from tinycompress.codegen.overlap import AccessOrder, every_element

STATED: Mapping[str, AccessOrder] = {
    "add_equal_s8_two_roundings_dsp": every_element,
    "add_equal_s8_two_roundings_mve": every_element,
    "add_plane_s8_dsp": every_element,
    "add_plane_s8_mve": every_element,
    "add_plane_s8_plain": every_element,
    "add_s8_ref": every_element,
    "add_s8_two_roundings_dsp": every_element,
    "add_s8_two_roundings_mve": every_element,
    "average_pool_2d_s8_dsp": pool.in_fours,
    "average_pool_2d_s8_mve": pool.in_eights,
    "average_pool_2d_s8_ref": pool.by_element,
    "conv_1x1_s8_fitted_dsp": conv.pixels_in_threes,
    "conv_1x1_s8_fitted_mla": conv.pixels_in_twos,
    "conv_1x1_s8_fitted_mve": conv.pixels_in_twos_mve,
    "conv_1x1_s8_two_roundings_dsp": conv.pixels_in_threes,
    "conv_1x1_s8_two_roundings_mla": conv.pixels_in_twos,
    "conv_1x1_s8_two_roundings_mve": conv.pixels_in_twos_mve,
    "conv_2d_rows_s8_fitted_dsp": conv.windows_in_threes,
    "conv_2d_rows_s8_two_roundings_dsp": conv.windows_in_threes,
    "conv_2d_s8_fitted_dsp": conv.windows_in_threes,
    "conv_2d_s8_fitted_mla": conv.windows_in_twos,
    "conv_2d_s8_fitted_mve": conv.windows_in_twos,
    "conv_2d_s8_fitted_thumb1": conv.windows_alone,
    "conv_2d_s8_ref": conv.by_element,
    "conv_2d_s8_two_roundings_dsp": conv.windows_in_threes,
    "conv_2d_s8_two_roundings_mla": conv.windows_in_twos,
    "conv_2d_s8_two_roundings_mve": conv.windows_in_twos,
    "conv_2d_s8_two_roundings_thumb1": conv.windows_alone,
    "conv_2d_words_s8_fitted_thumb1": conv.windows_alone,
    "conv_2d_words_s8_two_roundings_thumb1": conv.windows_alone,
    "depthwise_3x3_fours_stride_1_s8_dsp": depthwise.planes,
    "depthwise_3x3_fours_stride_2_s8_dsp": depthwise.planes,
    "depthwise_3x3_s8_fitted_mve": depthwise.blocks,
    "depthwise_3x3_s8_thumb1": depthwise.planes,
    "depthwise_3x3_s8_two_roundings_mve": depthwise.blocks,
    "depthwise_3x3_stride_1_s8_dsp": depthwise.planes,
    "depthwise_3x3_stride_2_s8_dsp": depthwise.planes,
    "depthwise_conv_2d_s8_ref": depthwise.by_element,
    "depthwise_planes_s8_dsp": depthwise.planes,
    "depthwise_planes_s8_fitted_plain": depthwise.planes,
    "depthwise_planes_s8_two_roundings_plain": depthwise.planes,
    "depthwise_planes_s8_two_roundings_thumb1": depthwise.planes,
    "depthwise_quads_s8_fitted_dsp": depthwise.quads,
    "depthwise_quads_s8_two_roundings_dsp": depthwise.quads,
    "depthwise_s8_fitted_mve": depthwise.blocks,
    "depthwise_s8_two_roundings_mve": depthwise.blocks,
    "fully_connected_direct_s8_fitted_dsp": dense.fours_of_rows,
    "fully_connected_direct_s8_two_roundings_dsp": dense.fours_of_rows,
    "fully_connected_per_channel_s8_half_away_ref": dense.outputs_of_rows,
    "fully_connected_per_channel_s8_ref": dense.outputs_of_rows,
    "fully_connected_s8_fitted_dsp": dense.rows,
    "fully_connected_s8_fitted_mla": dense.eights_of_rows,
    "fully_connected_s8_half_away_ref": dense.outputs_of_rows,
    "fully_connected_s8_ref": dense.outputs_of_rows,
    "fully_connected_s8_two_roundings_dsp": dense.rows,
    "fully_connected_s8_two_roundings_mla": dense.eights_of_rows,
    "map_clamp_s8_ref": every_element,
    "map_table_s8_ref": every_element,
    "max_pool_2d_s8_dsp": pool.in_fours,
    "max_pool_2d_s8_mve": pool.in_blocks,
    "max_pool_2d_s8_ref": pool.by_element,
    "mean_s8_dsp": reduce.in_fours,
    "mean_s8_mve": reduce.in_eights,
    "mean_s8_ref": reduce.by_element,
    "softmax_s8_ref": every_element,
    "softmax_series_s8_ref": every_element,
}
"""Kernels that are not here must state none: their outputs never lie in their inputs."""
