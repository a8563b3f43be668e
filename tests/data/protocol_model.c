/* A model for tests of the protocol: two inputs, two outputs, three layers, and a state that tells
 * how often it ran. The second output overlaps the first input, as a planner may arrange it.
 *
 *     output 0 = sum of input 0, state (u32 each, little-endian)
 *     output 1 = every byte of input 1 plus one */
#include <stddef.h>

#include "tc_model.h"

#define SMALL_BYTES 5u
#define LARGE_BYTES 700u

static struct {
    uint8_t small[SMALL_BYTES];
    uint8_t large[LARGE_BYTES];
    uint8_t result[8];
} arena;

static uint32_t runs;

static void put_u32(uint8_t *bytes, uint32_t value) {
    for (uint32_t i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static void sum_small(void) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SMALL_BYTES; i++) {
        sum += arena.small[i];
    }
    put_u32(arena.result, sum);
}

static void increment_large(void) {
    for (uint32_t i = 0; i < LARGE_BYTES; i++) {
        arena.large[i] = (uint8_t)(arena.large[i] + 1u);
    }
}

static void count_run(void) {
    runs++;
    put_u32(arena.result + 4, runs);
}

static void (*const layers[])(void) = {sum_small, increment_large, count_run};

tc_status tc_model_init(void) {
    return TEST_INIT_STATUS;
}

tc_status tc_model_invoke(void) {
    for (uint32_t i = 0; i < 3; i++) {
        layers[i]();
    }
    return arena.small[0] == 0xEE ? TC_ERR_INVOKE : TC_OK;
}

tc_status tc_model_invoke_profiled(tc_layer_hook begin, tc_layer_hook end) {
    for (uint32_t i = 0; i < 3; i++) {
        begin(i);
        layers[i]();
        end(i);
    }
    return arena.small[0] == 0xEE ? TC_ERR_INVOKE : TC_OK;
}

tc_status tc_model_reset(void) {
    runs = 0;
    return TC_OK;
}

uint32_t tc_model_input_count(void) {
    return 2;
}

uint32_t tc_model_output_count(void) {
    return 2;
}

uint32_t tc_model_layer_count(void) {
    return 3;
}

tc_tensor tc_model_input(uint32_t index) {
    const tc_tensor inputs[] = {{arena.small, SMALL_BYTES}, {arena.large, LARGE_BYTES}};
    return index < 2 ? inputs[index] : (tc_tensor){NULL, 0};
}

tc_tensor tc_model_output(uint32_t index) {
    const tc_tensor outputs[] = {{arena.result, sizeof arena.result}, {arena.large, LARGE_BYTES}};
    return index < 2 ? outputs[index] : (tc_tensor){NULL, 0};
}

uint32_t tc_model_arena_bytes(void) {
    return sizeof arena;
}

const uint8_t *tc_model_sha256(void) {
    static const uint8_t sha256[32] = {0xAB, 0xCD};
    return sha256;
}
