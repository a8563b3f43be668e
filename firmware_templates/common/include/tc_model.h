/* The model API that both engines implement, so that one main.c and one protocol serve both. */
#ifndef TC_MODEL_H
#define TC_MODEL_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    TC_OK = 0,
    TC_ERR_ARG = 1,    /* an index or size that the model does not have */
    TC_ERR_STATE = 2,  /* called before a successful tc_model_init() */
    TC_ERR_ARENA = 3,  /* the arena is too small (TFLM engine: AllocateTensors failed) */
    TC_ERR_INVOKE = 4, /* the engine reported a failure while running */
    TC_ERR_TIMER = 5   /* the tick counter does not move */
} tc_status;

typedef struct {
    uint8_t *data; /* where the tensor lives; valid after tc_model_init() */
    uint32_t bytes;
} tc_tensor;

/* Called around each layer of tc_model_invoke_profiled(); `layer` counts from 0. */
typedef void (*tc_layer_hook)(uint32_t layer);

tc_status tc_model_init(void);
/* One inference. A model whose .tflite file asks for it begins with tc_model_reset(). */
tc_status tc_model_invoke(void);
/* The same computation with `begin(layer)` and `end(layer)` called around every layer. */
tc_status tc_model_invoke_profiled(tc_layer_hook begin, tc_layer_hook end);
/* Of a cascade, which is built with TC_STAGES, the number of its stages: which of them the next
 * invocations run, bit 0 for the first; 0 leaves it to the gates, as at first. */
void tc_model_choose_stages(uint32_t stages);
/* Of a cascade: an invocation with the hooks called around every stage, also around one that does
 * not run. */
tc_status tc_model_invoke_stages(tc_layer_hook begin, tc_layer_hook end);
/* Set all state that is kept between invocations back to its initial value, which it has after
 * tc_model_init(). Inputs stay as they were written. */
tc_status tc_model_reset(void);

uint32_t tc_model_input_count(void);
uint32_t tc_model_output_count(void);
uint32_t tc_model_layer_count(void);
tc_tensor tc_model_input(uint32_t index); /* {NULL, 0} if there is no such input */
tc_tensor tc_model_output(uint32_t index);

/* The memory that the engine works in, for the MEMORY request. */
uint32_t tc_model_arena_bytes(void);

/* SHA-256 of the .tflite file, 32 bytes. */
const uint8_t *tc_model_sha256(void);

#endif
