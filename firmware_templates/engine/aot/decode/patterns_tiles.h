/* Tiles of weights of which one or two in every four are there. */
#ifndef TCK_DECODE_PATTERNS_TILES_H
#define TCK_DECODE_PATTERNS_TILES_H

#include "huffman_tiles.h"
#include "patterns.h"

/* The stream has the patterns of all groups, `index_words`, then the code. `index_bits` are of a
 * pattern, `index_group` is the stride. The table has room for the
 * weights of a group that are there, and three bytes more. */
TCK_SHARED_FAST void tck_patterns_tile(const tck_encoded_weights *w, tck_tile_reader *reader,
                                       int32_t groups, uint32_t *tile, tck_pack_words pack) {
    const uint32_t *const stream = (const uint32_t *)w->stream;
    int8_t *const values = (int8_t *)(reader->table + ((size_t)1 << w->longest));
    if (reader->group == 0) {
        tck_huffman_first(w, reader, stream + w->index_words);
    }
    const uint32_t *tables = reader->tables;
    const uint32_t passed = (uint32_t)(reader->group * w->weight_words);
    tck_patterns patterns = tck_patterns_from(stream, w->index_bits, passed);
    tck_huffman huffman = tck_huffman_of(w, reader);
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(&tables, w->head_words, tile);
        tck_huffman_row(&huffman, values, tck_pattern_values(w->index_bits, w->weight_words));
        for (int32_t i = 0; i < w->weight_words; ++i) {
            tile[i] = 0;
        }
        tck_patterns_spread(&patterns, w->index_group, values, (int8_t *)tile, w->weight_words);
        if (pack != NULL) {
            pack(tile, w->weight_words);
        }
        tile = tck_tile_words(&tables, w->tail_words, tile + w->weight_words);
    }
    reader->tables = tables;
    tck_huffman_keep(&huffman, reader);
}

#endif
