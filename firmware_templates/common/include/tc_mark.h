/* A pin that is high while the model runs, so that a power analyser can tell what an inference
 * costs. A board whose file names one has TC_MARK_PORT and TC_MARK_PIN in its board_config.h, and
 * its family brings mark.c; without them this costs nothing. */
#ifndef TC_MARK_H
#define TC_MARK_H

#include <stdbool.h>

#include "board_config.h"

#ifdef TC_MARK_PIN

/* Drive the pin; the first call also makes it an output. After tc_platform_init(). */
void tc_mark(bool high);

#else

static inline void tc_mark(bool high) {
    (void)high;
}

#endif

#endif
