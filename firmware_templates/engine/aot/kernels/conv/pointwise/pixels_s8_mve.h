/* Matrix products on int8 for cores with MVE: two pixels by four channels at a time, or one pixel.
 *
 * A stream has for every four output channels what the code reads, in that order:
 *     four biases, then for every 16 inputs 16 weights of each channel, zeros behind the last, then
 *     four multipliers, and an int16_t for each: the addend of a fitted line, or minus the right
 *     shift of two roundings.
 * VMLADAVA adds 16 products to a sum in an even register, so that eight sums, two pointers to
 * inputs, one to the stream, two to outputs and a counter are all registers that there are. */
#ifndef TCK_PIXELS_S8_MVE_H
#define TCK_PIXELS_S8_MVE_H

#include "../../../tck_mve.h"

/* The assembly copies all but the last three words to its stack and reads them there. */
typedef struct {
    int32_t chunks;       /* of 16 inputs each, the last one excepted if tail is not 0 */
    const int8_t *first;  /* inputs of the first pixel */
    const int8_t *second; /* and of the next one */
    int32_t tail;         /* inputs in the last chunk if they are fewer than 16, else 0 */
    const uint32_t *stream_end;
    int32_t minus_fraction_bits; /* of fitted lines */
    const uint32_t *stream;
    int8_t *output;
    int32_t steps;  /* how many times two pixels, or one, are computed; 1 or more */
    int32_t inputs; /* bytes from one pixel to the next */
    int32_t outputs;
    int32_t clamp_min;
    int32_t clamp_max;
    int32_t zero_point; /* of the output, for two roundings */
} tck_pixels_s8_mve_work;

/* Computes all channels of a stream for all pixels. What is left of the inputs of the pixels at
 * hand must not lie in what has been written. */
typedef void (*tck_pixels_s8_mve)(const tck_pixels_s8_mve_work *work);

#if TCK_MVE

#define TCK_MVE_ENTER                                                                              \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "vpush  {d8, d9, d10, d11, d12, d13, d14, d15}\n"                                              \
    "sub    sp, sp, #44\n"                                                                         \
    "ldmia  r0!, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}\n"                                 \
    "stmia  sp, {r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}\n"                                  \
    "ldmia  r0, {r1, r2, r3}\n"                                                                    \
    "vdup.32 q6, r1\n"                                                                             \
    "vdup.32 q7, r2\n"                                                                             \
    "vdup.32 q4, r3\n"

#define TCK_MVE_LEAVE                                                                              \
    "add    sp, sp, #44\n"                                                                         \
    "vpop   {d8, d9, d10, d11, d12, d13, d14, d15}\n"                                              \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

/* Sums r0, r2, r4, r6 of the first pixel and r8, r10, r12, lr of the second take 16 products each:
 * inputs q2 and q3, stream r1. */
#define TCK_MVE_PRODUCTS_2                                                                         \
    "vldrb.8 q0, [r1], #64\n"                                                                      \
    "vmladava.s8 r0, q0, q2\n"                                                                     \
    "vldrb.8 q1, [r1, #-48]\n"                                                                     \
    "vmladava.s8 r8, q0, q3\n"                                                                     \
    "vldrb.8 q0, [r1, #-32]\n"                                                                     \
    "vmladava.s8 r2, q1, q2\n"                                                                     \
    "vmladava.s8 r10, q1, q3\n"                                                                    \
    "vldrb.8 q1, [r1, #-16]\n"                                                                     \
    "vmladava.s8 r4, q0, q2\n"                                                                     \
    "vmladava.s8 r12, q0, q3\n"                                                                    \
    "vmladava.s8 r6, q1, q2\n"                                                                     \
    "vmladava.s8 lr, q1, q3\n"

#define TCK_MVE_PRODUCTS_1                                                                         \
    "vldrb.8 q0, [r1], #64\n"                                                                      \
    "vmladava.s8 r0, q0, q2\n"                                                                     \
    "vldrb.8 q1, [r1, #-48]\n"                                                                     \
    "vmladava.s8 r2, q1, q2\n"                                                                     \
    "vldrb.8 q0, [r1, #-32]\n"                                                                     \
    "vmladava.s8 r4, q0, q2\n"                                                                     \
    "vldrb.8 q1, [r1, #-16]\n"                                                                     \
    "vmladava.s8 r6, q1, q2\n"

/* r7 has the number of whole chunks, which may be 0 before a tail. */
#define TCK_MVE_CHUNKS_2                                                                           \
    "3:\n"                                                                                         \
    "vldrb.8 q2, [r9], #16\n"                                                                      \
    "vldrb.8 q3, [r11], #16\n" TCK_MVE_PRODUCTS_2 "subs   r7, r7, #1\n"                            \
    "bne    3b\n"

#define TCK_MVE_CHUNKS_1                                                                           \
    "dls    lr, r7\n"                                                                              \
    "3:\n"                                                                                         \
    "vldrb.8 q2, [r9], #16\n" TCK_MVE_PRODUCTS_1 "le     lr, 3b\n"

#define TCK_MVE_TAIL_2                                                                             \
    "4:\n"                                                                                         \
    "ldr    r7, [sp, #12]\n"                                                                       \
    "vctp.8 r7\n"                                                                                  \
    "vpstt\n"                                                                                      \
    "vldrbt.8 q2, [r9]\n"                                                                          \
    "vldrbt.8 q3, [r11]\n" TCK_MVE_PRODUCTS_2

#define TCK_MVE_TAIL_1                                                                             \
    "4:\n"                                                                                         \
    "ldr    r7, [sp, #12]\n"                                                                       \
    "vctp.8 r7\n"                                                                                  \
    "vpst\n"                                                                                       \
    "vldrbt.8 q2, [r9]\n" TCK_MVE_PRODUCTS_1

/* Requantise q0, or q0 and q1; q2 multipliers, q3 addends or shifts, r2 minus the fraction bits. */
#define TCK_MVE_FITTED_1                                                                           \
    "vmulh.s32 q0, q0, q2\n"                                                                       \
    "vadd.i32 q0, q0, q3\n"                                                                        \
    "vshl.s32 q0, r2\n"

#define TCK_MVE_FITTED_2                                                                           \
    "vmulh.s32 q0, q0, q2\n"                                                                       \
    "vmulh.s32 q1, q1, q2\n"                                                                       \
    "vadd.i32 q0, q0, q3\n"                                                                        \
    "vadd.i32 q1, q1, q3\n"                                                                        \
    "vshl.s32 q0, r2\n"                                                                            \
    "vshl.s32 q1, r2\n"

#define TCK_MVE_DOUBLE_1                                                                           \
    "vqrdmulh.s32 q0, q0, q2\n"                                                                    \
    "vshr.s32 q2, q0, #31\n"                                                                       \
    "vadd.i32 q0, q0, q2\n"                                                                        \
    "vrshl.s32 q0, q0, q3\n"                                                                       \
    "vadd.i32 q0, q0, q4\n"

#define TCK_MVE_DOUBLE_2                                                                           \
    "vqrdmulh.s32 q0, q0, q2\n"                                                                    \
    "vqrdmulh.s32 q1, q1, q2\n"                                                                    \
    "vshr.s32 q2, q0, #31\n"                                                                       \
    "vshr.s32 q5, q1, #31\n"                                                                       \
    "vadd.i32 q0, q0, q2\n"                                                                        \
    "vadd.i32 q1, q1, q5\n"                                                                        \
    "vrshl.s32 q0, q0, q3\n"                                                                       \
    "vrshl.s32 q1, q1, q3\n"                                                                       \
    "vadd.i32 q0, q0, q4\n"                                                                        \
    "vadd.i32 q1, q1, q4\n"

/* All pixels by twos: r3 and r5 are where the outputs of either go. */
#define TCK_MVE_PIXELS_2(skip, tail, requantise)                                                   \
    TCK_MVE_ENTER                                                                                  \
    "1:\n"                                                                                         \
    "ldrd   r1, r3, [sp, #24]\n"                                                                   \
    "ldr    r5, [sp, #40]\n"                                                                       \
    "add    r5, r5, r3\n"                                                                          \
    "2:\n"                                                                                         \
    "ldmia  r1, {r0, r2, r4, r6}\n"                                                                \
    "ldmia  r1!, {r8, r10, r12, lr}\n"                                                             \
    "ldmia  sp, {r7, r9, r11}\n" skip TCK_MVE_CHUNKS_2 tail "vmov   q0[2], q0[0], r0, r4\n"        \
    "vmov   q1[2], q1[0], r8, r12\n"                                                               \
    "vmov   q0[3], q0[1], r2, r6\n"                                                                \
    "vmov   q1[3], q1[1], r10, lr\n"                                                               \
    "vldrw.32 q2, [r1], #16\n"                                                                     \
    "ldrd   r0, r2, [sp, #16]\n"                                                                   \
    "vldrh.s32 q3, [r1], #8\n" requantise "cmp    r1, r0\n"                                        \
    "vmax.s32 q0, q0, q6\n"                                                                        \
    "vmax.s32 q1, q1, q6\n"                                                                        \
    "vmin.s32 q0, q0, q7\n"                                                                        \
    "vstrb.32 q0, [r3], #4\n"                                                                      \
    "vmin.s32 q1, q1, q7\n"                                                                        \
    "vstrb.32 q1, [r5], #4\n"                                                                      \
    "bne    2b\n"                                                                                  \
    "ldrd   r2, r4, [sp, #4]\n"                                                                    \
    "ldrd   r0, r6, [sp, #36]\n"                                                                   \
    "add    r2, r2, r0, lsl #1\n"                                                                  \
    "add    r4, r4, r0, lsl #1\n"                                                                  \
    "strd   r2, r4, [sp, #4]\n"                                                                    \
    "ldrd   r0, r2, [sp, #28]\n"                                                                   \
    "add    r0, r0, r6, lsl #1\n"                                                                  \
    "subs   r2, r2, #1\n"                                                                          \
    "strd   r0, r2, [sp, #28]\n"                                                                   \
    "bne    1b\n" TCK_MVE_LEAVE

#define TCK_MVE_PIXELS_1(skip, tail, requantise)                                                   \
    TCK_MVE_ENTER                                                                                  \
    "1:\n"                                                                                         \
    "ldrd   r1, r3, [sp, #24]\n"                                                                   \
    "2:\n"                                                                                         \
    "ldmia  r1!, {r0, r2, r4, r6}\n"                                                               \
    "ldrd   r7, r9, [sp]\n" skip TCK_MVE_CHUNKS_1 tail "vmov   q0[2], q0[0], r0, r4\n"             \
    "vmov   q0[3], q0[1], r2, r6\n"                                                                \
    "vldrw.32 q2, [r1], #16\n"                                                                     \
    "ldrd   r0, r2, [sp, #16]\n"                                                                   \
    "vldrh.s32 q3, [r1], #8\n" requantise "vmax.s32 q0, q0, q6\n"                                  \
    "cmp    r1, r0\n"                                                                              \
    "vmin.s32 q0, q0, q7\n"                                                                        \
    "vstrb.32 q0, [r3], #4\n"                                                                      \
    "bne    2b\n"                                                                                  \
    "ldr    r2, [sp, #4]\n"                                                                        \
    "ldrd   r0, r6, [sp, #36]\n"                                                                   \
    "add    r2, r2, r0\n"                                                                          \
    "str    r2, [sp, #4]\n"                                                                        \
    "ldrd   r0, r2, [sp, #28]\n"                                                                   \
    "add    r0, r0, r6\n"                                                                          \
    "subs   r2, r2, #1\n"                                                                          \
    "strd   r0, r2, [sp, #28]\n"                                                                   \
    "bne    1b\n" TCK_MVE_LEAVE

#define TCK_MVE_FUNCTION(name, text)                                                               \
    TCK_NAKED void name(const tck_pixels_s8_mve_work *work __attribute__((unused))) {              \
        __asm__ volatile(text);                                                                    \
    }

TCK_MVE_FUNCTION(tck_pixels_2_fitted_mve, TCK_MVE_PIXELS_2("", "", TCK_MVE_FITTED_2))
TCK_MVE_FUNCTION(tck_pixels_1_fitted_mve, TCK_MVE_PIXELS_1("", "", TCK_MVE_FITTED_1))
TCK_MVE_FUNCTION(tck_pixels_2_two_roundings_mve, TCK_MVE_PIXELS_2("", "", TCK_MVE_DOUBLE_2))
TCK_MVE_FUNCTION(tck_pixels_1_two_roundings_mve, TCK_MVE_PIXELS_1("", "", TCK_MVE_DOUBLE_1))
TCK_MVE_FUNCTION(tck_pixels_2_fitted_tail_mve,
                 TCK_MVE_PIXELS_2("cbz r7, 4f\n", TCK_MVE_TAIL_2, TCK_MVE_FITTED_2))
TCK_MVE_FUNCTION(tck_pixels_1_fitted_tail_mve,
                 TCK_MVE_PIXELS_1("cbz r7, 4f\n", TCK_MVE_TAIL_1, TCK_MVE_FITTED_1))
TCK_MVE_FUNCTION(tck_pixels_2_two_roundings_tail_mve,
                 TCK_MVE_PIXELS_2("cbz r7, 4f\n", TCK_MVE_TAIL_2, TCK_MVE_DOUBLE_2))
TCK_MVE_FUNCTION(tck_pixels_1_two_roundings_tail_mve,
                 TCK_MVE_PIXELS_1("cbz r7, 4f\n", TCK_MVE_TAIL_1, TCK_MVE_DOUBLE_1))

#undef TCK_MVE_FUNCTION

#else

/* Four channels of one pixel; returns what follows in the stream. */
static const uint32_t *tck_pixels_four_mve(const tck_pixels_s8_mve_work *w, const int8_t *input,
                                           const uint32_t *stream, int8_t *output, int32_t fitted) {
    const int32_t inputs = w->chunks * TCK_MVE_BYTES + w->tail;
    const int32_t chunks = w->chunks + (w->tail != 0 ? 1 : 0);
    const int8_t *const weights = (const int8_t *)(stream + 4);
    const uint32_t *const multipliers = stream + 4 + chunks * TCK_MVE_BYTES;
    const int16_t *const extras = (const int16_t *)(const void *)(multipliers + 4);
    for (int32_t c = 0; c < 4; ++c) {
        int32_t sum = (int32_t)stream[c];
        for (int32_t i = 0; i < inputs; ++i) {
            const int32_t chunk = i / TCK_MVE_BYTES, lane = i % TCK_MVE_BYTES;
            const int32_t weight = weights[(chunk * 4 + c) * TCK_MVE_BYTES + lane];
            sum = tck_add_wrap(sum, weight * input[i]);
        }
        const int32_t multiplier = (int32_t)multipliers[c];
        const int32_t y =
            fitted ? tck_fitted_lane_mve(sum, multiplier, extras[c], -w->minus_fraction_bits)
                   : tck_two_roundings_lane_mve(sum, multiplier, -extras[c]) + w->zero_point;
        output[c] = (int8_t)tck_clamp(y, w->clamp_min, w->clamp_max);
    }
    return multipliers + 6;
}

/* The outputs of both pixels are written after the inputs of both were read. */
static void tck_pixels_mve(const tck_pixels_s8_mve_work *w, int32_t at_once, int32_t fitted) {
    for (int32_t step = 0; step < w->steps; ++step) {
        const int32_t inputs = step * at_once * w->inputs;
        int8_t *output = w->output + step * at_once * w->outputs;
        const uint32_t *stream = w->stream;
        while (stream != w->stream_end) {
            int8_t first[4], second[4];
            const uint32_t *const next =
                tck_pixels_four_mve(w, w->first + inputs, stream, first, fitted);
            if (at_once == 2) {
                (void)tck_pixels_four_mve(w, w->second + inputs, stream, second, fitted);
            }
            for (int32_t c = 0; c < 4; ++c) {
                output[c] = first[c];
                if (at_once == 2) {
                    output[w->outputs + c] = second[c];
                }
            }
            stream = next;
            output += 4;
        }
    }
}

#define TCK_MVE_FUNCTION(name, at_once, fitted)                                                    \
    static __attribute__((unused)) void name(const tck_pixels_s8_mve_work *work) {                 \
        tck_pixels_mve(work, at_once, fitted);                                                     \
    }

TCK_MVE_FUNCTION(tck_pixels_2_fitted_mve, 2, 1)
TCK_MVE_FUNCTION(tck_pixels_1_fitted_mve, 1, 1)
TCK_MVE_FUNCTION(tck_pixels_2_two_roundings_mve, 2, 0)
TCK_MVE_FUNCTION(tck_pixels_1_two_roundings_mve, 1, 0)
TCK_MVE_FUNCTION(tck_pixels_2_fitted_tail_mve, 2, 1)
TCK_MVE_FUNCTION(tck_pixels_1_fitted_tail_mve, 1, 1)
TCK_MVE_FUNCTION(tck_pixels_2_two_roundings_tail_mve, 2, 0)
TCK_MVE_FUNCTION(tck_pixels_1_two_roundings_tail_mve, 1, 0)

#undef TCK_MVE_FUNCTION

#endif

/* How a layer's sums become outputs, and how many inputs are in the last chunk. */
typedef struct {
    tck_pixels_s8_mve twos;
    tck_pixels_s8_mve ones;
} tck_pixels_pair_mve;

TCK_INLINE tck_pixels_pair_mve tck_pixels_by_mve(int32_t fitted, int32_t tail) {
    const tck_pixels_pair_mve of_fitted = {tck_pixels_2_fitted_mve, tck_pixels_1_fitted_mve};
    const tck_pixels_pair_mve of_two_roundings = {tck_pixels_2_two_roundings_mve,
                                                  tck_pixels_1_two_roundings_mve};
    const tck_pixels_pair_mve of_fitted_tail = {tck_pixels_2_fitted_tail_mve,
                                                tck_pixels_1_fitted_tail_mve};
    const tck_pixels_pair_mve of_two_roundings_tail = {tck_pixels_2_two_roundings_tail_mve,
                                                       tck_pixels_1_two_roundings_tail_mve};
    if (tail) {
        return fitted ? of_fitted_tail : of_two_roundings_tail;
    }
    return fitted ? of_fitted : of_two_roundings;
}

#endif
