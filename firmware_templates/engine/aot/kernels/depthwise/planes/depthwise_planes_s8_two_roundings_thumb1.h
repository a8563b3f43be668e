/* DEPTHWISE_CONV_2D on int8 for Thumb-1 cores, filters of up to 16 columns, requantised with two
 * roundings. Weights are widened to words in scratch memory, each row of them from its end. */
#ifndef TCK_DEPTHWISE_PLANES_S8_TWO_ROUNDINGS_THUMB1_H
#define TCK_DEPTHWISE_PLANES_S8_TWO_ROUNDINGS_THUMB1_H

#include "depthwise_planes_s8_plain.h"

/* What a row of outputs needs; the assembly knows the offsets. */
typedef struct {
    const tck_uhalf *plane;
    const int32_t *weights; /* 4 */
    int32_t width;          /* 8: of the filter */
    int32_t height;         /* 12 */
    int32_t pitch;          /* 16: bytes */
    int32_t stride;         /* 20: bytes between inputs */
    int32_t bias;           /* 24 */
    int32_t low;            /* 28: halves of the multiplier */
    int32_t high;           /* 32 */
    int32_t addend;         /* 36 */
    int32_t shift;          /* 40 */
    int32_t step;           /* 44: bytes between outputs */
    int8_t *output;         /* 48 */
    int8_t *end;            /* 52 */
} tck_depthwise_any_row;

/* One row of outputs, at least one. */
#if TCK_THUMB1

#define TCK_DEPTHWISE_ANY_TAP(offset)                                                              \
    TCK_CODE_BYTES("8", "ldrh   r3, [r0, #" offset "]\n"                                           \
                        "ldmia  r1!, {r4}\n"                                                       \
                        "muls   r3, r4, r3\n"                                                      \
                        "adds   r5, r5, r3\n")
#define TCK_DEPTHWISE_ANY_4(a, b, c, d)                                                            \
    TCK_DEPTHWISE_ANY_TAP(a)                                                                       \
    TCK_DEPTHWISE_ANY_TAP(b) TCK_DEPTHWISE_ANY_TAP(c) TCK_DEPTHWISE_ANY_TAP(d)

/* r8: where to enter the 16 taps; r9: inputs of an output; r10: the output; r11: pitch. */
TCK_NAKED void tck_depthwise_any_row_thumb1(const tck_depthwise_any_row *r
                                            __attribute__((unused))) {
    __asm__ volatile(
        ".syntax unified\n"
        "push   {r4, r5, r6, r7, lr}\n"
        "mov    r4, r8\n"
        "mov    r5, r9\n"
        "mov    r6, r10\n"
        "mov    r7, r11\n"
        "push   {r4, r5, r6, r7}\n"
        "movs   r6, r0\n"
        "ldr    r3, [r6, #8]\n"
        "movs   r4, #16\n"
        "subs   r4, r4, r3\n"
        "lsls   r4, r4, #3\n"
        "adr    r3, 3f\n"
        "adds   r3, r3, r4\n"
        "mov    r8, r3\n"
        "ldr    r3, [r6, #0]\n"
        "mov    r9, r3\n"
        "ldr    r3, [r6, #48]\n"
        "mov    r10, r3\n"
        "ldr    r3, [r6, #16]\n"
        "mov    r11, r3\n"
        "ldr    r3, [r6, #20]\n"
        "mov    r12, r3\n"
        "1:\n"
        "mov    r0, r9\n"
        "ldr    r1, [r6, #4]\n"
        "ldr    r2, [r6, #12]\n"
        "ldr    r5, [r6, #24]\n"
        "2:\n"
        "mov    pc, r8\n"
        ".p2align 2\n"
        "3:\n" /**/
        TCK_DEPTHWISE_ANY_4("30", "28", "26", "24") TCK_DEPTHWISE_ANY_4("22", "20", "18", "16")
            TCK_DEPTHWISE_ANY_4("14", "12", "10", "8") TCK_DEPTHWISE_ANY_4("6", "4", "2", "0") /**/
        "add    r0, r11\n"
        "subs   r2, r2, #1\n"
        "bne    2b\n"
        "ldr    r0, [r6, #28]\n" /* As tck_multiply_halves. */
        "ldr    r1, [r6, #32]\n"
        "uxth   r3, r5\n"
        "asrs   r5, r5, #16\n"
        "movs   r4, r3\n"
        "muls   r4, r0, r4\n"
        "lsrs   r4, r4, #16\n"
        "muls   r0, r5, r0\n"
        "adds   r4, r4, r0\n"
        "muls   r3, r1, r3\n"
        "muls   r5, r1, r5\n"
        "uxth   r0, r4\n"
        "adds   r3, r3, r0\n"
        "asrs   r4, r4, #16\n"
        "adds   r5, r5, r4\n"
        "movs   r4, #1\n" /* Doubled, to nearest; then the rounding shift. */
        "lsls   r4, r4, #14\n"
        "adds   r3, r3, r4\n"
        "lsrs   r3, r3, #15\n"
        "lsls   r5, r5, #1\n"
        "adds   r5, r5, r3\n"
        "asrs   r3, r5, #31\n"
        "adds   r5, r5, r3\n"
        "ldr    r3, [r6, #36]\n"
        "adds   r5, r5, r3\n"
        "ldr    r3, [r6, #40]\n"
        "asrs   r5, r5, r3\n"
        "sxtb   r3, r5\n"
        "cmp    r3, r5\n"
        "beq    4f\n"
        "asrs   r5, r5, #31\n"
        "movs   r3, #127\n"
        "eors   r5, r5, r3\n"
        "4:\n"
        "mov    r4, r10\n"
        "strb   r5, [r4, #0]\n"
        "ldr    r3, [r6, #44]\n"
        "add    r9, r12\n"
        "add    r10, r3\n"
        "ldr    r3, [r6, #52]\n"
        "cmp    r10, r3\n"
        "beq    5f\n"
        "b      1b\n"
        "5:\n"
        "pop    {r4, r5, r6, r7}\n"
        "mov    r8, r4\n"
        "mov    r9, r5\n"
        "mov    r10, r6\n"
        "mov    r11, r7\n"
        "pop    {r4, r5, r6, r7, pc}\n");
}

#else

TCK_SHARED void tck_depthwise_any_row_thumb1(const tck_depthwise_any_row *r) {
    const int32_t multiplier = tck_shift_left_wrap(r->high, 16) | r->low;
    const tck_depthwise_scaling scaling = {r->bias, multiplier, r->addend, r->shift};
    const tck_uhalf *plane = r->plane;
    for (int8_t *output = r->output; output != r->end; output += r->step) {
        const int32_t *weights = r->weights;
        int32_t sum = r->bias;
        for (int32_t row = 0; row < r->height; ++row) {
            for (int32_t column = r->width - 1; column >= 0; --column) {
                sum += plane[row * (r->pitch / 2) + column] * *weights++;
            }
        }
        *output = tck_depthwise_scaled(scaling, sum, 0);
        plane += r->stride / 2;
    }
}

#endif

static void tck_depthwise_two_roundings_thumb1_band(const tck_depthwise_planes_s8_params *p,
                                                    const tck_half *plane, int32_t channel,
                                                    int32_t rows, int8_t *output,
                                                    int32_t *scratch) {
    const tck_depthwise_scaling scaling = tck_depthwise_scaling_of(p, channel, 0);
    const int32_t width = p->filter_width, height = p->filter_height;
    const int32_t channels = p->input_channels * p->depth_multiplier;
    const int8_t *from = p->weights + channel * height * width;
    int32_t *to = scratch;
    for (int32_t row = 0; row < height; ++row, from += width) {
        for (int32_t column = width; column > 0; --column) {
            *to++ = from[column - 1];
        }
    }
    tck_depthwise_any_row row = {(const tck_uhalf *)plane,
                                 scratch,
                                 width,
                                 height,
                                 2 * p->pitch,
                                 2 * p->stride_width,
                                 scaling.bias,
                                 scaling.multiplier & 0xFFFF,
                                 scaling.multiplier >> 16,
                                 scaling.addend,
                                 scaling.shift,
                                 channels,
                                 output,
                                 output};
    for (; rows > 0; --rows) {
        row.end = row.output + p->output_width * channels;
        tck_depthwise_any_row_thumb1(&row);
        row.output = row.end;
        row.plane += p->stride_height * p->pitch;
    }
}

TCK_KERNEL void
tck_depthwise_planes_s8_two_roundings_thumb1(const tck_depthwise_planes_s8_params *p,
                                             const int8_t *input, int8_t *output,
                                             int32_t *scratch) {
    tck_depthwise_planes(p, input, output, scratch, tck_depthwise_two_roundings_thumb1_band,
                         tck_depthwise_gather_with_offset);
}

#endif
