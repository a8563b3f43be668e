#include "tc_measure.h"

#include "tc_mark.h"
#include "tc_platform.h"

#define COUNTER_TEST_READS 10000u

typedef tc_status (*timed_function)(void);

static uint32_t layer_ticks[TC_MEASURE_MAX_LAYERS];
static uint32_t layer_count;
static uint32_t window_began;

static tc_status do_nothing(void) {
    return TC_OK;
}

static void begin_layer(uint32_t layer) {
    (void)layer;
    window_began = tc_platform_ticks();
}

static void end_layer(uint32_t layer) {
    const uint32_t ticks = tc_platform_ticks() - window_began;
    if (layer < TC_MEASURE_MAX_LAYERS) {
#ifdef TC_MEASURE_REPEATS
        layer_ticks[layer] += ticks; /* a layer of a loop runs more than once */
#else
        layer_ticks[layer] = ticks;
#endif
    }
}

/* Read as volatile, so that the compiler can neither inline nor specialise what they point at: the
 * empty window has to run the very instructions that the windows of the model run. */
static const volatile timed_function empty_function = do_nothing;
static const volatile timed_function invoke_function = tc_model_invoke;
static const volatile tc_layer_hook begin_hook = begin_layer;
static const volatile tc_layer_hook end_hook = end_layer;

static tc_status time_function(timed_function function, uint32_t *ticks) {
    const uint32_t began = tc_platform_ticks();
    const tc_status status = function();
    *ticks = tc_platform_ticks() - began;
    return status;
}

static tc_status (*const volatile timer)(timed_function, uint32_t *) = time_function;

bool tc_measure_counter_moves(void) {
    const uint32_t first = tc_platform_ticks();
    for (uint32_t i = 0; i < COUNTER_TEST_READS; i++) {
        if (tc_platform_ticks() != first) {
            return true;
        }
    }
    return false;
}

uint32_t tc_measure_empty(void) {
    uint32_t ticks = 0;
    (void)timer(empty_function, &ticks);
    return ticks;
}

tc_status tc_measure_invoke(uint32_t *ticks) {
    tc_mark(true);
    const tc_status status = timer(invoke_function, ticks);
    tc_mark(false);
    return status;
}

/* What a run leaves must not be added to. */
static void forget_layers(void) {
#ifdef TC_MEASURE_REPEATS
    for (uint32_t i = 0; i < TC_MEASURE_MAX_LAYERS; i++) {
        layer_ticks[i] = 0;
    }
#endif
}

/* One invocation with the hooks around each of `count` parts, after a window around nothing. */
static tc_status measure_parts(tc_status (*invoke)(tc_layer_hook, tc_layer_hook), uint32_t count,
                               uint32_t *empty) {
    const tc_layer_hook begin = begin_hook;
    const tc_layer_hook end = end_hook;
    layer_count = 0;
    if (count > TC_MEASURE_MAX_LAYERS) {
        return TC_ERR_ARG;
    }
    forget_layers();
    begin(0);
    end(0);
    *empty = layer_ticks[0];
    forget_layers();
    const tc_status status = invoke(begin, end);
    if (status == TC_OK) {
        layer_count = count;
    }
    return status;
}

tc_status tc_measure_layers(uint32_t *empty) {
    return measure_parts(tc_model_invoke_profiled, tc_model_layer_count(), empty);
}

#ifdef TC_STAGES
tc_status tc_measure_stages(uint32_t *empty) {
    return measure_parts(tc_model_invoke_stages, TC_STAGES, empty);
}
#endif

uint32_t tc_measure_layer_count(void) {
    return layer_count;
}

uint32_t tc_measure_layer_ticks(uint32_t layer) {
    return layer_ticks[layer];
}
