/* What the stand-in interpreter answers, and what it was asked; set and read by tests. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <cstddef>
#include <cstdint>

struct StandIn {
    uint32_t schema_version = 3;
    size_t needed_bytes = 0;  /* AllocateTensors fails in a smaller arena */
    bool refuses_ops = false; /* the resolver's Add methods fail */
    bool fails_to_start = false;
    bool fails_to_invoke = false;
    size_t layers = 0; /* operators that an invocation runs: the resolver's, in turn */
    size_t inputs = 1;
    int added = 0;
    int added_int8 = 0;
    int invoked = 0;
    int invoked_unallocated = 0;
    int reset = 0;
    int ran[64] = {}; /* runs of each of the resolver's operators */
};

extern StandIn stand_in;

#endif
