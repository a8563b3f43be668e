/* SOFTMAX on int8: parameters of every variant. */
#ifndef TCK_SOFTMAX_S8_H
#define TCK_SOFTMAX_S8_H

#include "../tck_math.h"

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t table_count; /* differences from the largest input beyond it count as exp = 0 */
    const int32_t *exps; /* [table_count]: exp(-difference) as a Q0.31 */
} tck_softmax_s8_params;

#endif
