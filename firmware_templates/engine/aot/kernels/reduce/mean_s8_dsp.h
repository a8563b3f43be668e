/* MEAN on int8 for cores with the DSP extension: four channels at a time. */
#ifndef TCK_MEAN_S8_DSP_H
#define TCK_MEAN_S8_DSP_H

#include "mean.h"
#include "../pool/sums_s8_dsp.h"

/* input [kept_0, reduced_0, kept_1] -> output [kept_0, kept_1], 4 channels or more; where they are
 * no whole fours the last have some that come before. */
TCK_SHARED void tck_mean_s8_dsp(const tck_mean_params *p, const int8_t *input, int8_t *output) {
    const int32_t channels = p->kept_1;
    for (int32_t a = 0; a < p->kept_0; ++a) {
        for (int32_t c = 0; c < channels; c += 4) {
            const int32_t begin = tck_min(c, channels - 4);
            const int8_t *from = input + begin;
            int32_t totals[4] = {0, 0, 0, 0};
            for (int32_t left = p->reduced_0; left > 0; left -= TCK_SUM_ELEMENTS_DSP) {
                const int32_t count = tck_min(left, TCK_SUM_ELEMENTS_DSP);
                const tck_sums_dsp none = {0, 0};
                const tck_sums_dsp sums = tck_add_pixels_dsp(none, from, count, channels);
                for (int32_t i = 0; i < 4; ++i) {
                    totals[i] = tck_add_wrap(totals[i], tck_sum_dsp(sums, i));
                }
                from += count * channels;
            }
            for (int32_t i = 0; i < 4; ++i) {
                output[begin + i] = (int8_t)tck_mean_output(p, (uint32_t)totals[i], 1);
            }
        }
        input += p->reduced_0 * channels;
        output += channels;
    }
}

#endif
