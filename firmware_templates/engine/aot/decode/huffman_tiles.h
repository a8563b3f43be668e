/* Tiles of weights by a Huffman code. */
#ifndef TCK_DECODE_HUFFMAN_TILES_H
#define TCK_DECODE_HUFFMAN_TILES_H

#include "huffman.h"
#include "tiles.h"

/* Makes the table, and begins to read a code. */
TCK_INLINE void tck_huffman_first(const tck_encoded_weights *w, tck_tile_reader *reader,
                                  const void *code) {
    tck_huffman_table((const uint8_t *)w->description, w->longest, reader->table);
    reader->bits = tck_bits_from(code);
}

/* Goes on where the last tile ended. */
TCK_INLINE tck_huffman tck_huffman_of(const tck_encoded_weights *w, const tck_tile_reader *reader) {
    const int8_t next[2] = {(int8_t)(reader->value & 0xFF), (int8_t)(reader->value >> 8 & 0xFF)};
    const tck_huffman huffman = {
        reader->bits, reader->table, w->longest, reader->position, {next[0], next[1]}};
    return huffman;
}

TCK_INLINE void tck_huffman_keep(const tck_huffman *huffman, tck_tile_reader *reader) {
    reader->bits = huffman->bits;
    reader->position = huffman->ahead;
    reader->value = (uint8_t)huffman->next[0] | (uint8_t)huffman->next[1] << 8;
}

TCK_SHARED_FAST void tck_huffman_tile(const tck_encoded_weights *w, tck_tile_reader *reader,
                                      int32_t groups, uint32_t *tile, tck_pack_words pack) {
    if (reader->group == 0) {
        tck_huffman_first(w, reader, w->stream);
    }
    const uint32_t *tables = reader->tables;
    tck_huffman huffman = tck_huffman_of(w, reader);
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(&tables, w->head_words, tile);
        tck_huffman_row(&huffman, (int8_t *)tile, 4 * w->weight_words);
        if (pack != NULL) {
            pack(tile, w->weight_words);
        }
        tile = tck_tile_words(&tables, w->tail_words, tile + w->weight_words);
    }
    reader->tables = tables;
    tck_huffman_keep(&huffman, reader);
}

#endif
