/* At the end of a time step: the next one. */
#ifndef TCK_STEPS_NEXT_REF_H
#define TCK_STEPS_NEXT_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t step;
} tck_steps_next_params;

TCK_KERNEL void tck_steps_next_ref(const tck_steps_next_params *p, int32_t *step) {
    *step += p->step;
}

#endif
