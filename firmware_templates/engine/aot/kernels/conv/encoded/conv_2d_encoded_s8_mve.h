/* CONV_2D on int8 without groups or dilation, with encoded weights, for cores with MVE. */
#ifndef TCK_CONV_2D_ENCODED_S8_MVE_H
#define TCK_CONV_2D_ENCODED_S8_MVE_H

#include "../../../decode/tiles.h"
#include "../conv_2d_s8_mve.h"

typedef struct {
    tck_conv_2d_s8_mve_params conv; /* without a stream */
    tck_encoded_weights weights;
} tck_conv_2d_encoded_s8_mve_params;

TCK_SHARED void tck_conv_2d_s8_mve_tile(const tck_conv_2d_s8_mve_params *p, const int8_t *input,
                                        int8_t *output, int8_t *windows, tck_pixels_pair_mve by) {
    const uint32_t *const end = p->stream + p->stream_words;
    tck_conv_2d_s8_part_mve(p, input, output, windows, end, end, by);
}

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; windows as conv_2d_s8_mve.h says. With more
 * tiles than one the input is read again for each. */
TCK_INLINE void tck_conv_2d_encoded_s8_mve(const tck_conv_2d_encoded_s8_mve_params *p,
                                           const int8_t *input, int8_t *output, int8_t *windows,
                                           uint32_t *tile, uint32_t *table, int32_t fitted,
                                           tck_tile_decoder decode) {
    const tck_encoded_weights *const w = &p->weights;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_2d_s8_mve_params conv = p->conv;
    const int32_t outputs = conv.output_channels;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, outputs);
        const int32_t first = tck_tile_channel(w, &reader, outputs);
        decode(w, &reader, groups, tile, NULL);
        conv.stream_words = groups * tck_group_words(w);
        tck_conv_2d_s8_mve_tile(&conv, input, output + first, windows,
                                tck_pixels_by_mve(fitted, 0));
    }
}

#endif
