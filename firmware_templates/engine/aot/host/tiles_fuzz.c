/* Decodes tiles of random bytes, to be run under sanitizers: decoders must write nothing outside of
 * a tile and their table.
 *
 *     tiles_fuzz ROUNDS
 *
 * Every round each decoder gets a stream and a description of random bytes, groups of random sizes,
 * and memory of exactly the bytes that the host gives it. */
#include <stdio.h>
#include <stdlib.h>

#include "decode/gap_tokens_tiles.h"
#include "decode/huffman_tiles.h"
#include "decode/lut_tiles.h"
#include "decode/patterns_tiles.h"

#define DECODERS 4
#define BEHIND   3 /* bytes that Huffman's decoder may write behind a row */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)random_state * limit >> 32);
}

static void *random_bytes(size_t count) {
    uint8_t *const bytes = malloc(count);
    if (bytes == NULL) {
        exit(2);
    }
    for (size_t i = 0; i < count; ++i) {
        bytes[i] = (uint8_t)random_below(256);
    }
    return bytes;
}

static void inverted(uint32_t *words, int32_t count) {
    for (; count > 0; --count, ++words) {
        *words = ~*words;
    }
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Patterns of one or two in four, whose blocks fill the words of a group. */
static void pattern_sizes(tck_encoded_weights *w) {
    w->index_bits = (uint8_t)(2 + random_below(2));
    w->index_group = (uint8_t)(1U << random_below(4));
    w->weight_words = (uint16_t)(w->index_group * (1 + random_below(12)));
    const uint32_t in_word = 32U / w->index_bits;
    w->index_words = (uint16_t)((w->groups * w->weight_words + in_word - 1) / in_word);
}

/* Random sizes; returns the bytes that a row's decoder may write behind the row. */
static uint32_t sizes(tck_encoded_weights *w, int lut) {
    w->groups = (uint16_t)(1 + random_below(6));
    w->tile_groups = (uint16_t)(1 + random_below(w->groups));
    w->weight_words = (uint16_t)(2 + 2 * random_below(40));
    w->head_words = (uint8_t)(1 + random_below(8));
    w->tail_words = (uint8_t)(3 + random_below(10));
    w->channels = 2;
    w->longest = random_below(2) != 0 ? 8 : 10;
    w->gap_bits = (uint8_t)(1 + random_below(6));
    w->index_bits = (uint8_t)(1 + random_below(6));
    w->index_group = w->index_bits > 5 ? 1 : w->index_bits > 2 ? 2 : 4;
    const uint32_t in_word = 32U / (w->index_bits * w->index_group) * w->index_group;
    w->index_words = (uint16_t)((4U * w->weight_words + in_word - 1) / in_word);
    return lut ? w->index_words * in_word - 4U * w->weight_words : BEHIND;
}

static void run(tck_tile_decoder decode, int lut, int patterns) {
    tck_encoded_weights w = {0};
    const uint32_t behind = sizes(&w, lut), tail = 4U * w.tail_words;
    if (patterns) {
        pattern_sizes(&w);
    }
    const uint32_t weights = 4U * w.groups * w.weight_words;
    const size_t table_bytes = lut ? (size_t)w.index_group << w.index_bits * w.index_group
                               : patterns
                                   ? (sizeof(uint32_t) << w.longest) + BEHIND +
                                         (size_t)tck_pattern_values(w.index_bits, w.weight_words)
                                   : sizeof(uint32_t) << w.longest;
    /* A damaged stream is read on by a symbol for each weight, a damaged code by all its table. */
    void *const stream = random_bytes((size_t)weights * 4 + 64);
    void *const description = random_bytes(sizeof(uint16_t) * (((size_t)1 << w.longest) + 16));
    void *const tables =
        random_bytes(sizeof(uint32_t) * w.groups * ((size_t)w.head_words + w.tail_words));
    uint32_t *const table = random_bytes(table_bytes);
    uint32_t *const tile = random_bytes(4U * w.tile_groups * (size_t)tck_group_words(&w) +
                                        (behind > tail ? behind - tail : 0));
    w.stream = stream;
    w.description = description;
    w.tables = tables;
    tck_tile_reader reader = tck_tile_reader_from(&w, table);
    while (reader.group < w.groups) {
        const uint32_t left = (uint32_t)(w.groups - reader.group);
        decode(&w, &reader, (int32_t)smaller(left, w.tile_groups), tile,
               random_below(2) != 0 ? inverted : NULL);
    }
    free(stream);
    free(description);
    free(tables);
    free(table);
    free(tile);
}

int main(int argc, char **argv) {
    static const tck_tile_decoder decoders[DECODERS] = {tck_lut_tile, tck_huffman_tile,
                                                        tck_gap_tokens_tile, tck_patterns_tile};
    const long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    for (long round = 0; round < rounds; ++round) {
        for (int i = 0; i < DECODERS; ++i) {
            run(decoders[i], i == 0, i == DECODERS - 1);
        }
    }
    printf("%ld\n", rounds * DECODERS);
    return 0;
}
