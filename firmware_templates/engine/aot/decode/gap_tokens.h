/* Sparse weights as tokens of a gap and a value: some raw bits, the low part of the gap, then a
 * Huffman code of its high part and the value together. A gap says how many zeros come before the
 * value, over the ends of rows. Where one is too large for a token, tokens of value 0 fill it. The
 * last token leads to the end of all rows or beyond. */
#ifndef TCK_DECODE_GAP_TOKENS_H
#define TCK_DECODE_GAP_TOKENS_H

#include "bits.h"
#include "canonical.h"

typedef struct {
    tck_bits bits;
    const uint32_t *table; /* of tck_canonical_table */
    int32_t position;      /* of the next value, from the beginning of the row */
    int32_t value;
    uint8_t gap_bits; /* raw ones, 1 to 6 */
    uint8_t longest;  /* bits of a code, up to 10 */
} tck_gap_tokens;

/* Reads the next token. Positions grow by 1 at least, whatever the stream says. */
TCK_INLINE void tck_gap_tokens_next(tck_gap_tokens *t) {
    const uint32_t bits = tck_bits_next(&t->bits);
    const uint32_t entry = t->table[bits << t->gap_bits >> (32 - t->longest)];
    const uint32_t low = bits >> (32 - t->gap_bits);
    tck_bits_drop(&t->bits, entry >> 8 & 0xFFU);
    t->position += (int32_t)(low + (entry >> 16));
    t->value = (int8_t)(entry & 0xFFU);
}

/* A reader of a stream, its first token read. */
TCK_INLINE tck_gap_tokens tck_gap_tokens_from(const void *stream, const uint32_t *table,
                                              uint8_t gap_bits, uint8_t longest) {
    tck_gap_tokens tokens = {tck_bits_from(stream), table, -1, 0, gap_bits, longest};
    tck_gap_tokens_next(&tokens);
    return tokens;
}

/* The sum and the products of the next `count` weights with as many inputs. */
TCK_SHARED int32_t tck_gap_tokens_dot(tck_gap_tokens *tokens, const int8_t *inputs, int32_t count,
                                      int32_t sum) {
    tck_gap_tokens t = *tokens;
    while (t.position < count) {
        sum = tck_add_wrap(sum, t.value * inputs[t.position]);
        tck_gap_tokens_next(&t);
    }
    t.position -= count;
    *tokens = t;
    return sum;
}

/* Writes those of the next `count` weights that are not 0. */
#if TCK_THUMB2

TCK_SHARED_FAST void tck_gap_tokens_store(tck_gap_tokens *tokens, int8_t *to, int32_t count) {
    uint32_t position = (uint32_t)(uintptr_t)to + (uint32_t)tokens->position, bits, length;
    const uint32_t end = (uint32_t)(uintptr_t)to + (uint32_t)count;
    __asm__ volatile(
        "b      2f\n"
        ".balign 4\n"
        "1:\n"
        "strb   %[entry], [%[position]]\n"
        "lsr    %[entry], %[at], #3\n"
        "and    %[length], %[at], #7\n"
        "ldr    %[bits], [%[stream], %[entry]]\n"
        "rev    %[bits], %[bits]\n"
        "lsl    %[bits], %[bits], %[length]\n"
        "lsl    %[entry], %[bits], %[gap_bits]\n"
        "lsr    %[entry], %[entry], %[code_shift]\n"
        "lsr    %[bits], %[bits], %[gap_shift]\n"
        "ldr    %[entry], [%[table], %[entry], lsl #2]\n"
        "add    %[position], %[position], %[bits]\n"
        "ubfx   %[length], %[entry], #8, #8\n"
        "add    %[position], %[position], %[entry], lsr #16\n"
        "add    %[at], %[at], %[length]\n"
        "2:\n"
        "cmp    %[position], %[end]\n"
        "blo    1b\n"
        : [position] "+&r"(position), [at] "+&r"(tokens->bits.at), [entry] "+&r"(tokens->value),
          [bits] "=&r"(bits), [length] "=&r"(length)
        : [stream] "r"(tokens->bits.stream), [table] "r"(tokens->table),
          [gap_bits] "r"((uint32_t)tokens->gap_bits), [gap_shift] "r"(32U - tokens->gap_bits),
          [code_shift] "r"(32U - tokens->longest), [end] "r"(end)
        : "cc", "memory");
    tokens->value = (int8_t)((uint32_t)tokens->value & 0xFFU);
    tokens->position = (int32_t)(position - end);
}

#else

TCK_SHARED_FAST void tck_gap_tokens_store(tck_gap_tokens *tokens, int8_t *to, int32_t count) {
    tck_gap_tokens t = *tokens;
    while (t.position < count) {
        to[t.position] = (int8_t)t.value;
        tck_gap_tokens_next(&t);
    }
    t.position -= count;
    *tokens = t;
}

#endif

/* Writes the next `count` weights. */
TCK_SHARED void tck_gap_tokens_decode(tck_gap_tokens *tokens, int8_t *to, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        to[i] = 0;
    }
    tck_gap_tokens_store(tokens, to, count);
}

#endif
