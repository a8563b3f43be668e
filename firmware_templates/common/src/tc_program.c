#include "tc_program.h"

#include "tc_mark.h"
#include "tc_measure.h"
#include "tc_model.h"
#include "tc_platform.h"
#include "tc_proto.h"

void tc_program_start(void) {
    tc_platform_init();
    tc_mark(false);
    const bool counter_moves = tc_measure_counter_moves();
    tc_proto_init(tc_model_init(), counter_moves);
}

void tc_program_poll(void) {
    const int byte = tc_platform_getc();
    if (byte >= 0) {
        tc_proto_receive((uint8_t)byte);
    }
}
