/* CONV_2D on int8 that looks at one pixel at a time, with encoded weights, for cores with MVE. */
#ifndef TCK_CONV_1X1_ENCODED_S8_MVE_H
#define TCK_CONV_1X1_ENCODED_S8_MVE_H

#include "../../../decode/tiles.h"
#include "../pointwise/conv_1x1_s8_mve.h"

typedef struct {
    tck_conv_1x1_s8_mve_params conv; /* without a stream */
    tck_encoded_weights weights;
} tck_conv_1x1_encoded_s8_mve_params;

TCK_SHARED void tck_conv_1x1_s8_mve_tile(const tck_conv_1x1_s8_mve_params *p, const int8_t *input,
                                         int8_t *output, tck_pixels_pair_mve by) {
    tck_conv_1x1_s8_mve_part(p, input, output, p->stream, p->stream + p->stream_words, by);
}

/* input [pixels, inputs] -> output [pixels, outputs]. With more tiles than one the input is read
 * again for each. */
TCK_INLINE void tck_conv_1x1_encoded_s8_mve(const tck_conv_1x1_encoded_s8_mve_params *p,
                                            const int8_t *input, int8_t *output, uint32_t *tile,
                                            uint32_t *table, int32_t fitted,
                                            tck_tile_decoder decode) {
    const tck_encoded_weights *const w = &p->weights;
    const int32_t tail = p->conv.inputs % TCK_MVE_BYTES != 0;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_1x1_s8_mve_params conv = p->conv;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, conv.outputs);
        const int32_t first = tck_tile_channel(w, &reader, conv.outputs);
        decode(w, &reader, groups, tile, NULL);
        conv.stream_words = groups * tck_group_words(w);
        tck_conv_1x1_s8_mve_tile(&conv, input, output + first, tck_pixels_by_mve(fitted, tail));
    }
}

#endif
