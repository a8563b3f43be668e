/* RESIZE_BILINEAR in units of 1/1024: parameters and loops of every type. */
#ifndef TCK_RESIZE_BILINEAR_H
#define TCK_RESIZE_BILINEAR_H

#include "../common/elements.h"

#define TCK_RESIZE_BILINEAR_ONE 1024

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
} tck_resize_bilinear_params;

/* The left and the right neighbour above, and those below; weights of the right and the lower ones
 * are within -512 .. 1536. */
typedef struct {
    int32_t above_0;
    int32_t above_1;
    int32_t below_0;
    int32_t below_1;
} tck_resize_bilinear_corners;

typedef int32_t (*tck_resize_bilinear_blend)(tck_resize_bilinear_corners corners,
                                             int32_t column_weight, int32_t row_weight);

/* All channels of one pixel; returns the end of its output. */
TCK_INLINE int32_t tck_resize_bilinear_pixel(const tck_resize_bilinear_params *p,
                                             tck_resize_bilinear_blend blend, int32_t bytes,
                                             const void *input, int32_t image, int32_t y, int32_t x,
                                             void *output, int32_t at) {
    for (int32_t c = 0; c < p->channels; ++c, ++at) {
        const int32_t left = image + p->column_0[x] + c;
        const int32_t right = image + p->column_1[x] + c;
        const tck_resize_bilinear_corners corners = {
            tck_element(input, left + p->row_0[y], bytes),
            tck_element(input, right + p->row_0[y], bytes),
            tck_element(input, left + p->row_1[y], bytes),
            tck_element(input, right + p->row_1[y], bytes),
        };
        const int32_t value = blend(corners, p->column_weight[x], p->row_weight[y]);
        tck_set_element(output, at, value, bytes);
    }
    return at;
}

/* Elements of so many bytes. `blend` is inlined, since it is known where this is. */
TCK_INLINE void tck_resize_bilinear(const tck_resize_bilinear_params *p,
                                    tck_resize_bilinear_blend blend, int32_t bytes,
                                    const void *input, void *output) {
    int32_t at = 0;
    for (int32_t b = 0; b < p->batches; ++b) {
        for (int32_t y = 0; y < p->output_height; ++y) {
            for (int32_t x = 0; x < p->output_width; ++x) {
                at = tck_resize_bilinear_pixel(p, blend, bytes, input, b * p->input_batch, y, x,
                                               output, at);
            }
        }
    }
}

#endif
