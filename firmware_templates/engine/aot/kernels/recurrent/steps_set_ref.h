/* Before a loop over time steps: the step to begin with. */
#ifndef TCK_STEPS_SET_REF_H
#define TCK_STEPS_SET_REF_H

#include "../../tck_math.h"

typedef struct {
    int32_t value;
} tck_steps_set_params;

TCK_KERNEL void tck_steps_set_ref(const tck_steps_set_params *p, int32_t *step) {
    *step = p->value;
}

#endif
