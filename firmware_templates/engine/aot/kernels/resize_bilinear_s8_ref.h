/* RESIZE_BILINEAR on int8, in units of 1/1024. */
#ifndef TCK_RESIZE_BILINEAR_S8_REF_H
#define TCK_RESIZE_BILINEAR_S8_REF_H

#include "../tck_math.h"

typedef struct {
    int32_t batches;
    int32_t input_batch; /* elements */
    int32_t output_height;
    int32_t output_width;
    int32_t channels;
    const int32_t *row_0; /* [output_height]: elements to the row before */
    const int32_t *row_1; /* to the row after */
    const int32_t *row_weight;
    const int32_t *column_0; /* [output_width] */
    const int32_t *column_1;
    const int32_t *column_weight;
} tck_resize_bilinear_s8_params;

/* The weights are within -512 .. 1536, so that sums of their products with int8 fit int32. */
TCK_INLINE void tck_resize_bilinear_s8_ref_pixel(const tck_resize_bilinear_s8_params *p,
                                                 const int8_t *row_0, const int8_t *row_1,
                                                 int32_t row_weight, int32_t x, int8_t *output) {
    const int32_t one = 1024;
    const int32_t left = p->column_0[x];
    const int32_t right = p->column_1[x];
    const int32_t weight = p->column_weight[x];
    for (int32_t c = 0; c < p->channels; ++c) {
        const int32_t before = row_0[left + c] * (one - weight) + row_0[right + c] * weight;
        const int32_t after = row_1[left + c] * (one - weight) + row_1[right + c] * weight;
        const int32_t sum = before * (one - row_weight) + after * row_weight;
        const int32_t half = sum > 0 ? one * one / 2 : -(one * one / 2);
        output[c] = (int8_t)((sum + half) / (one * one));
    }
}

TCK_KERNEL void tck_resize_bilinear_s8_ref(const tck_resize_bilinear_s8_params *p,
                                           const int8_t *input, int8_t *output) {
    for (int32_t b = 0; b < p->batches; ++b) {
        const int8_t *image = input + b * p->input_batch;
        for (int32_t y = 0; y < p->output_height; ++y) {
            for (int32_t x = 0; x < p->output_width; ++x) {
                tck_resize_bilinear_s8_ref_pixel(p, image + p->row_0[y], image + p->row_1[y],
                                                 p->row_weight[y], x, output);
                output += p->channels;
            }
        }
    }
}

#endif
