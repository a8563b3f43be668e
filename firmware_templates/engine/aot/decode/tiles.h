/* Weights that are decoded into the words that a kernel reads, some groups of channels at a time.
 *
 * A kernel's stream has groups of channels one after the other: words before the weights, such as
 * biases; the weights, bytes in the order in which the kernel takes them; words behind them, such
 * as multipliers. Only the weights are encoded, a group as a row; the other words lie in flash as
 * they are. A tile in RAM is a part of the stream. Decoders write nothing outside of it, whatever
 * they read: but for words of the next group, which are written later, and room behind the tile. */
#ifndef TCK_DECODE_TILES_H
#define TCK_DECODE_TILES_H

#include <stddef.h>

#include "bits.h"

typedef struct {
    const void *stream;      /* what the decoder reads */
    const void *description; /* the codebook, or of the code */
    const uint32_t *tables;  /* of each group: the words before its weights and behind them */
    uint16_t groups;         /* of all channels */
    uint16_t tile_groups;    /* decoded at once, at most */
    uint16_t weight_words;   /* of a group */
    uint16_t index_words;    /* of a group that is encoded by indices */
    uint8_t head_words;      /* of a group, before its weights */
    uint8_t tail_words;      /* behind them */
    uint8_t channels;        /* of a group */
    uint8_t longest;         /* bits of a code */
    uint8_t gap_bits;
    uint8_t index_bits;
    uint8_t index_group;
} tck_encoded_weights;

/* Where the decoder is: all that one of them needs from one tile to the next. */
typedef struct {
    uint32_t *table;         /* the decoder's own, in RAM */
    const uint32_t *tables;  /* of the next group */
    const uint32_t *indices; /* of the next group */
    tck_bits bits;
    int32_t group;    /* the next one */
    int32_t position; /* of a value that was read ahead, or how many were */
    int32_t value;
} tck_tile_reader;

/* Makes what a kernel reads of words of int8 weights, in place. */
typedef void (*tck_pack_words)(uint32_t *words, int32_t count);

/* Writes the next groups to a tile. With the first group it makes its table. `pack` is NULL for a
 * kernel that reads int8 weights. */
typedef void (*tck_tile_decoder)(const tck_encoded_weights *w, tck_tile_reader *reader,
                                 int32_t groups, uint32_t *tile, tck_pack_words pack);

TCK_INLINE tck_tile_reader tck_tile_reader_from(const tck_encoded_weights *w, uint32_t *table) {
    const tck_tile_reader reader = {.table = table, .tables = w->tables};
    return reader;
}

/* Groups of the next tile. Channels that are no whole group come last, with those before them that
 * make one: they are a tile of their own. */
TCK_INLINE int32_t tck_tile_groups(const tck_encoded_weights *w, const tck_tile_reader *reader,
                                   int32_t channels) {
    const int32_t whole = channels / w->channels - reader->group;
    return whole <= 0 ? 1 : whole < w->tile_groups ? whole : w->tile_groups;
}

/* The first channel of the next tile. */
TCK_INLINE int32_t tck_tile_channel(const tck_encoded_weights *w, const tck_tile_reader *reader,
                                    int32_t channels) {
    const int32_t first = reader->group * w->channels, last = channels - w->channels;
    return first < last ? first : last;
}

TCK_INLINE int32_t tck_group_words(const tck_encoded_weights *w) {
    return w->head_words + w->weight_words + w->tail_words;
}

/* Copies words that are no weights; returns where the next ones go. */
TCK_INLINE uint32_t *tck_tile_words(const uint32_t **from, int32_t count, uint32_t *to) {
    const uint32_t *next = *from;
    for (; count > 0; --count) {
        *to++ = *next++;
    }
    *from = next;
    return to;
}

#endif
