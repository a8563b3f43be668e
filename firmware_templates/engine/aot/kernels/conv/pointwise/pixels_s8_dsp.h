/* Matrix products on int8 for cores with the DSP extension: three pixels by two channels at a time.
 *
 * Columns are the widened inputs of three output pixels: for every four inputs k six words, three
 * pairs (k0, k2), one per pixel, and three pairs (k1, k3), as SXTB16 makes them. Weights split
 * quads alike, so that neither needs to be shuffled.
 *
 * The weights a and b of the two channels for one input are one int16_t, 256 * b + a. SMLAD takes
 * two of these as they are, for a sum of 256 * B + A; SXTB16 leaves the weights a of both, for A.
 * The difference, 256 * B, is exact modulo 2^32: the host sees to it that B fits 24 bits. This
 * unpacks weights by half as many instructions as each channel on its own would take.
 *
 * A stream has for every two channels what the code reads, in that order: the begin of A, which is
 * a bias; where a line is fitted, the begin of the second sum; for every four inputs the words
 * (k0, k2) and (k1, k3); what the requantisation takes. */
#ifndef TCK_PIXELS_S8_DSP_H
#define TCK_PIXELS_S8_DSP_H

#include "../../../tck_simd.h"

/* Computes all channels of a stream for three pixels of chunks * 4 inputs. offset1 and offset2 lead
 * from the first pixel's output to the second's and third's; where they are equal, or 0, the later
 * pixel's outputs are overwritten by the earlier's.
 *
 * Columns are filled already if `threes` is 0. Otherwise they are filled from `input`, where pixel
 * follows pixel, and so many threes of pixels are computed, each three read before its outputs are
 * written.
 *
 * Ten arguments and no struct: four come in registers, and the six on the stack are the frame of
 * the routine, which moves output, input and threes on in place. A struct would be stored as often
 * by who calls for every three pixels, and had to be copied to a frame besides. */
typedef void (*tck_pixels_s8)(uint32_t *columns, int32_t chunks, const uint32_t *stream,
                              const uint32_t *stream_end, int8_t *output, int32_t offset1,
                              int32_t offset2, int32_t doubled_zero_point, const int8_t *input,
                              int32_t threes);

#if TCK_DSP

/* Loads behind one another take a cycle each, and the first of them one more; LDM takes that one
 * more each time. Where four or more words come from two places, LDRs are thus the faster, though
 * the more instructions: none of them waits for a pointer that the one before has moved. */
#define TCK_PIXELS_INPUTS                                                                          \
    "ldr.w  r2, [r0, #4]\n"                                                                        \
    "ldr    r3, [r0, #8]\n"                                                                        \
    "ldr    r1, [r0], #12\n"

/* One half of four inputs: the sums r7-r9 start from `second`, or go on; r4-r6 from `first`. */
#define TCK_PIXELS_START(weights, first, second)                                                   \
    TCK_PIXELS_INPUTS                                                                              \
    "smlad  r8, " weights ", r2, " second "\n"                                                     \
    "smlad  r9, " weights ", r3, " second "\n"                                                     \
    "smlad  r7, " weights ", r1, " second "\n"                                                     \
    "sxtb16 " weights ", " weights "\n"                                                            \
    "smlad  r5, " weights ", r2, " first "\n"                                                      \
    "smlad  r6, " weights ", r3, " first "\n"                                                      \
    "smlad  r4, " weights ", r1, " first "\n"

#define TCK_PIXELS_PRODUCTS(weights)                                                               \
    "smlad  r7, " weights ", r1, r7\n"                                                             \
    "smlad  r8, " weights ", r2, r8\n"                                                             \
    "smlad  r9, " weights ", r3, r9\n"                                                             \
    "sxtb16 " weights ", " weights "\n"                                                            \
    "smlad  r4, " weights ", r1, r4\n"                                                             \
    "smlad  r5, " weights ", r2, r5\n"                                                             \
    "smlad  r6, " weights ", r3, r6\n"

#define TCK_PIXELS_HALF(weights) "ldmia  r0!, {r1, r2, r3}\n" TCK_PIXELS_PRODUCTS(weights)

#define TCK_PIXELS_CHUNK_BYTES "76"

/* Four inputs more. */
#define TCK_PIXELS_CHUNK TCK_CODE_BYTES(TCK_PIXELS_CHUNK_BYTES, TCK_PIXELS_CHUNK_CODE)

#define TCK_PIXELS_CHUNK_CODE                                                                      \
    "ldr    r11, [lr, #4]\n"                                                                       \
    "ldr    r10, [lr], #8\n" TCK_PIXELS_INPUTS TCK_PIXELS_PRODUCTS("r10") TCK_PIXELS_HALF("r11")

#define TCK_PIXELS_FOUR TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK

/* The sums A in r4-r6 and 256 * B in r7-r9 of the next two channels; r0 columns, r12 their end,
 * which requantisation leaves alone, lr stream. `load` brings the begins of the sums, the second of
 * which is the register `second`, and the first weights to r10 and r11. The first round of the loop
 * skips what makes the chunks behind the first a multiple of a round.
 * Stack: 0 columns, 4 output, 8 offset1, 12 offset2, 16 stream_end, 20 entry into the loop, 24
 * stream, 28 inputs of a pixel, 32 saved registers, 68 output, 72 offset1, 76 offset2, 80
 * doubled_zero_point, 84 input, 88 threes. */
#define TCK_PIXELS_SUMS(load, second, less_1, chunks)                                              \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "mov    lr, r2\n"                                                                              \
    "mov    r10, r3\n"                                                                             \
    "add    r12, r1, r1, lsl #1\n"                                                                 \
    "add    r12, r0, r12, lsl #3\n"                                                                \
    "rsbs   r5, r1, #1\n"                                                                          \
    "adr    r4, 3f\n"                                                                              \
    "beq    1f\n"                                                                                  \
    "and    r5, r5, #" less_1 "\n"                                                                 \
    "adr    r4, 2f\n"                                                                              \
    "movs   r6, #" TCK_PIXELS_CHUNK_BYTES "\n"                                                     \
    "mla    r4, r5, r6, r4\n"                                                                      \
    "1:\n"                                                                                         \
    "orr    r4, r4, #1\n"                                                                          \
    "mov    r11, r4\n"                                                                             \
    "lsls   r3, r1, #2\n"                                                                          \
    "push   {r2, r3}\n"                                                                            \
    "ldrd   r1, r2, [sp, #44]\n"                                                                   \
    "ldr    r3, [sp, #52]\n"                                                                       \
    "push   {r0, r1, r2, r3, r10, r11}\n"                                                          \
    "ldr    r4, [sp, #88]\n"                                                                       \
    "cmp    r4, #0\n"                                                                              \
    "bne.w  4f\n"                                                                                  \
    "1:\n" load TCK_PIXELS_START("r10", "r4", second)                                              \
        TCK_PIXELS_HALF("r11") "ldr    pc, [sp, #20]\n"                                            \
                               ".balign 4\n"                                                       \
                               "2:\n" chunks "cmp.w  r0, r12\n"                                    \
                               "bne.w  2b\n"                                                       \
                               "3:\n"                                                              \
                               "sub    r7, r7, r4\n"                                               \
                               "sub    r8, r8, r5\n"                                               \
                               "sub    r9, r9, r6\n"

/* Stores two channels, the third pixel first, and goes on to the next two, or to the next three
 * pixels. */
#define TCK_PIXELS_STORE                                                                           \
    "ldmia  sp, {r0, r1, r2, r3, r10}\n"                                                           \
    "bfi    r6, r9, #8, #8\n"                                                                      \
    "bfi    r5, r8, #8, #8\n"                                                                      \
    "bfi    r4, r7, #8, #8\n"                                                                      \
    "strh   r6, [r1, r3]\n"                                                                        \
    "strh   r5, [r1, r2]\n"                                                                        \
    "strh   r4, [r1], #2\n"                                                                        \
    "str    r1, [sp, #4]\n"                                                                        \
    "cmp    lr, r10\n"                                                                             \
    "bne.w  1b\n"                                                                                  \
    "ldr    r4, [sp, #88]\n"                                                                       \
    "add    r1, r1, r3\n"                                                                          \
    "cmp    r4, #0\n"                                                                              \
    "beq    6f\n"                                                                                  \
    "str    r1, [sp, #4]\n"                                                                        \
    "4:\n"                                                                                         \
    "ldr    r5, [sp, #84]\n"                                                                       \
    "ldr    r6, [sp, #28]\n"                                                                       \
    "subs   r4, #1\n"                                                                              \
    "str    r4, [sp, #88]\n"                                                                       \
    "5:\n"                                                                                         \
    "ldr.n  r1, [r5]\n"                                                                            \
    "ldr.n  r2, [r5, r6]\n"                                                                        \
    "ldr    r3, [r5, r6, lsl #1]\n"                                                                \
    "adds   r5, #4\n"                                                                              \
    "sxtb16 r7, r1\n"                                                                              \
    "sxtb16 r8, r2\n"                                                                              \
    "sxtb16 r9, r3\n"                                                                              \
    "sxtb16 r10, r1, ror #8\n"                                                                     \
    "sxtb16 r11, r2, ror #8\n"                                                                     \
    "sxtb16 lr, r3, ror #8\n"                                                                      \
    "stmia  r0!, {r7, r8, r9, r10, r11, lr}\n"                                                     \
    "cmp    r0, r12\n"                                                                             \
    "bne    5b\n"                                                                                  \
    "add    r5, r5, r6, lsl #1\n"                                                                  \
    "ldr    r0, [sp]\n"                                                                            \
    "ldr    lr, [sp, #24]\n"                                                                       \
    "str    r5, [sp, #84]\n"                                                                       \
    "b.w    1b\n"                                                                                  \
    "6:\n"                                                                                         \
    "add    sp, #32\n"                                                                             \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

#else

typedef struct {
    int32_t of[2][3]; /* [channel][pixel], the second channel's times 256 */
} tck_pixel_sums;

/* The sums of the next two channels from their begins on. */
TCK_INLINE tck_pixel_sums tck_pixels_s8_sums(const uint32_t *columns, int32_t chunks,
                                             const uint32_t *weights, int32_t first,
                                             int32_t second) {
    tck_pixel_sums sums;
    for (int32_t i = 0; i < 3; ++i) {
        sums.of[0][i] = first;
        sums.of[1][i] = second;
    }
    for (int32_t half = 0; half < 2 * chunks; ++half, columns += 3, ++weights) {
        for (int32_t i = 0; i < 3; ++i) {
            sums.of[0][i] = tck_smlad(tck_sxtb16(*weights), columns[i], sums.of[0][i]);
            sums.of[1][i] = tck_smlad(*weights, columns[i], sums.of[1][i]);
        }
    }
    for (int32_t i = 0; i < 3; ++i) {
        sums.of[1][i] = tck_sub_wrap(sums.of[1][i], sums.of[0][i]);
    }
    return sums;
}

/* Fills the columns with three pixels, the first at `input`, and returns what follows them. */
TCK_INLINE const int8_t *tck_pixels_s8_columns(uint32_t *columns, int32_t chunks,
                                               const int8_t *input) {
    for (int32_t i = 0; i < 3; ++i) {
        for (int32_t k = 0; k < chunks; ++k, input += 4) {
            const uint32_t quad = tck_load_word(input);
            columns[6 * k + i] = tck_sxtb16(quad);
            columns[6 * k + 3 + i] = tck_sxtb16_ror8(quad);
        }
    }
    return input;
}

/* All channels of three pixels whose columns are filled. */
typedef void (*tck_pixels_three)(const uint32_t *columns, int32_t chunks, const uint32_t *stream,
                                 const uint32_t *stream_end, int8_t *output, int32_t offset1,
                                 int32_t offset2, int32_t doubled_zero_point);

/* Every tck_pixels_s8. */
TCK_INLINE void tck_pixels_s8_threes(tck_pixels_three three, uint32_t *columns, int32_t chunks,
                                     const uint32_t *stream, const uint32_t *stream_end,
                                     int8_t *output, int32_t offset1, int32_t offset2,
                                     int32_t doubled_zero_point, const int8_t *input,
                                     int32_t threes) {
    if (threes == 0) {
        three(columns, chunks, stream, stream_end, output, offset1, offset2, doubled_zero_point);
    }
    for (; threes > 0; --threes, output += offset1 + offset2) {
        input = tck_pixels_s8_columns(columns, chunks, input);
        three(columns, chunks, stream, stream_end, output, offset1, offset2, doubled_zero_point);
    }
}

#endif
#endif
