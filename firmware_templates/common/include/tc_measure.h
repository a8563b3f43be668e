/* Timing of the model with the platform's tick counter.
 *
 * Every window is opened and closed by one call of tc_platform_ticks() each, and nothing else in
 * the program calls it after start-up. A measurement opens one window around an empty function
 * first: what that window shows is the cost of reading the counter, to be subtracted from the
 * others. The virtual board relies on this order: it notes its exact counts at each entry of the
 * function. */
#ifndef TC_MEASURE_H
#define TC_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "board_config.h"
#include "tc_model.h"

/* Layers whose ticks are kept from a profiled run. */
#ifndef TC_MEASURE_MAX_LAYERS
#define TC_MEASURE_MAX_LAYERS 128u
#endif

/* Whether the counter changes at all while it is watched for some ten thousand reads. */
bool tc_measure_counter_moves(void);

/* Ticks of a window around an empty function. Two calls of tc_platform_ticks(). */
uint32_t tc_measure_empty(void);

/* Ticks of one invocation. Two calls of tc_platform_ticks(). */
tc_status tc_measure_invoke(uint32_t *ticks);

/* One invocation with a window around each layer, after one around nothing, whose ticks go to
 * *empty. TC_ERR_ARG if the model has more than TC_MEASURE_MAX_LAYERS layers. 2 + 2 * layers calls
 * of tc_platform_ticks(). */
tc_status tc_measure_layers(uint32_t *empty);

/* The same around each stage of a cascade: 2 + 2 * stages calls. Without TC_STAGES there is no such
 * function. */
tc_status tc_measure_stages(uint32_t *empty);

/* Layers, or stages, that the last profiled run measured: 0 if there was none or it failed. */
uint32_t tc_measure_layer_count(void);

/* Ticks of layer or stage `layer` in the last profiled run; `layer` < tc_measure_layer_count(). */
uint32_t tc_measure_layer_ticks(uint32_t layer);

#endif
