/* A model for tests of sizes: the size of every object is known, and all of it is reached.
 *
 *     weights   tcm_weights_a 1000, tcm_weights_b 24 (static), tcm_sha256 32
 *     kernels   tck_scale, its table gains (40 bytes, may be merged into it), tcm_layer_0
 *     runtime   the tc_model_* functions
 *     RAM       arena 512, .data 8, .bss 4, besides what the rest of the firmware has */
#include <stddef.h>
#include <stdint.h>

#include "tc_model.h"
#include "tc_startup.h"

#ifndef TEST_WEIGHTS_BYTES
#define TEST_WEIGHTS_BYTES 1000
#endif
#ifndef TEST_ARENA_BYTES
#define TEST_ARENA_BYTES 512
#endif

extern const int8_t tcm_weights_a[TEST_WEIGHTS_BYTES];
const int8_t tcm_weights_a[TEST_WEIGHTS_BYTES] = {1, -2, 3};
static const int8_t tcm_weights_b[24] = {4, 5, 6};
static const uint8_t tcm_sha256[32] = {0xAB};

TC_ARENA static _Alignas(16) uint8_t tcm_arena[TEST_ARENA_BYTES];
static volatile uint32_t runs;
static volatile uint32_t seeds[2] = {0x12345678u, 0x9ABCDEF0u};

struct block {
    uint8_t bytes[64];
};

__attribute__((noinline)) static void tck_scale(uint8_t *data, const int8_t *weights, uint32_t count)
{
    static const int16_t gains[20] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100,
                                      11, 21, 31, 41, 51, 61, 71, 81, 91, 101};
    for (uint32_t i = 0; i < count; ++i) {
        data[i] = (uint8_t)(data[i] * weights[i] + gains[(uint32_t)data[i] % 20u]);
    }
}

__attribute__((noinline)) static void tcm_layer_0(void)
{
    tck_scale(tcm_arena, tcm_weights_a, 64);
    tck_scale(tcm_arena + 64, tcm_weights_b, sizeof tcm_weights_b);
    *(struct block *)(void *)(tcm_arena + 128) = *(const struct block *)(const void *)tcm_arena;
}

tc_status tc_model_init(void)
{
    return TC_OK;
}

tc_status tc_model_invoke(void)
{
    tcm_layer_0();
    runs = runs + seeds[0] / (seeds[1] | 1u);
    return TC_OK;
}

tc_status tc_model_invoke_profiled(tc_layer_hook begin, tc_layer_hook end)
{
    begin(0);
    const tc_status status = tc_model_invoke();
    end(0);
    return status;
}

tc_status tc_model_reset(void)
{
    runs = 0;
    return TC_OK;
}

uint32_t tc_model_input_count(void)
{
    return 1;
}

uint32_t tc_model_output_count(void)
{
    return 1;
}

uint32_t tc_model_layer_count(void)
{
    return 1;
}

tc_tensor tc_model_input(uint32_t index)
{
    return index == 0u ? (tc_tensor){tcm_arena, 64} : (tc_tensor){NULL, 0};
}

tc_tensor tc_model_output(uint32_t index)
{
    return index == 0u ? (tc_tensor){tcm_arena + 128, 64} : (tc_tensor){NULL, 0};
}

uint32_t tc_model_arena_bytes(void)
{
    return TEST_ARENA_BYTES;
}

const uint8_t *tc_model_sha256(void)
{
    return tcm_sha256;
}
