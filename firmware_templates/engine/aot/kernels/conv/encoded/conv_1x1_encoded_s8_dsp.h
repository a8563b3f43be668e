/* CONV_2D on int8 that looks at one pixel at a time, with encoded weights, for cores with the DSP
 * extension. */
#ifndef TCK_CONV_1X1_ENCODED_S8_DSP_H
#define TCK_CONV_1X1_ENCODED_S8_DSP_H

#include "../pointwise/conv_1x1_s8_dsp.h"
#include "../../../decode/tiles.h"
#include "tiles_s8_dsp.h"

typedef struct {
    tck_conv_1x1_s8_dsp_params conv; /* without a stream */
    tck_encoded_weights weights;
} tck_conv_1x1_encoded_s8_dsp_params;

TCK_SHARED void tck_conv_1x1_s8_dsp_tile(const tck_conv_1x1_s8_dsp_params *p, const int8_t *input,
                                         int8_t *output, uint32_t *columns, tck_pixels_s8 pixels) {
    const uint32_t *const end = p->stream + p->stream_words;
    const int32_t whole = p->stream_words / p->pair_words * 2 == p->outputs;
    tck_conv_1x1_s8_dsp_part(p, input, output, columns, end, end, whole, pixels);
}

/* input [pixels, inputs] -> output [pixels, outputs]; columns has room for 6 * inputs bytes. With
 * more tiles than one the input is read again for each. */
TCK_INLINE void tck_conv_1x1_encoded_s8_dsp(const tck_conv_1x1_encoded_s8_dsp_params *p,
                                            const int8_t *input, int8_t *output, uint32_t *columns,
                                            uint32_t *tile, uint32_t *table, tck_pixels_s8 pixels,
                                            tck_tile_decoder decode) {
    const tck_encoded_weights *const w = &p->weights;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_1x1_s8_dsp_params conv = p->conv;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, conv.outputs);
        const int32_t first = tck_tile_channel(w, &reader, conv.outputs);
        decode(w, &reader, groups, tile, tck_pairs_of_bytes);
        conv.stream_words = groups * tck_group_words(w);
        tck_conv_1x1_s8_dsp_tile(&conv, input, output + first, columns, pixels);
    }
    tck_clamp_s8(output, conv.pixels * conv.outputs, conv.clamp_min, conv.clamp_max);
}

#endif
