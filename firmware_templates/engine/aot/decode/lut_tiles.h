/* Tiles of weights that are encoded as indices into a codebook. */
#ifndef TCK_DECODE_LUT_TILES_H
#define TCK_DECODE_LUT_TILES_H

#include "lut_gather.h"
#include "tiles.h"

/* Where the table has two or four weights for a group of indices, these are packed, not all weights
 * that it gives. */
TCK_SHARED_FAST void tck_lut_tile(const tck_encoded_weights *w, tck_tile_reader *reader,
                                  int32_t groups, uint32_t *tile, tck_pack_words pack) {
    const tck_lut lut = {w->index_bits, w->index_group};
    int8_t *const table = (int8_t *)reader->table;
    const int8_t *const book = (const int8_t *)w->description;
    const int32_t gathers = pack == NULL && tck_lut_gathers(lut);
    const uint32_t *tables = reader->tables, *indices = reader->indices;
    if (reader->group == 0) {
        indices = (const uint32_t *)w->stream;
        if (!gathers) {
            tck_lut_table(lut, book, table);
        }
        if (pack != NULL && lut.group > 1) {
            pack(reader->table, lut.group << lut.bits * lut.group >> 2);
        }
    }
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(&tables, w->head_words, tile);
        indices = gathers ? tck_lut_gather(lut, book, indices, w->index_words, (int8_t *)tile)
                          : tck_lut_decode(lut, table, indices, w->index_words, (int8_t *)tile);
        if (pack != NULL && lut.group == 1) {
            pack(tile, w->weight_words);
        }
        tile = tck_tile_words(&tables, w->tail_words, tile + w->weight_words);
    }
    reader->tables = tables;
    reader->indices = indices;
}

#endif
