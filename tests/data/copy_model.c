/* A model of one layer that copies its input to its output: enough to build and run a project. */
#include "board_config.h"
#include "tc_model.h"
#include "tc_startup.h"
#include "tck_math.h"

#define BYTES       24u
#define ARENA_BYTES (2u * BYTES)

_Static_assert(ARENA_BYTES <= TC_BOARD_ARENA_MAX_BYTES, "the arena does not fit the board");

static const uint8_t tcm_weights[BYTES] = {1, 2, 3};
/* Volatile, so that no compiler knows them and does without the array. */
static const uint8_t *const volatile weights = tcm_weights;
/* In .data, so that the image in flash and its copying are put to use. */
static uint32_t factor = 0x01234567u;
TC_ARENA static uint8_t arena[ARENA_BYTES];

tc_status tc_model_init(void) {
    return factor == 0x01234567u ? TC_OK : TC_ERR_STATE;
}

tc_status tc_model_invoke(void) {
    for (uint32_t i = 0; i < BYTES; i++) {
        arena[BYTES + i] = (uint8_t)(arena[i] + weights[i]);
    }
    factor += 1u;
    return TC_OK;
}

tc_status tc_model_invoke_profiled(tc_layer_hook begin, tc_layer_hook end) {
    begin(0);
    const tc_status status = tc_model_invoke();
    end(0);
    return status;
}

tc_status tc_model_reset(void) {
    return TC_OK;
}

uint32_t tc_model_input_count(void) {
    return 1;
}

uint32_t tc_model_output_count(void) {
    return 1;
}

uint32_t tc_model_layer_count(void) {
    return 1;
}

tc_tensor tc_model_input(uint32_t index) {
    const tc_tensor none = {0, 0};
    const tc_tensor input = {arena, BYTES};
    return index == 0 ? input : none;
}

tc_tensor tc_model_output(uint32_t index) {
    const tc_tensor none = {0, 0};
    const tc_tensor output = {arena + BYTES, BYTES};
    return index == 0 ? output : none;
}

uint32_t tc_model_arena_bytes(void) {
    return ARENA_BYTES;
}

const uint8_t *tc_model_sha256(void) {
    static const uint8_t sha256[32];
    return sha256;
}
