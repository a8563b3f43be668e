/* CONV_2D on int8 without groups or dilation, with encoded weights, for Thumb-2 cores without DSP
 * extension. */
#ifndef TCK_CONV_2D_ENCODED_S8_MLA_H
#define TCK_CONV_2D_ENCODED_S8_MLA_H

#include "../../../decode/tiles.h"
#include "../conv_2d_s8_mla.h"

typedef struct {
    tck_conv_2d_s8_mla_params conv; /* without a stream */
    tck_encoded_weights weights;
} tck_conv_2d_encoded_s8_mla_params;

TCK_SHARED void tck_conv_2d_s8_mla_tile(const tck_conv_2d_s8_mla_params *p, const int8_t *input,
                                        int8_t *output, int8_t *rows, tck_two_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    tck_conv_2d_s8_mla_part(p, input, output, rows, end, end, pixels);
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; rows has room for the taps of two windows. With
 * more tiles than one the input is read again for each. */
TCK_INLINE void tck_conv_2d_encoded_s8_mla(const tck_conv_2d_encoded_s8_mla_params *p,
                                           const int8_t *input, int8_t *output, int8_t *rows,
                                           uint32_t *tile, uint32_t *table,
                                           tck_two_pixels_s8 pixels, tck_tile_decoder decode) {
    const tck_encoded_weights *const w = &p->weights;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_2d_s8_mla_params conv = p->conv;
    const int32_t outputs = conv.output_channels;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, outputs);
        const int32_t first = tck_tile_channel(w, &reader, outputs);
        decode(w, &reader, groups, tile, NULL);
        conv.stream_words = groups * tck_group_words(w);
        tck_conv_2d_s8_mla_tile(&conv, input, output + first, rows, pixels);
    }
    tck_clamp_s8(output, conv.batches * conv.output_area * outputs, conv.clamp_min, conv.clamp_max);
}

#endif
