/* A model whose input says how its invocation ends: for tests of the fault handlers. */
#include "tc_model.h"
#include "tc_startup.h"

#define BYTES     4u
#define NOWHERE   0x30000000u /* no memory and no peripheral on any MPS2 */
#define WRITE     1u
#define BRANCH    2u
#define OVERFLOW  3u
#define UNDEFINED 4u

TC_ARENA static uint8_t arena[BYTES];

tc_status tc_model_invoke(void) {
    switch (arena[0]) {
    case WRITE:
        *(volatile uint32_t *)NOWHERE = 1;
        break;
    case BRANCH:
        ((void (*)(void))(uintptr_t)(NOWHERE + 1u))();
        break;
    case OVERFLOW:
        /* As if the stack had grown out of RAM; QEMU ignores what is written right below RAM. */
        __asm volatile("mov sp, %0\n"
                       "push {r0}" ::"r"(NOWHERE + 0x400u)
                       : "memory");
        break;
    case UNDEFINED:
        __asm volatile(".inst.n 0xde00"); /* permanently undefined */
        break;
    default:
        break;
    }
    return TC_OK;
}

tc_status tc_model_init(void) {
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
    return tc_model_input(index);
}

uint32_t tc_model_arena_bytes(void) {
    return BYTES;
}

const uint8_t *tc_model_sha256(void) {
    static const uint8_t sha256[32];
    return sha256;
}
