/* CONV_2D on int8 with 3x3 windows at stride 1, by F(2x2, 3x3) of Winograd (Lavin & Gray 2015): 16
 * products for four outputs and one input channel instead of 36.
 *
 * All is exact. Inputs become B'dB, sums of four int8, in 11 bits. The host makes (2G) g (2G)',
 * four times the transformed weights, integers in 12 bits. A'MA is then four times the sum of
 * products, modulo 2^32, and the sum itself fits 30 bits.
 *
 * Four tiles of 2x2 outputs, side by side, are computed at a time. */
#ifndef TCK_CONV_2D_WINOGRAD_S8_DSP_H
#define TCK_CONV_2D_WINOGRAD_S8_DSP_H

#include "../../common/clamp_s8.h"
#include "../conv_window_s8.h"

#define TCK_WINOGRAD_POSITIONS 16
#define TCK_WINOGRAD_TILES     4
#define TCK_WINOGRAD_COLUMNS   (2 * TCK_WINOGRAD_TILES + 2)
/* Sums of products of two channels and four tiles at each position. */
#define TCK_WINOGRAD_SUMS (TCK_WINOGRAD_POSITIONS * 2 * TCK_WINOGRAD_TILES)

/* A stream has for every two output channels: for each of the 16 positions and two input channels
 * both output channels' weights, as pairs; then two biases, two multipliers, and a word with both
 * addends, or right shifts less one. */
typedef struct {
    const uint32_t *stream;
    int32_t stream_words;
    tck_conv_window window;
    uint16_t batches;
    uint16_t output_height;
    uint16_t output_channels;   /* even */
    int16_t doubled_zero_point; /* 2 * the output's + 1, for two roundings */
    int8_t clamp_min;
    int8_t clamp_max;
} tck_conv_2d_winograd_s8_dsp_params;

/* An output from a sum with its bias. */
typedef int32_t (*tck_winograd_rescale)(int32_t sum, int32_t multiplier, int32_t extra,
                                        int32_t doubled_zero_point);

/* The column transform of a column of four pairs, 40 bytes from one row of `rows` to the next. */
TCK_INLINE void tck_winograd_column(const int8_t *from, int32_t pitch, int32_t odd,
                                    uint32_t *rows) {
    const uint32_t q0 = tck_load_word(from), q1 = tck_load_word(from + pitch);
    const uint32_t q2 = tck_load_word(from + 2 * pitch), q3 = tck_load_word(from + 3 * pitch);
    const uint32_t d0 = odd ? tck_sxtb16_ror8(q0) : tck_sxtb16(q0);
    const uint32_t d1 = odd ? tck_sxtb16_ror8(q1) : tck_sxtb16(q1);
    const uint32_t d2 = odd ? tck_sxtb16_ror8(q2) : tck_sxtb16(q2);
    const uint32_t d3 = odd ? tck_sxtb16_ror8(q3) : tck_sxtb16(q3);
    rows[0] = tck_ssub16(d0, d2);
    rows[TCK_WINOGRAD_COLUMNS] = tck_sadd16(d1, d2);
    rows[2 * TCK_WINOGRAD_COLUMNS] = tck_ssub16(d2, d1);
    rows[3 * TCK_WINOGRAD_COLUMNS] = tck_ssub16(d1, d3);
}

/* Two of four channels of ten columns, transformed: at v for every position the pairs of four
 * tiles, `step` words from one position to the next. */
TCK_INLINE void tck_winograd_inputs(const int8_t *from, int32_t pitch, int32_t channels,
                                    int32_t odd, uint32_t *v, int32_t step) {
    uint32_t rows[4 * TCK_WINOGRAD_COLUMNS];
    for (int32_t x = 0; x < TCK_WINOGRAD_COLUMNS; ++x, from += channels) {
        tck_winograd_column(from, pitch, odd, rows + x);
    }
    const uint32_t *row = rows;
    for (int32_t y = 0; y < 4; ++y, v += 4 * step, row += 2) {
        uint32_t *const v1 = v + step, *const v2 = v1 + step, *const v3 = v2 + step;
        uint32_t d0 = row[0], d1 = row[1];
        for (int32_t tile = 0; tile < TCK_WINOGRAD_TILES; ++tile) {
            row += 2;
            const uint32_t d2 = row[0], d3 = row[1];
            v[tile] = tck_ssub16(d0, d2);
            v1[tile] = tck_sadd16(d1, d2);
            v2[tile] = tck_ssub16(d2, d1);
            v3[tile] = tck_ssub16(d1, d3);
            d0 = d2;
            d1 = d3;
        }
    }
}

/* All channels of four tiles. */
TCK_SHARED void tck_winograd_transform(const int8_t *from, int32_t pitch, int32_t channels,
                                       uint32_t *v) {
    const int32_t step = channels / 2 * TCK_WINOGRAD_TILES;
    for (int32_t c = 0; c < channels; c += 4, from += 4, v += 2 * TCK_WINOGRAD_TILES) {
        tck_winograd_inputs(from, pitch, channels, 0, v, step);
        tck_winograd_inputs(from, pitch, channels, 1, v + TCK_WINOGRAD_TILES, step);
    }
}

/* The input of four tiles from a corner on: where they lie in it as they are, else a copy. */
TCK_INLINE void tck_winograd_tiles(const tck_conv_window *w, const int8_t *input, int32_t y,
                                   int32_t x, uint32_t *v, int8_t *copy) {
    const int32_t channels = w->input_channels;
    const int32_t pitch = w->input_width * channels;
    if (y >= 0 && x >= 0 && y + 4 <= w->input_height &&
        x + TCK_WINOGRAD_COLUMNS <= w->input_width) {
        tck_winograd_transform(input + y * pitch + x * channels, pitch, channels, v);
        return;
    }
    tck_conv_window four = *w;
    four.filter_height = 4;
    tck_gather_columns(&four, input, (tck_corner){y, x, 0}, TCK_WINOGRAD_COLUMNS, copy);
    tck_winograd_transform(copy, TCK_WINOGRAD_COLUMNS * channels, channels, v);
}

#if TCK_DSP

#define TCK_WINOGRAD_PAIR                                                                          \
    "ldr    r2, [r1], #4\n"                                                                        \
    "ldr    r3, [r1], #4\n"                                                                        \
    "ldr    r12, [r0], #4\n"                                                                       \
    "ldr    lr, [r0], #4\n"                                                                        \
    "smlad  r4, r12, r2, r4\n"                                                                     \
    "smlad  r8, r12, r3, r8\n"                                                                     \
    "smlad  r5, lr, r2, r5\n"                                                                      \
    "smlad  r9, lr, r3, r9\n"                                                                      \
    "ldr    r12, [r0], #4\n"                                                                       \
    "ldr    lr, [r0], #4\n"                                                                        \
    "smlad  r6, r12, r2, r6\n"                                                                     \
    "smlad  r10, r12, r3, r10\n"                                                                   \
    "smlad  r7, lr, r2, r7\n"                                                                      \
    "smlad  r11, lr, r3, r11\n"

/* Products of transformed inputs and weights of two output channels, by position: sums of the first
 * channel's four tiles, then of the second's. `eights` of input channels. */
TCK_NAKED void tck_winograd_products(const uint32_t *v __attribute__((unused)),
                                     const uint32_t *u __attribute__((unused)),
                                     int32_t *sums __attribute__((unused)),
                                     int32_t eights __attribute__((unused))) {
    __asm__ volatile("push   {r4-r11, lr}\n"
                     "sub    sp, sp, #20\n"
                     "str    r2, [sp]\n"
                     "str    r3, [sp, #4]\n"
                     "mov    r12, #16\n"
                     "str    r12, [sp, #8]\n"
                     "1:\n"
                     "ldr    lr, [sp, #4]\n"
                     "mov    r4, #0\n"
                     "mov    r5, #0\n"
                     "mov    r6, #0\n"
                     "mov    r7, #0\n"
                     "mov    r8, #0\n"
                     "mov    r9, #0\n"
                     "mov    r10, #0\n"
                     "mov    r11, #0\n"
                     "2:\n"
                     "str    lr, [sp, #12]\n"                                                /**/
                     TCK_WINOGRAD_PAIR TCK_WINOGRAD_PAIR TCK_WINOGRAD_PAIR TCK_WINOGRAD_PAIR /**/
                     "ldr    lr, [sp, #12]\n"
                     "subs   lr, lr, #1\n"
                     "bne    2b\n"
                     "ldr    r2, [sp]\n"
                     "ldr    r12, [sp, #8]\n"
                     "stmia  r2!, {r4-r11}\n"
                     "str    r2, [sp]\n"
                     "subs   r12, r12, #1\n"
                     "str    r12, [sp, #8]\n"
                     "bne    1b\n"
                     "add    sp, sp, #20\n"
                     "pop    {r4-r11, pc}\n");
}

#else

static void tck_winograd_products(const uint32_t *v, const uint32_t *u, int32_t *sums,
                                  int32_t eights) {
    for (int32_t position = 0; position < TCK_WINOGRAD_POSITIONS; ++position, sums += 8) {
        for (int32_t i = 0; i < 8; ++i) {
            sums[i] = 0;
        }
        for (int32_t pair = 0; pair < 4 * eights; ++pair, u += 2, v += 4) {
            for (int32_t i = 0; i < 8; ++i) {
                sums[i] = tck_smlad(v[i % 4], u[i / 4], sums[i]);
            }
        }
    }
}

#endif

typedef struct {
    uint32_t top;
    uint32_t bottom;
} tck_winograd_two;

TCK_INLINE tck_winograd_two tck_winograd_rows(const int32_t *sums) {
    const uint32_t second = (uint32_t)sums[32], third = (uint32_t)sums[64];
    return (tck_winograd_two){(uint32_t)sums[0] + second + third,
                              second - third - (uint32_t)sums[96]};
}

/* One channel's outputs of one tile: `right` and `below` are 0 where there are none. `sums` are
 * eight apart. */
TCK_INLINE void tck_winograd_outputs(const int32_t *sums, int32_t bias, int32_t multiplier,
                                     int32_t extra, int32_t doubled_zero_point, int8_t *output,
                                     int32_t right, int32_t below, tck_winograd_rescale rescale) {
    const tck_winograd_two a = tck_winograd_rows(sums), b = tck_winograd_rows(sums + 8);
    const tck_winograd_two c = tck_winograd_rows(sums + 16), d = tck_winograd_rows(sums + 24);
    const int32_t top_left = (int32_t)(a.top + b.top + c.top) >> 2;
    const int32_t top_right = (int32_t)(b.top - c.top - d.top) >> 2;
    const int32_t bottom_left = (int32_t)(a.bottom + b.bottom + c.bottom) >> 2;
    const int32_t bottom_right = (int32_t)(b.bottom - c.bottom - d.bottom) >> 2;
    /* What is outside is written first, to where what is inside belongs. */
    output[below + right] =
        (int8_t)rescale(tck_add_wrap(bottom_right, bias), multiplier, extra, doubled_zero_point);
    output[below] =
        (int8_t)rescale(tck_add_wrap(bottom_left, bias), multiplier, extra, doubled_zero_point);
    output[right] =
        (int8_t)rescale(tck_add_wrap(top_right, bias), multiplier, extra, doubled_zero_point);
    output[0] =
        (int8_t)rescale(tck_add_wrap(top_left, bias), multiplier, extra, doubled_zero_point);
}

/* Two output channels of the tiles, `columns` wide; `below` is 0 in the last row of an odd height.
 */
TCK_INLINE const uint32_t *tck_winograd_pair(const tck_conv_2d_winograd_s8_dsp_params *p,
                                             const uint32_t *v, const uint32_t *stream,
                                             int32_t *sums, int8_t *output, int32_t columns,
                                             int32_t below, tck_winograd_rescale rescale) {
    const int32_t channels = p->window.input_channels;
    const uint32_t *const tables = stream + TCK_WINOGRAD_POSITIONS * channels;
    tck_winograd_products(v, stream, sums, channels / 8);
    for (int32_t c = 0; c < 2; ++c, ++output, sums += TCK_WINOGRAD_TILES) {
        const int32_t extra = c == 0 ? tck_lo(tables[4]) : tck_hi(tables[4]);
        int8_t *at = output;
        for (int32_t tile = 0; 2 * tile < columns; ++tile, at += 2 * p->output_channels) {
            tck_winograd_outputs(sums + tile, (int32_t)tables[c], (int32_t)tables[2 + c], extra,
                                 p->doubled_zero_point, at,
                                 2 * tile + 1 < columns ? p->output_channels : 0, below, rescale);
        }
    }
    return tables + 5;
}

/* Scratch: transformed inputs of four tiles, sums, and a copy of their input. */
TCK_INLINE void tck_conv_2d_winograd_s8_dsp(const tck_conv_2d_winograd_s8_dsp_params *p,
                                            const int8_t *input, int8_t *output, uint32_t *v,
                                            tck_winograd_rescale rescale) {
    const tck_conv_window *const w = &p->window;
    const int32_t height = p->output_height, width = w->output_width;
    const int32_t row_bytes = width * p->output_channels;
    int32_t *const sums = (int32_t *)(v + 32 * w->input_channels);
    const uint32_t *const end = p->stream + p->stream_words;
    int8_t *const begin = output;
    for (int32_t n = 0; n < p->batches; ++n) {
        for (int32_t y = 0; y < height; y += 2) {
            const int32_t below = y + 1 < height ? row_bytes : 0;
            for (int32_t x = 0; x < width; x += 2 * TCK_WINOGRAD_TILES) {
                const int32_t columns = tck_min(width - x, 2 * TCK_WINOGRAD_TILES);
                int8_t *at = output + x * p->output_channels;
                tck_winograd_tiles(w, input, y - w->pad_top, x - w->pad_left, v,
                                   (int8_t *)(sums + TCK_WINOGRAD_SUMS));
                for (const uint32_t *stream = p->stream; stream != end; at += 2) {
                    stream = tck_winograd_pair(p, v, stream, sums, at, columns, below, rescale);
                }
            }
            output += row_bytes + below;
        }
        input += w->input_height * w->input_width * w->input_channels;
    }
    tck_clamp_s8(begin, p->batches * height * row_bytes, p->clamp_min, p->clamp_max);
}

#endif
