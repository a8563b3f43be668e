/* Matrix products on int8 for cores with the DSP extension: three pixels by two channels at a time.
 *
 * Columns are the widened inputs of three output pixels: for every four inputs k six words, three
 * pairs (k0, k2), one per pixel, and three pairs (k1, k3), as SXTB16 makes them. A stream has for
 * every two output channels what the code reads, in that order:
 *     bias0, bias1, then for every four inputs a quad of weights of either channel, then
 *     multiplier0, multiplier1, and in the halves of one word an int16_t of either channel:
 *     the addend of a fitted line, or the right shift less one.
 * Weights and widened inputs split quads alike, so that neither needs to be shuffled. */
#ifndef TCK_PIXELS_S8_DSP_H
#define TCK_PIXELS_S8_DSP_H

#include "../tck_simd.h"

/* Computes all channels of a stream for three pixels of chunks * 4 inputs. offset1 and offset2 lead
 * from the first pixel's output to the second's and third's; where they are equal, or 0, the later
 * pixel's outputs are overwritten by the earlier's. Reads columns only, writes output only. */
typedef void (*tck_pixels_s8)(const uint32_t *columns, int32_t chunks, const uint32_t *stream,
                              const uint32_t *stream_end, int8_t *output, int32_t offset1,
                              int32_t offset2, int32_t doubled_zero_point);

#if TCK_DSP

/* Four inputs more in the sums r4-r6 (channel 0) and r7-r9 (channel 1); r0 columns, lr stream. */
#define TCK_PIXELS_CHUNK                                                                           \
    "ldrd   r10, r11, [lr], #8\n"                                                                  \
    "ldmia  r0!, {r1, r2, r3}\n"                                                                   \
    "sxtb16 r12, r10\n"                                                                            \
    "smlad  r4, r12, r1, r4\n"                                                                     \
    "smlad  r5, r12, r2, r5\n"                                                                     \
    "smlad  r6, r12, r3, r6\n"                                                                     \
    "sxtb16 r12, r11\n"                                                                            \
    "smlad  r7, r12, r1, r7\n"                                                                     \
    "smlad  r8, r12, r2, r8\n"                                                                     \
    "smlad  r9, r12, r3, r9\n"                                                                     \
    "ldmia  r0!, {r1, r2, r3}\n"                                                                   \
    "sxtb16 r10, r10, ror #8\n"                                                                    \
    "smlad  r4, r10, r1, r4\n"                                                                     \
    "smlad  r5, r10, r2, r5\n"                                                                     \
    "smlad  r6, r10, r3, r6\n"                                                                     \
    "sxtb16 r11, r11, ror #8\n"                                                                    \
    "smlad  r7, r11, r1, r7\n"                                                                     \
    "smlad  r8, r11, r2, r8\n"                                                                     \
    "smlad  r9, r11, r3, r9\n"

/* The sums of the next two channels, and their three words of requantisation in r10-r12. A chunk
 * is 72 bytes of code; the first round of the loop skips what makes the rest a multiple of four.
 * Stack: 36 columns, 40 entry into the loop, 44 end of the columns, 48 stream_end, 52 output,
 * 56 offset1, 60 offset2, 64 doubled_zero_point. */
#define TCK_PIXELS_SUMS                                                                            \
    "push   {r0, r1, r2, r3}\n"                                                                    \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "mov    lr, r2\n"                                                                              \
    "add    r4, r1, r1, lsl #1\n"                                                                  \
    "add    r4, r0, r4, lsl #3\n"                                                                  \
    "str    r4, [sp, #44]\n"                                                                       \
    "rsb    r1, r1, #0\n"                                                                          \
    "and    r1, r1, #3\n"                                                                          \
    "add    r1, r1, r1, lsl #3\n"                                                                  \
    "adr    r4, 2f\n"                                                                              \
    "add    r4, r4, r1, lsl #3\n"                                                                  \
    "orr    r4, r4, #1\n"                                                                          \
    "str    r4, [sp, #40]\n"                                                                       \
    "1:\n"                                                                                         \
    "ldrd   r4, r7, [lr], #8\n"                                                                    \
    "mov    r5, r4\n"                                                                              \
    "mov    r6, r4\n"                                                                              \
    "mov    r8, r7\n"                                                                              \
    "mov    r9, r7\n"                                                                              \
    "ldr    r0, [sp, #36]\n"                                                                       \
    "ldr    pc, [sp, #40]\n"                                                                       \
    ".balign 4\n"                                                                                  \
    "2:\n" TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK TCK_PIXELS_CHUNK                     \
    "ldr    r1, [sp, #44]\n"                                                                       \
    "cmp    r0, r1\n"                                                                              \
    "bne    2b\n"                                                                                  \
    "ldmia  lr!, {r10, r11, r12}\n"

/* Stores two channels, the third pixel first, and goes on to the next two. */
#define TCK_PIXELS_STORE                                                                           \
    "ldr    r1, [sp, #52]\n"                                                                       \
    "ldrd   r2, r3, [sp, #56]\n"                                                                   \
    "strb   r6, [r1, r3]\n"                                                                        \
    "strb   r5, [r1, r2]\n"                                                                        \
    "strb   r4, [r1], #1\n"                                                                        \
    "strb   r9, [r1, r3]\n"                                                                        \
    "strb   r8, [r1, r2]\n"                                                                        \
    "strb   r7, [r1], #1\n"                                                                        \
    "str    r1, [sp, #52]\n"                                                                       \
    "ldr    r1, [sp, #48]\n"                                                                       \
    "cmp    lr, r1\n"                                                                              \
    "bne    1b\n"                                                                                  \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "add    sp, #16\n"                                                                             \
    "bx     lr\n"

#else

typedef struct {
    int32_t of[2][3]; /* [channel][pixel] */
} tck_pixel_sums;

/* The sums of the next two channels; the stream is left at their words of requantisation. */
TCK_INLINE tck_pixel_sums tck_pixels_s8_sums(const uint32_t *columns, int32_t chunks,
                                             const uint32_t **stream) {
    tck_pixel_sums sums;
    const uint32_t *next = *stream;
    for (int32_t c = 0; c < 2; ++c) {
        for (int32_t i = 0; i < 3; ++i) {
            sums.of[c][i] = (int32_t)next[c];
        }
    }
    next += 2;
    for (int32_t k = 0; k < chunks; ++k, next += 2, columns += 6) {
        for (int32_t c = 0; c < 2; ++c) {
            for (int32_t i = 0; i < 3; ++i) {
                const int32_t half = tck_smlad(tck_sxtb16(next[c]), columns[i], sums.of[c][i]);
                sums.of[c][i] = tck_smlad(tck_sxtb16_ror8(next[c]), columns[3 + i], half);
            }
        }
    }
    *stream = next;
    return sums;
}

#endif
#endif
