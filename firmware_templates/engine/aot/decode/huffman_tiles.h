/* Tiles of weights by a Huffman code. */
#ifndef TCK_DECODE_HUFFMAN_TILES_H
#define TCK_DECODE_HUFFMAN_TILES_H

#include "huffman.h"
#include "tiles.h"

TCK_SHARED_FAST void tck_huffman_tile(const tck_encoded_weights *w, tck_tile_reader *reader,
                                      int32_t groups, uint32_t *tile, tck_pack_words pack) {
    if (reader->group == 0) {
        tck_huffman_table((const uint8_t *)w->description, w->longest, reader->table);
        reader->bits = tck_bits_from(w->stream);
    }
    const uint32_t *tables = reader->tables;
    const int8_t next[2] = {(int8_t)(reader->value & 0xFF), (int8_t)(reader->value >> 8 & 0xFF)};
    tck_huffman huffman = {
        reader->bits, reader->table, w->longest, reader->position, {next[0], next[1]}};
    for (reader->group += groups; groups > 0; --groups) {
        tile = tck_tile_words(&tables, w->head_words, tile);
        tck_huffman_row(&huffman, (int8_t *)tile, 4 * w->weight_words);
        if (pack != NULL) {
            pack(tile, w->weight_words);
        }
        tile = tck_tile_words(&tables, w->tail_words, tile + w->weight_words);
    }
    reader->tables = tables;
    reader->bits = huffman.bits;
    reader->position = huffman.ahead;
    reader->value = (uint8_t)huffman.next[0] | (uint8_t)huffman.next[1] << 8;
}

#endif
