/* A row of a sequence, by the time step that a loop is at. */
#ifndef TCK_STEPS_ROW_H
#define TCK_STEPS_ROW_H

#include "../../tck_math.h"

typedef struct {
    int32_t first;  /* row of step 0 */
    int32_t stride; /* rows from one step to the next */
    int32_t bytes;  /* of a row */
} tck_steps_row_params;

/* Where the row of a step begins. */
TCK_INLINE int32_t tck_steps_row_offset(const tck_steps_row_params *p, int32_t step) {
    return (p->first + step * p->stride) * p->bytes;
}

#endif
