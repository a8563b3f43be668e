/* Tiles of weights that are encoded as indices into a codebook. */
#ifndef TCK_DECODE_LUT_TILES_H
#define TCK_DECODE_LUT_TILES_H

#include "lut.h"
#include "tiles.h"

TCK_SHARED void tck_lut_tile(const tck_encoded_weights *w, tck_tile_reader *reader, int32_t groups,
                             uint32_t *tile) {
    const tck_lut lut = {w->index_bits, w->index_group, w->index_groups};
    int8_t *const table = (int8_t *)reader->table;
    if (reader->group == 0) {
        tck_lut_table(lut, (const int8_t *)w->description, table);
        reader->indices = (const uint32_t *)w->stream;
    }
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(reader, w->head_words, tile);
        reader->indices =
            tck_lut_decode(lut, table, reader->indices, w->index_words, (int8_t *)tile);
        tile = tck_tile_words(reader, w->tail_words, tile + w->weight_words);
    }
}

#endif
