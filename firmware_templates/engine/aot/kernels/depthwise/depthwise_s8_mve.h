/* DEPTHWISE_CONV_2D on int8 for cores with MVE: 16 channels of a pixel at a time, or 8 channels of
 * two pixels.
 *
 * Channels are taken in blocks of 16; where they are no whole blocks the last has some that come
 * before. A band of a block's rows is copied to a buffer whose pixels are 16 (or 8) bytes, zero
 * points around it, so that every tap of every output lies at the same distance from its first.
 *
 * A stream has for every block what the code reads, in that order:
 *     16 biases, then for every tap 16 weights, a zero for each if taps are odd, then four times
 *     four multipliers and an int16_t for each: the addend of a fitted line, or minus the right
 *     shift of two roundings.
 * VMULLB and VMULLT multiply even and odd channels, and VMOVLB and VMOVLT widen every other of
 * these, so that biases and multipliers come in the order of their channels in the sums:
 * 0, 4, 8, 12; 2, 6, 10, 14; 1, 5, 9, 13; 3, 7, 11, 15. The products of two taps are added in 16
 * bits: the host makes sure that their weights leave room for that. */
#ifndef TCK_DEPTHWISE_S8_MVE_H
#define TCK_DEPTHWISE_S8_MVE_H

#include "../../tck_mve.h"
#include "../common/clamp_s8.h"

typedef struct {
    int32_t buffer_bytes;
    const int32_t *offsets; /* [2 * pairs] of the taps from their first, in bytes of the buffer */
    const uint32_t *stream;
    int32_t block_words; /* of the stream, for one block */
    uint16_t batches;
    uint16_t input_height;
    uint16_t input_width;
    uint16_t input_channels; /* 16 or more, or 8 */
    uint16_t output_height;
    uint16_t output_width; /* 2 or more where channels are 8 */
    uint16_t filter_height;
    uint16_t filter_width;
    uint16_t stride_height;
    uint16_t stride_width; /* 1 where channels are 8 */
    int16_t pad_top;
    int16_t pad_left;
    uint16_t buffer_width;    /* pixels in a row */
    uint16_t used_width;      /* input columns that some output needs */
    uint16_t band_height;     /* output rows that are computed from one filling of the buffer */
    uint16_t pairs;           /* of taps */
    int8_t zero_point;        /* of the input */
    int8_t output_zero_point; /* for two roundings */
    uint8_t fraction_bits;    /* of fitted lines */
    int8_t clamp_min;
    int8_t clamp_max;
    uint8_t pixel_bytes; /* of the buffer, 16 or 8 */
} tck_depthwise_s8_mve_params;

/* A band of one block, or of a part of its columns. */
typedef struct {
    const int8_t *base; /* the first output's first tap */
    int8_t *output;
    const uint32_t *stream;
    const int32_t *offsets;
    int32_t pairs;
    int32_t base_step; /* bytes of the buffer from one vector of outputs to the next */
    int32_t pitch;     /* from one row of the buffer to the next */
    int32_t output_step;
    int32_t constant; /* minus the fraction bits of fitted lines, or the output's zero point */
    int32_t steps;    /* vectors of outputs in a row; 1 or more */
    int32_t rows;     /* 1 or more; the assembly counts it down */
    int32_t row_advance;
    int32_t output_advance;
} tck_depthwise_s8_mve_work;

typedef void (*tck_depthwise_band_mve)(tck_depthwise_s8_mve_work *work);

#if TCK_MVE

/* r0 base, r1 output, r2 stream, r6 its begin, r7 offsets, r8 pairs, r9 steps, r10 what the taps
 * want, r11 output step, r12 constant. */
#define TCK_DEPTHWISE_ENTER(r10)                                                                   \
    "push   {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                              \
    "vpush  {d8, d9, d10, d11, d12, d13, d14, d15}\n"                                              \
    "push   {r0}\n"                                                                                \
    "ldrd   r1, r6, [r0, #4]\n"                                                                    \
    "ldrd   r7, r8, [r0, #12]\n"                                                                   \
    "ldr    r10, [r0, #" r10 "]\n"                                                                 \
    "ldrd   r11, r12, [r0, #28]\n"                                                                 \
    "ldr    r9, [r0, #36]\n"                                                                       \
    "ldr    r0, [r0]\n"

#define TCK_DEPTHWISE_LEAVE                                                                        \
    "add    sp, sp, #4\n"                                                                          \
    "vpop   {d8, d9, d10, d11, d12, d13, d14, d15}\n"                                              \
    "pop    {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"

/* Adds the sums of 16 bits in q6 and q7 to those of 32. */
#define TCK_DEPTHWISE_WIDEN                                                                        \
    "vmovlb.s16 q4, q6\n"                                                                          \
    "vadd.i32 q0, q0, q4\n"                                                                        \
    "vmovlt.s16 q4, q6\n"                                                                          \
    "vadd.i32 q1, q1, q4\n"                                                                        \
    "vmovlb.s16 q4, q7\n"                                                                          \
    "vadd.i32 q2, q2, q4\n"                                                                        \
    "vmovlt.s16 q4, q7\n"                                                                          \
    "vadd.i32 q3, q3, q4\n"

/* Two taps at addresses; no register is left for the second one's weights. */
#define TCK_DEPTHWISE_PAIR(first, second)                                                          \
    "vldrb.8 q4, " first "\n"                                                                      \
    "vldrb.8 q5, [r2], #32\n"                                                                      \
    "vmullb.s8 q6, q4, q5\n"                                                                       \
    "vmullt.s8 q7, q4, q5\n"                                                                       \
    "vldrb.8 q4, " second "\n"                                                                     \
    "vldrb.8 q5, [r2, #-16]\n"                                                                     \
    "vmullt.s8 q5, q4, q5\n"                                                                       \
    "vadd.i16 q7, q7, q5\n"                                                                        \
    "vldrb.8 q5, [r2, #-16]\n"                                                                     \
    "vmullb.s8 q5, q4, q5\n"                                                                       \
    "vadd.i16 q6, q6, q5\n" TCK_DEPTHWISE_WIDEN

/* The weights of no tap follow. */
#define TCK_DEPTHWISE_SINGLE(only)                                                                 \
    "vldrb.8 q4, " only "\n"                                                                       \
    "vldrb.8 q5, [r2], #32\n"                                                                      \
    "vmullb.s8 q6, q4, q5\n"                                                                       \
    "vmullt.s8 q7, q4, q5\n" TCK_DEPTHWISE_WIDEN

#define TCK_DEPTHWISE_TAPS                                                                         \
    "mov    r3, r7\n"                                                                              \
    "dls    lr, r8\n"                                                                              \
    "3:\n"                                                                                         \
    "ldrd   r4, r5, [r3], #8\n"                                                                    \
    "add    r4, r4, r0\n"                                                                          \
    "add    r5, r5, r0\n" TCK_DEPTHWISE_PAIR("[r4]", "[r5]") "le     lr, 3b\n"                     \
                                                             "add    r0, r0, r10\n"

/* Rows at r0, r3 and r4: pixels of `one` bytes, `two` their double, `step` to the next outputs. */
#define TCK_DEPTHWISE_TAPS_3X3(one, two, step)                                                     \
    TCK_DEPTHWISE_PAIR("[r0, #" one "]", "[r0, #" two "]")                                         \
    TCK_DEPTHWISE_PAIR("[r0], #" step, "[r3, #" one "]")                                           \
    TCK_DEPTHWISE_PAIR("[r3, #" two "]", "[r3], #" step)                                           \
    TCK_DEPTHWISE_PAIR("[r4, #" one "]", "[r4, #" two "]")                                         \
    TCK_DEPTHWISE_SINGLE("[r4], #" step)

#define TCK_DEPTHWISE_ROWS_3X3                                                                     \
    "add    r3, r0, r10\n"                                                                         \
    "add    r4, r3, r10\n"

#define TCK_DEPTHWISE_FITTED(sums)                                                                 \
    "vldrw.32 q4, [r2], #16\n"                                                                     \
    "vmulh.s32 " sums ", " sums ", q4\n"                                                           \
    "vldrh.s32 q5, [r2], #8\n"                                                                     \
    "vadd.i32 " sums ", " sums ", q5\n"                                                            \
    "vshl.s32 " sums ", r12\n"

#define TCK_DEPTHWISE_DOUBLE(sums)                                                                 \
    "vldrw.32 q4, [r2], #16\n"                                                                     \
    "vqrdmulh.s32 " sums ", " sums ", q4\n"                                                        \
    "vldrh.s32 q5, [r2], #8\n"                                                                     \
    "vshr.s32 q4, " sums ", #31\n"                                                                 \
    "vadd.i32 " sums ", " sums ", q4\n"                                                            \
    "vrshl.s32 " sums ", " sums ", q5\n"

/* To int16_t: even channels in q0, odd ones in q2. */
#define TCK_DEPTHWISE_NARROW                                                                       \
    "vqmovnb.s32 q0, q0\n"                                                                         \
    "vqmovnt.s32 q0, q1\n"                                                                         \
    "vqmovnb.s32 q2, q2\n"                                                                         \
    "vqmovnt.s32 q2, q3\n"

#define TCK_DEPTHWISE_ALL_FITTED                                                                   \
    TCK_DEPTHWISE_FITTED("q0")                                                                     \
    TCK_DEPTHWISE_FITTED("q1")                                                                     \
    TCK_DEPTHWISE_FITTED("q2")                                                                     \
    TCK_DEPTHWISE_FITTED("q3")                                                                     \
    TCK_DEPTHWISE_NARROW

#define TCK_DEPTHWISE_ALL_TWO_ROUNDINGS                                                            \
    TCK_DEPTHWISE_DOUBLE("q0")                                                                     \
    TCK_DEPTHWISE_DOUBLE("q1")                                                                     \
    TCK_DEPTHWISE_DOUBLE("q2")                                                                     \
    TCK_DEPTHWISE_DOUBLE("q3")                                                                     \
    TCK_DEPTHWISE_NARROW                                                                           \
    "vqadd.s16 q0, q0, r12\n"                                                                      \
    "vqadd.s16 q2, q2, r12\n"

#define TCK_DEPTHWISE_BAND(r10, rows, taps, requantise)                                            \
    TCK_DEPTHWISE_ENTER(r10)                                                                       \
    "1:\n" rows "2:\n"                                                                             \
    "mov    r2, r6\n"                                                                              \
    "vldrw.32 q0, [r2], #16\n"                                                                     \
    "vldrw.32 q1, [r2], #16\n"                                                                     \
    "vldrw.32 q2, [r2], #16\n"                                                                     \
    "vldrw.32 q3, [r2], #16\n" taps requantise "vqmovnb.s16 q0, q0\n"                              \
    "vqmovnt.s16 q0, q2\n"                                                                         \
    "subs   r9, r9, #1\n"                                                                          \
    "vstrb.8 q0, [r1]\n"                                                                           \
    "add    r1, r1, r11\n"                                                                         \
    "bne    2b\n"                                                                                  \
    "ldr    r5, [sp]\n"                                                                            \
    "ldrd   r9, r2, [r5, #36]\n"                                                                   \
    "ldrd   r3, r4, [r5, #44]\n"                                                                   \
    "add    r0, r0, r3\n"                                                                          \
    "add    r1, r1, r4\n"                                                                          \
    "subs   r2, r2, #1\n"                                                                          \
    "str    r2, [r5, #40]\n"                                                                       \
    "bne    1b\n" TCK_DEPTHWISE_LEAVE

#define TCK_DEPTHWISE_FUNCTION(name, text)                                                         \
    TCK_NAKED void name(tck_depthwise_s8_mve_work *work __attribute__((unused))) {                 \
        __asm__ volatile(text);                                                                    \
    }

#define TCK_DEPTHWISE_FUNCTIONS(rounding, requantise)                                              \
    TCK_DEPTHWISE_FUNCTION(tck_depthwise_##rounding##_mve,                                         \
                           TCK_DEPTHWISE_BAND("20", "", TCK_DEPTHWISE_TAPS, requantise))           \
    TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_##rounding##_16_1_mve,                                \
                           TCK_DEPTHWISE_BAND("24", TCK_DEPTHWISE_ROWS_3X3,                        \
                                              TCK_DEPTHWISE_TAPS_3X3("16", "32", "16"),            \
                                              requantise))                                         \
    TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_##rounding##_16_2_mve,                                \
                           TCK_DEPTHWISE_BAND("24", TCK_DEPTHWISE_ROWS_3X3,                        \
                                              TCK_DEPTHWISE_TAPS_3X3("16", "32", "32"),            \
                                              requantise))                                         \
    TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_##rounding##_8_1_mve,                                 \
                           TCK_DEPTHWISE_BAND("24", TCK_DEPTHWISE_ROWS_3X3,                        \
                                              TCK_DEPTHWISE_TAPS_3X3("8", "16", "16"),             \
                                              requantise))

TCK_DEPTHWISE_FUNCTIONS(fitted, TCK_DEPTHWISE_ALL_FITTED)
TCK_DEPTHWISE_FUNCTIONS(two_roundings, TCK_DEPTHWISE_ALL_TWO_ROUNDINGS)

#undef TCK_DEPTHWISE_FUNCTIONS
#undef TCK_DEPTHWISE_FUNCTION

/* Copies 16 bytes of each of some pixels. */
TCK_INLINE void tck_copy_blocks_mve(int8_t *to, const int8_t *from, int32_t pixels, int32_t pitch) {
    __asm__ volatile("dls    lr, %2\n"
                     "1:\n"
                     "vldrb.8 q0, [%1]\n"
                     "add    %1, %1, %3\n"
                     "vstrb.8 q0, [%0], #16\n"
                     "le     lr, 1b\n"
                     : "+&r"(to), "+&r"(from)
                     : "r"(pixels), "r"(pitch)
                     : "lr", "q0", "memory");
}

#else

/* One vector of outputs. */
static void tck_depthwise_vector_mve(const tck_depthwise_s8_mve_work *w, const int8_t *base,
                                     int8_t *output, int32_t fitted) {
    const int8_t *const weights = (const int8_t *)(w->stream + TCK_MVE_BYTES);
    const uint32_t *const tables = w->stream + TCK_MVE_BYTES + 8 * w->pairs;
    for (int32_t lane = 0; lane < TCK_MVE_BYTES; ++lane) {
        /* Which of the four sums, and where in it. */
        const int32_t group = (lane & 2) / 2 + (lane & 1) * 2, place = lane / 4;
        int32_t sum = (int32_t)w->stream[4 * group + place];
        for (int32_t tap = 0; tap < 2 * w->pairs; ++tap) {
            sum += base[w->offsets[tap] + lane] * weights[TCK_MVE_BYTES * tap + lane];
        }
        const uint32_t *const table = tables + 6 * group;
        const int32_t multiplier = (int32_t)table[place];
        const int32_t extra = ((const int16_t *)(const void *)(table + 4))[place];
        const int32_t y = fitted
                              ? tck_fitted_lane_mve(sum, multiplier, extra, -w->constant)
                              : tck_two_roundings_lane_mve(sum, multiplier, -extra) + w->constant;
        output[lane] = (int8_t)tck_clamp(y, INT8_MIN, INT8_MAX);
    }
}

static void tck_depthwise_all_mve(const tck_depthwise_s8_mve_work *w, int32_t fitted) {
    const int8_t *base = w->base;
    int8_t *output = w->output;
    for (int32_t row = 0; row < w->rows; ++row) {
        for (int32_t step = 0; step < w->steps; ++step) {
            tck_depthwise_vector_mve(w, base + step * w->base_step, output, fitted);
            output += w->output_step;
        }
        base += w->steps * w->base_step + w->row_advance;
        output += w->output_advance;
    }
}

#define TCK_DEPTHWISE_FUNCTION(name, fitted)                                                       \
    static __attribute__((unused)) void name(tck_depthwise_s8_mve_work *work) {                    \
        tck_depthwise_all_mve(work, fitted);                                                       \
    }

TCK_DEPTHWISE_FUNCTION(tck_depthwise_fitted_mve, 1)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_two_roundings_mve, 0)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_fitted_16_1_mve, 1)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_two_roundings_16_1_mve, 0)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_fitted_16_2_mve, 1)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_two_roundings_16_2_mve, 0)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_fitted_8_1_mve, 1)
TCK_DEPTHWISE_FUNCTION(tck_depthwise_3x3_two_roundings_8_1_mve, 0)

#undef TCK_DEPTHWISE_FUNCTION

TCK_INLINE void tck_copy_blocks_mve(int8_t *to, const int8_t *from, int32_t pixels, int32_t pitch) {
    for (int32_t i = 0; i < pixels; ++i) {
        tck_copy_mve(to + TCK_MVE_BYTES * i, from + pitch * i, TCK_MVE_BYTES);
    }
}

#endif

/* A row of one block, or zero points where there is none. */
TCK_INLINE void tck_depthwise_load_mve(const tck_depthwise_s8_mve_params *p, int8_t *row,
                                       const int8_t *input, int32_t y) {
    if (y < 0 || y >= p->input_height) {
        tck_fill_mve(row, p->zero_point, p->buffer_width * p->pixel_bytes);
        return;
    }
    const int8_t *const from = input + y * p->input_width * p->input_channels;
    int8_t *const to = row + p->pad_left * p->pixel_bytes;
    if (p->input_channels == p->pixel_bytes) {
        tck_copy_mve(to, from, p->used_width * p->pixel_bytes);
    } else {
        tck_copy_blocks_mve(to, from, p->used_width, p->input_channels);
    }
}

/* All columns of a band; of an odd number of columns by twos, the last two once more. */
TCK_INLINE void tck_depthwise_columns_mve(const tck_depthwise_s8_mve_params *p,
                                          tck_depthwise_s8_mve_work *work, int32_t rows,
                                          const int8_t *buffer, int8_t *output,
                                          tck_depthwise_band_mve band) {
    const int32_t at_once = TCK_MVE_BYTES / p->pixel_bytes;
    const int32_t down = p->stride_height * work->pitch;
    work->base = buffer;
    work->output = output;
    work->rows = rows;
    work->steps = p->output_width / at_once;
    work->row_advance = down - work->steps * work->base_step;
    work->output_advance = p->output_width % at_once * p->input_channels;
    band(work);
    if (p->output_width % at_once != 0) {
        const int32_t last = p->output_width - at_once;
        work->base = buffer + last * p->pixel_bytes;
        work->output = output + last * p->input_channels;
        work->rows = rows;
        work->steps = 1;
        work->row_advance = down - work->base_step;
        work->output_advance = p->output_width * p->input_channels - work->output_step;
        band(work);
    }
}

TCK_SHARED void tck_depthwise_s8_mve(const tck_depthwise_s8_mve_params *p, const int8_t *input,
                                     int8_t *output, int8_t *buffer, tck_depthwise_band_mve band,
                                     int32_t constant) {
    const int32_t channels = p->input_channels;
    const int32_t at_once = TCK_MVE_BYTES / p->pixel_bytes;
    const int32_t pitch = p->buffer_width * p->pixel_bytes;
    const int32_t shared = tck_max(p->filter_height - p->stride_height, 0);
    int8_t *const first = output;
    tck_depthwise_s8_mve_work work = {.offsets = p->offsets,
                                      .pairs = p->pairs,
                                      .base_step = at_once * p->stride_width * p->pixel_bytes,
                                      .pitch = pitch,
                                      .output_step = at_once * channels,
                                      .constant = constant};
    tck_fill_mve(buffer, p->zero_point, p->buffer_bytes);
    for (int32_t n = 0; n < p->batches; ++n) {
        work.stream = p->stream;
        for (int32_t c = 0; c < channels; c += TCK_MVE_BYTES) {
            const int32_t begin = at_once == 1 ? tck_min(c, channels - TCK_MVE_BYTES) : 0;
            int8_t *to = output + begin;
            for (int32_t oy = 0; oy < p->output_height; oy += p->band_height) {
                const int32_t rows = tck_min(p->band_height, p->output_height - oy);
                const int32_t top = oy * p->stride_height - p->pad_top;
                const int32_t needed = (rows - 1) * p->stride_height + p->filter_height;
                const int32_t kept = oy > 0 ? shared : 0;
                if (kept > 0) {
                    tck_copy_mve(buffer, buffer + p->band_height * p->stride_height * pitch,
                                 kept * pitch);
                }
                for (int32_t row = kept; row < needed; ++row) {
                    tck_depthwise_load_mve(p, buffer + row * pitch, input + begin, top + row);
                }
                tck_depthwise_columns_mve(p, &work, rows, buffer, to, band);
                to += rows * p->output_width * channels;
            }
            work.stream += p->block_words;
        }
        input += p->input_height * p->input_width * channels;
        output += p->output_height * p->output_width * channels;
    }
    tck_clamp_s8(first, (int32_t)(output - first), p->clamp_min, p->clamp_max);
}

/* Windows of 3 by 3, of which the taps of each row come with the first one last. */
TCK_INLINE tck_depthwise_band_mve tck_depthwise_3x3_by_mve(const tck_depthwise_s8_mve_params *p,
                                                           int32_t fitted) {
    if (p->pixel_bytes == 8) {
        return fitted ? tck_depthwise_3x3_fitted_8_1_mve : tck_depthwise_3x3_two_roundings_8_1_mve;
    }
    if (p->stride_width == 1) {
        return fitted ? tck_depthwise_3x3_fitted_16_1_mve
                      : tck_depthwise_3x3_two_roundings_16_1_mve;
    }
    return fitted ? tck_depthwise_3x3_fitted_16_2_mve : tck_depthwise_3x3_two_roundings_16_2_mve;
}

#endif
