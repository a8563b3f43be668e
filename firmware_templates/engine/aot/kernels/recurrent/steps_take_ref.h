/* Takes the row of a time step out of a sequence, of any element type. */
#ifndef TCK_STEPS_TAKE_REF_H
#define TCK_STEPS_TAKE_REF_H

#include "steps_row.h"

TCK_KERNEL void tck_steps_take_ref(const tck_steps_row_params *p, const int8_t *sequence,
                                   const int32_t *step, int8_t *row) {
    const int8_t *from = sequence + tck_steps_row_offset(p, *step);
    for (int32_t i = 0; i < p->bytes; ++i) {
        row[i] = from[i];
    }
}

#endif
