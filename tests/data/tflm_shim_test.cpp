/* Runs tcm_model.cpp against the stand-in interpreter and prints what it does, one line each. */
#include <cstdio>

#include "stand_in.h"

extern "C" {
#include "tc_model.h"
extern uint32_t tcm_arena_used_bytes;
extern const uint32_t tcm_arena_bytes;
}

StandIn stand_in;

static void begin(uint32_t layer) {
    std::printf(" b%u", static_cast<unsigned>(layer));
}

static void end(uint32_t layer) {
    std::printf(" e%u", static_cast<unsigned>(layer));
}

static void show(const char *what, unsigned value) {
    std::printf("%s %u\n", what, value);
}

/* Everything that the protocol may ask of a model that did not start. */
static void show_refusal(const char *what) {
    stand_in.invoked = 0;
    const unsigned status = tc_model_init();
    const tc_tensor input = tc_model_input(0);
    std::printf("%s: init %u invoke %u profiled %u reset %u input %d %u invoked %d\n", what, status,
                tc_model_invoke(), tc_model_invoke_profiled(begin, end), tc_model_reset(),
                input.data != nullptr, static_cast<unsigned>(input.bytes), stand_in.invoked);
}

int main() {
    stand_in.layers = tc_model_layer_count();
    show("invoke before init", tc_model_invoke());
    stand_in.schema_version = 2;
    show_refusal("other schema");
    stand_in.schema_version = 3;
    stand_in.refuses_ops = true;
    show_refusal("refused operators");
    stand_in.refuses_ops = false;
    stand_in.fails_to_start = true;
    show_refusal("no interpreter");
    stand_in.fails_to_start = false;
    stand_in.needed_bytes = tcm_arena_bytes + 1;
    show_refusal("small arena");
    stand_in.needed_bytes = tcm_arena_bytes;
    stand_in.inputs = 2;
    show_refusal("other inputs");
    stand_in.inputs = 1;

    stand_in.added = stand_in.added_int8 = 0;
    show("init", tc_model_init());
    show("operators", static_cast<unsigned>(stand_in.added));
    show("int8 registrations", static_cast<unsigned>(stand_in.added_int8));
    show("used", tcm_arena_used_bytes);
    show("arena", tc_model_arena_bytes());
    show("input aligned", reinterpret_cast<uintptr_t>(tc_model_input(0).data) % 16);
    show("input bytes", tc_model_input(0).bytes);
    show("no input 1", tc_model_input(1).data == nullptr && tc_model_input(1).bytes == 0);
    show("no output 9", tc_model_output(9).data == nullptr);
    show("invoke", tc_model_invoke());
    std::printf("profiled");
    const unsigned status = tc_model_invoke_profiled(begin, end);
    std::printf(" -> %u\n", status);
    show("invoke again", tc_model_invoke());
    std::printf("runs %d %d %d %d\n", stand_in.ran[0], stand_in.ran[1], stand_in.ran[2],
                stand_in.ran[3]);
    show("reset", tc_model_reset());
    show("resets", static_cast<unsigned>(stand_in.reset));
    stand_in.fails_to_invoke = true;
    show("failing invoke", tc_model_invoke());
    std::printf("failing profiled");
    const unsigned failed = tc_model_invoke_profiled(begin, end);
    std::printf(" -> %u\n", failed);
    stand_in.fails_to_invoke = false;
    show("invoke after", tc_model_invoke());
    show("unallocated", static_cast<unsigned>(stand_in.invoked_unallocated));
    return 0;
}
