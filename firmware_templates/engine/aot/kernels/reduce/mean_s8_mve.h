/* MEAN on int8 for cores with MVE: eight channels at a time. */
#ifndef TCK_MEAN_S8_MVE_H
#define TCK_MEAN_S8_MVE_H

#include "mean.h"
#include "../pool/sums_s8_mve.h"

/* input [kept_0, reduced_0, kept_1] -> output [kept_0, kept_1], 8 channels or more; where they are
 * no whole eights the last have some that come before. */
TCK_SHARED void tck_mean_s8_mve(const tck_mean_params *p, const int8_t *input, int8_t *output) {
    const int32_t channels = p->kept_1;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t c = 0; c < channels; c += TCK_SUM_LANES_MVE) {
            const int32_t begin = tck_min(c, channels - TCK_SUM_LANES_MVE);
            const int8_t *from = input + begin;
            int32_t totals[TCK_SUM_LANES_MVE] = {0};
            for (int32_t left = p->reduced_0; left > 0; left -= TCK_SUM_ELEMENTS_MVE) {
                const int32_t count = tck_min(left, TCK_SUM_ELEMENTS_MVE);
                const tck_sums_window_mve window = {1, count, channels, 0};
                int16_t sums[TCK_SUM_LANES_MVE];
                tck_sums_s8_mve(&window, from, sums);
                for (int32_t i = 0; i < TCK_SUM_LANES_MVE; ++i) {
                    totals[i] = tck_add_wrap(totals[i], sums[i]);
                }
                from += count * channels;
            }
            for (int32_t i = 0; i < TCK_SUM_LANES_MVE; ++i) {
                output[begin + i] = (int8_t)tck_mean_output(p, (uint32_t)totals[i], 1);
            }
        }
        input += p->reduced_0 * channels;
        output += channels;
    }
}

#endif
