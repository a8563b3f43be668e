/* Tiles of weights for pixels_s8_dsp.h. */
#ifndef TCK_TILES_S8_DSP_H
#define TCK_TILES_S8_DSP_H

#include "../../../decode/tiles.h"
#include "../../../tck_simd.h"

/* Makes pairs of int8 weights, the second channel's in the upper byte, one int16 each. */
TCK_SHARED void tck_pairs_of_bytes(const tck_encoded_weights *w, int32_t groups, uint32_t *tile) {
    for (; groups > 0; --groups, tile += w->tail_words) {
        tile += w->head_words;
        for (uint32_t *const end = tile + w->weight_words; tile != end; tile += 2) {
            /* The lower byte's sign is taken from what is above it. */
            tile[0] = tck_ssub16(tile[0] ^ 0x00800080U, 0x00800080U);
            tile[1] = tck_ssub16(tile[1] ^ 0x00800080U, 0x00800080U);
        }
    }
}

#endif
