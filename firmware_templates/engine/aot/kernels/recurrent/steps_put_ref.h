/* Puts a result into the row of its time step in a sequence, of any element type. */
#ifndef TCK_STEPS_PUT_REF_H
#define TCK_STEPS_PUT_REF_H

#include "steps_row.h"

TCK_KERNEL void tck_steps_put_ref(const tck_steps_row_params *p, const int8_t *row,
                                  const int32_t *step, int8_t *sequence) {
    int8_t *to = sequence + tck_steps_row_offset(p, *step);
    for (int32_t i = 0; i < p->bytes; ++i) {
        to[i] = row[i];
    }
}

#endif
