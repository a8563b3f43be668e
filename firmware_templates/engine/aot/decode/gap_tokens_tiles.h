/* Tiles of sparse weights as tokens of a gap and a value. */
#ifndef TCK_DECODE_GAP_TOKENS_TILES_H
#define TCK_DECODE_GAP_TOKENS_TILES_H

#include "gap_tokens.h"
#include "tiles.h"

TCK_SHARED void tck_gap_tokens_tile(const tck_encoded_weights *w, tck_tile_reader *reader,
                                    int32_t groups, uint32_t *tile, tck_pack_words pack) {
    tck_gap_tokens tokens = {reader->bits,  reader->table, reader->position,
                             reader->value, w->gap_bits,   w->longest};
    if (reader->group == 0) {
        tck_canonical_table((const uint8_t *)w->description, w->longest, w->gap_bits,
                            reader->table);
        tokens = tck_gap_tokens_from(w->stream, reader->table, w->gap_bits, w->longest);
    }
    const uint32_t *tables = reader->tables;
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(&tables, w->head_words, tile);
        for (int32_t i = 0; i < w->weight_words; ++i) {
            tile[i] = 0;
        }
        tck_gap_tokens_store(&tokens, (int8_t *)tile, 4 * w->weight_words);
        if (pack != NULL) {
            pack(tile, w->weight_words);
        }
        tile = tck_tile_words(&tables, w->tail_words, tile + w->weight_words);
    }
    reader->tables = tables;
    reader->bits = tokens.bits;
    reader->position = tokens.position;
    reader->value = tokens.value;
}

#endif
