/* The identity of this very binary, which the linker computes (--build-id=sha1). */
#ifndef TC_BUILD_ID_H
#define TC_BUILD_ID_H

#include <stdint.h>

#define TC_BUILD_ID_BYTES 20u

/* Copy the build id; all zero if the program was linked without one, as on a PC. */
void tc_build_id(uint8_t id[TC_BUILD_ID_BYTES]);

#endif
