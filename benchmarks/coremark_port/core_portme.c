/* CoreMark on a virtual board: the seeds of a performance run, time, and where results stay. */
#include "coremark.h"

#include "tc_platform.h"

/* The volatile variables that CoreMark's SEED_VOLATILE reads: 0, 0, 0x66 are a performance run. */
volatile ee_s32 seed1_volatile = 0;
volatile ee_s32 seed2_volatile = 0;
volatile ee_s32 seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = ITERATIONS;
volatile ee_s32 seed5_volatile = 0; /* all three algorithms */

ee_u32 default_num_contexts = 1;

/* Read by benchmarks/cycle_model when the program has ended. */
struct {
    uint32_t errors;
    uint32_t crc_list;
    uint32_t crc_matrix;
    uint32_t crc_state;
} tc_coremark_result = {1, 0, 0, 0};

static uint32_t started;
static uint32_t stopped;

void portable_init(core_portable *port, int *argc, char *argv[]) {
    (void)port;
    (void)argc;
    (void)argv;
    tc_platform_init();
}

/* CoreMark has compared its checksums with the known ones; `port` lies within its results. */
void portable_fini(core_portable *port) {
    const core_results *results = (void *)((char *)port - offsetof(core_results, port));
    tc_coremark_result.errors = (uint32_t)results->err;
    tc_coremark_result.crc_list = results->crclist;
    tc_coremark_result.crc_matrix = results->crcmatrix;
    tc_coremark_result.crc_state = results->crcstate;
}

/* The virtual board notes its exact counts at every entry of tc_platform_ticks. */
void start_time(void) {
    started = tc_platform_ticks();
}

void stop_time(void) {
    stopped = tc_platform_ticks();
}

CORE_TICKS get_time(void) {
    return stopped - started;
}

/* Only for texts, which nobody sees: a run of 10 s, which CoreMark wants, needs none here. */
secs_ret time_in_secs(CORE_TICKS ticks) {
    return ticks;
}

int ee_printf(const char *format, ...) {
    (void)format;
    return 0;
}
