/* CONV_2D on int8 without groups or dilation, with encoded weights, for Thumb-1 cores. */
#ifndef TCK_CONV_2D_ENCODED_S8_THUMB1_H
#define TCK_CONV_2D_ENCODED_S8_THUMB1_H

#include "../../../decode/tiles.h"
#include "../conv_2d_s8_thumb1.h"

typedef struct {
    tck_conv_2d_s8_thumb1_params conv; /* without a stream; output channels are whole eights */
    tck_encoded_weights weights;
} tck_conv_2d_encoded_s8_thumb1_params;

/* Makes int8 weights unsigned bytes, 128 higher. */
TCK_SHARED_FAST void tck_unsigned_bytes(uint32_t *words, int32_t count) {
    for (uint32_t *const end = words + count; words != end; words += 2) {
        words[0] ^= 0x80808080U;
        words[1] ^= 0x80808080U;
    }
}

/* So many channels of all pixels. */
typedef void (*tck_conv_2d_s8_thumb1_tile)(const tck_conv_2d_s8_thumb1_params *p,
                                           const int8_t *input, int8_t *output, uint8_t *row,
                                           int32_t channels);

/* input [N, H, W, C_IN] -> output [N, H, W, C_OUT]; row has room for row_bytes. With more tiles
 * than one the input is read again for each. */
TCK_INLINE void tck_conv_2d_encoded_s8_thumb1(const tck_conv_2d_encoded_s8_thumb1_params *p,
                                              const int8_t *input, int8_t *output, uint32_t *row,
                                              uint32_t *tile, uint32_t *table,
                                              tck_conv_2d_s8_thumb1_tile compute,
                                              tck_tile_decoder decode) {
    const tck_encoded_weights *const w = &p->weights;
    tck_tile_reader reader = tck_tile_reader_from(w, table);
    tck_conv_2d_s8_thumb1_params conv = p->conv;
    const int32_t outputs = conv.output_channels;
    conv.stream = tile;
    while (reader.group < w->groups) {
        const int32_t groups = tck_tile_groups(w, &reader, outputs);
        const int32_t first = tck_tile_channel(w, &reader, outputs);
        decode(w, &reader, groups, tile, tck_unsigned_bytes);
        compute(&conv, input, output + first, (uint8_t *)row, groups * w->channels);
    }
    tck_clamp_s8(output, conv.batches * conv.output_area * outputs, conv.clamp_min, conv.clamp_max);
}

TCK_SHARED void tck_conv_2d_s8_fitted_thumb1_tile(const tck_conv_2d_s8_thumb1_params *p,
                                                  const int8_t *input, int8_t *output, uint8_t *row,
                                                  int32_t channels) {
    tck_conv_2d_s8_thumb1_part(p, input, output, row, channels, p->fraction_bits,
                               tck_outputs_fitted_thumb1, 0);
}

TCK_SHARED void tck_conv_2d_s8_two_roundings_thumb1_tile(const tck_conv_2d_s8_thumb1_params *p,
                                                         const int8_t *input, int8_t *output,
                                                         uint8_t *row, int32_t channels) {
    tck_conv_2d_s8_thumb1_part(p, input, output, row, channels, p->doubled_zero_point,
                               tck_outputs_two_roundings_thumb1, 0);
}

#endif
