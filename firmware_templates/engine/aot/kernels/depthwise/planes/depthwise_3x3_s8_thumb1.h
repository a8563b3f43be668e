/* DEPTHWISE_CONV_2D of 3x3 on int8 for Thumb-1 cores, requantised by a split multiply.
 *
 * The planes hold inputs + 128: there are loads of unsigned numbers with constant offsets. The
 * host's line for each channel takes sums of these; its multiplier is split so that its product
 * with a sum takes two MULS:
 * ((sum * low >> TCK_SPLIT_BITS) + sum * high + addend) >> shift.
 * For each channel the weights have nine int8, the shift, multiplier and addend: int32_t, as bytes.
 */
#ifndef TCK_DEPTHWISE_3X3_S8_THUMB1_H
#define TCK_DEPTHWISE_3X3_S8_THUMB1_H

#include "depthwise_planes_s8.h"

#define TCK_SPLIT_BITS             13
#define TCK_DEPTHWISE_THUMB1_BYTES 18

/* What a row of outputs needs beside its inputs; the assembly knows the offsets. */
typedef struct {
    int32_t weights[9];
    int32_t low;    /* 36: of the multiplier */
    int32_t high;   /* 40 */
    int32_t addend; /* 44 */
    int32_t shift;  /* 48 */
    int32_t step;   /* 52: bytes between outputs */
    int32_t stride; /* 56: bytes between inputs */
    int8_t *end;    /* 60: of the outputs */
} tck_depthwise_row;

/* One row of outputs, at least one. */
#if TCK_THUMB1

/* Adds a product to r5; weights are in high registers or at r6. */
#define TCK_DEPTHWISE_TAP_HIGH(row, column, weight)                                                \
    "ldrh   r3, [" row ", #" column "]\n"                                                          \
    "mov    r4, " weight "\n"                                                                      \
    "muls   r3, r4, r3\n"                                                                          \
    "adds   r5, r5, r3\n"
#define TCK_DEPTHWISE_TAP(row, column, weight)                                                     \
    "ldrh   r3, [" row ", #" column "]\n"                                                          \
    "ldr    r4, [r6, #" weight "]\n"                                                               \
    "muls   r3, r4, r3\n"                                                                          \
    "adds   r5, r5, r3\n"

TCK_NAKED void tck_depthwise_row_thumb1(const tck_uhalf *plane __attribute__((unused)),
                                        int32_t pitch_bytes __attribute__((unused)),
                                        int8_t *output __attribute__((unused)),
                                        const tck_depthwise_row *r __attribute__((unused))) {
    __asm__ volatile(
        ".syntax unified\n"
        "push   {r4, r5, r6, r7, lr}\n"
        "mov    r4, r8\n"
        "mov    r5, r9\n"
        "mov    r6, r10\n"
        "mov    r7, r11\n"
        "push   {r4, r5, r6, r7}\n"
        "movs   r6, r3\n"
        "movs   r7, r2\n"
        "adds   r1, r1, r0\n"
        "adds   r2, r1, r1\n"
        "subs   r2, r2, r0\n"
        "ldmia  r3!, {r4, r5}\n"
        "mov    r8, r4\n"
        "mov    r9, r5\n"
        "ldmia  r3!, {r4, r5}\n"
        "mov    r10, r4\n"
        "mov    r11, r5\n"
        "ldr    r4, [r3]\n"
        "mov    lr, r4\n"
        "ldr    r4, [r6, #60]\n"
        "mov    r12, r4\n"
        "1:\n"
        "ldrh   r5, [r0]\n"
        "mov    r4, r8\n"
        "muls   r5, r4, r5\n" /**/
        TCK_DEPTHWISE_TAP_HIGH("r0", "2", "r9") TCK_DEPTHWISE_TAP_HIGH("r0", "4", "r10")
            TCK_DEPTHWISE_TAP_HIGH("r1", "0", "r11") TCK_DEPTHWISE_TAP_HIGH("r1", "2", "lr")
                TCK_DEPTHWISE_TAP("r1", "4", "20") TCK_DEPTHWISE_TAP("r2", "0", "24")
                    TCK_DEPTHWISE_TAP("r2", "2", "28") TCK_DEPTHWISE_TAP("r2", "4", "32") /**/
        "ldr    r3, [r6, #36]\n"
        "muls   r3, r5, r3\n"
        "asrs   r3, r3, #13\n"
        "ldr    r4, [r6, #40]\n"
        "muls   r5, r4, r5\n"
        "adds   r5, r5, r3\n"
        "ldr    r4, [r6, #44]\n"
        "adds   r5, r5, r4\n"
        "ldr    r4, [r6, #48]\n"
        "asrs   r5, r5, r4\n"
        "sxtb   r3, r5\n"
        "cmp    r3, r5\n"
        "bne    3f\n"
        "2:\n"
        "strb   r5, [r7]\n"
        "ldr    r3, [r6, #52]\n"
        "adds   r7, r7, r3\n"
        "ldr    r3, [r6, #56]\n"
        "adds   r0, r0, r3\n"
        "adds   r1, r1, r3\n"
        "adds   r2, r2, r3\n"
        "cmp    r7, r12\n"
        "bne    1b\n"
        "pop    {r4, r5, r6, r7}\n"
        "mov    r8, r4\n"
        "mov    r9, r5\n"
        "mov    r10, r6\n"
        "mov    r11, r7\n"
        "pop    {r4, r5, r6, r7, pc}\n"
        "3:\n" /* Limits to int8. */
        "asrs   r5, r5, #31\n"
        "movs   r3, #127\n"
        "eors   r5, r5, r3\n"
        "b      2b\n");
}

#else

TCK_SHARED void tck_depthwise_row_thumb1(const tck_uhalf *plane, int32_t pitch_bytes,
                                         int8_t *output, const tck_depthwise_row *r) {
    for (; output != r->end; output += r->step, plane += r->stride / 2) {
        int32_t sum = 0;
        for (int32_t tap = 0; tap < 9; ++tap) {
            sum += plane[tap / 3 * (pitch_bytes / 2) + tap % 3] * r->weights[tap];
        }
        const int32_t product = (sum * r->low >> TCK_SPLIT_BITS) + sum * r->high;
        *output = (int8_t)tck_ssat8((product + r->addend) >> r->shift);
    }
}

#endif

TCK_INLINE int32_t tck_depthwise_word_thumb1(const int8_t *from) {
    uint32_t word = 0;
    for (int32_t byte = 3; byte >= 0; --byte) {
        word = word << 8 | (uint8_t)from[byte];
    }
    return (int32_t)word;
}

static void tck_depthwise_band_thumb1(const tck_depthwise_planes_s8_params *p,
                                      const tck_half *plane, int32_t channel, int32_t rows,
                                      int8_t *output, int32_t *scratch) {
    const int8_t *const from = p->weights + channel * TCK_DEPTHWISE_THUMB1_BYTES;
    const int32_t multiplier = tck_depthwise_word_thumb1(from + 10);
    const int32_t channels = p->input_channels * p->depth_multiplier;
    tck_depthwise_row row;
    (void)scratch;
    for (int32_t tap = 0; tap < 9; ++tap) {
        row.weights[tap] = from[tap];
    }
    row.low = multiplier & ((1 << TCK_SPLIT_BITS) - 1);
    row.high = multiplier >> TCK_SPLIT_BITS;
    row.addend = tck_depthwise_word_thumb1(from + 14);
    row.shift = from[9];
    row.step = channels;
    row.stride = 2 * p->stride_width;
    for (; rows > 0; --rows) {
        row.end = output + p->output_width * channels;
        tck_depthwise_row_thumb1((const tck_uhalf *)plane, 2 * p->pitch, output, &row);
        output = row.end;
        plane += p->stride_height * p->pitch;
    }
}

TCK_KERNEL void tck_depthwise_3x3_s8_thumb1(const tck_depthwise_planes_s8_params *p,
                                            const int8_t *input, int8_t *output, int32_t *scratch) {
    tck_depthwise_planes(p, input, output, scratch, tck_depthwise_band_thumb1,
                         tck_depthwise_gather_with_offset);
}

#endif
