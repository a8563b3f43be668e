/* SignalWindow on int16. */
#ifndef TCK_SIGNAL_WINDOW_S16_REF_H
#define TCK_SIGNAL_WINDOW_S16_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t frames;
    int32_t size;  /* samples of a frame */
    int32_t shift; /* 0 to 31 */
    const int16_t *window;
} tck_signal_window_params;

TCK_KERNEL void tck_signal_window_s16_ref(const tck_signal_window_params *p, const int16_t *input,
                                          int16_t *output) {
    for (int32_t frame = 0; frame < p->frames; ++frame) {
        for (int32_t i = 0; i < p->size; ++i) {
            const int32_t product = (*input++ * p->window[i]) >> p->shift;
            *output++ = (int16_t)tck_clamp(product, INT16_MIN, INT16_MAX);
        }
    }
}

#endif
