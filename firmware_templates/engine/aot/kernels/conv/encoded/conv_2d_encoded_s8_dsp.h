/* CONV_2D on int8 without groups or dilation, with encoded weights, for cores with the DSP
 * extension. */
#ifndef TCK_CONV_2D_ENCODED_S8_DSP_H
#define TCK_CONV_2D_ENCODED_S8_DSP_H

#include "../conv_2d_s8_dsp.h"
#include "../../../decode/tiles.h"
#include "tiles_s8_dsp.h"

typedef struct {
    tck_conv_2d_s8_dsp_params conv; /* without a stream */
    tck_encoded_weights weights;
} tck_conv_2d_encoded_s8_dsp_params;

/* What computes the channels of a tile. */
typedef void (*tck_conv_2d_s8_dsp_tile)(const tck_conv_2d_s8_dsp_params *p, const int8_t *input,
                                        int8_t *output, uint32_t *columns, tck_pixels_s8 pixels);

/* Input channels are whole quads. */
TCK_SHARED void tck_conv_2d_s8_dsp_quads_tile(const tck_conv_2d_s8_dsp_params *p,
                                              const int8_t *input, int8_t *output,
                                              uint32_t *columns, tck_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    tck_conv_2d_s8_dsp_part(p, input, output, columns, end, end, pixels, 1);
}

/* Any number of input channels; inlined as the kernel that is not encoded. */
TCK_INLINE void tck_conv_2d_s8_dsp_rows_tile(const tck_conv_2d_s8_dsp_params *p,
                                             const int8_t *input, int8_t *output, uint32_t *columns,
                                             tck_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    tck_conv_2d_s8_dsp_part(p, input, output, columns, end, end, pixels, 0);
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; columns as conv_2d_s8_dsp.h says. With more
 * tiles than one the input is read again for each. */
TCK_INLINE void tck_conv_2d_encoded_s8_dsp(const tck_conv_2d_encoded_s8_dsp_params *p,
                                           const int8_t *input, int8_t *output, uint32_t *columns,
                                           uint32_t *tile, uint32_t *table, tck_pixels_s8 pixels,
                                           tck_tile_decoder decode,
                                           tck_conv_2d_s8_dsp_tile compute) {
    const tck_encoded_weights *const w = &p->weights;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_2d_s8_dsp_params conv = p->conv;
    const int32_t outputs = conv.output_channels;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, outputs);
        const int32_t first = tck_tile_channel(w, &reader, outputs);
        decode(w, &reader, groups, tile, tck_pairs_of_bytes);
        conv.stream_words = groups * tck_group_words(w);
        compute(&conv, input, output + first, columns, pixels);
    }
    tck_clamp_s8(output, conv.batches * conv.output_area * outputs, conv.clamp_min, conv.clamp_max);
}

#endif
