/* Runs on the PC, inside the emulator: counts the blocks that the virtual board enters and checks
 * the alignment of the accesses that need it. tinycompress/device/emulator/native.py builds it,
 * fills the structures in and reads them; a Python version of the same counts the same, slower.
 *
 * No C library: it is built with whatever compiler comes with pip. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*tc_stop_function)(void *engine);
typedef int (*tc_read_register_function)(void *engine, int number, void *value);

/* A block is known by address and size: one may be entered in its middle, and the emulator may cut
 * one in two. `number` is -1 in a free slot. */
typedef struct {
    uint32_t address;
    uint32_t size;
    int64_t number;
} tc_slot;

/* The register must hold a multiple of mask + 1, less `offset`, when the block is entered. */
typedef struct {
    int32_t register_number;
    uint32_t offset;
    uint32_t mask;
    uint32_t rule; /* what to tell if it does not */
} tc_check;

typedef struct {
    int64_t fuel; /* bytes that may be entered before the processor stops */
    int64_t end;  /* address after the last block, -1 if unknown */
    int64_t last; /* number of the last block, -1 if none */
    uint32_t unknown_address;
    uint32_t unknown_size; /* 0: the processor did not stop at a new block */
    uint32_t out_of_fuel;  /* 1: the processor stopped because of that */
    uint32_t reserved;
    uint64_t slot_mask;
    const tc_slot *slots;
    uint64_t *entries;           /* by number */
    uint64_t *falls;             /* entries from the block just before in memory */
    const uint32_t *first_check; /* by number; the last block's end follows */
    const tc_check *checks;
    uint32_t violated_rule; /* plus 1; 0: none */
    uint32_t violated_address;
    tc_read_register_function read_register;
    tc_stop_function stop;
} tc_counter;

typedef struct {
    int32_t register_number;
    int32_t offset;
    uint32_t alignment; /* a power of two */
    uint32_t address;   /* of the access that is not aligned */
    uint32_t violated;
    uint32_t reserved;
    tc_read_register_function read_register;
    tc_stop_function stop;
} tc_alignment_rule;

#if defined(_WIN32)
#define TC_EXPORT __declspec(dllexport)
#else
#define TC_EXPORT __attribute__((visibility("default")))
#endif

TC_EXPORT void tc_counter_entered(void *engine, uint64_t address, uint32_t size,
                                  tc_counter *counter);
TC_EXPORT int64_t tc_counter_weighted(const tc_counter *counter, int64_t blocks,
                                      const int64_t *per_entry, const int64_t *per_fall);
TC_EXPORT void tc_check_alignment(void *engine, uint64_t address, uint32_t size,
                                  tc_alignment_rule *rule);

static bool is_aligned(void *engine, tc_counter *counter, int64_t number) {
    for (uint32_t i = counter->first_check[number]; i < counter->first_check[number + 1]; ++i) {
        const tc_check *check = &counter->checks[i];
        uint32_t value = 0;
        counter->read_register(engine, check->register_number, &value);
        value += check->offset;
        if ((value & check->mask) != 0u) {
            counter->violated_rule = check->rule + 1u;
            counter->violated_address = value;
            return false;
        }
    }
    return true;
}

static int64_t find(const tc_counter *counter, uint32_t address, uint32_t size) {
    /* The table is never full: the search ends at a free slot. */
    for (uint64_t at = address >> 1;; ++at) {
        const tc_slot *slot = &counter->slots[at & counter->slot_mask];
        if (slot->number < 0 || (slot->address == address && slot->size == size)) {
            return slot->number;
        }
    }
}

void tc_counter_entered(void *engine, uint64_t address, uint32_t size, tc_counter *counter) {
    const int64_t number = find(counter, (uint32_t)address, size);
    if (number < 0) {
        counter->unknown_address = (uint32_t)address;
        counter->unknown_size = size;
        counter->stop(engine);
        return;
    }
    if (counter->fuel <= 0) {
        counter->out_of_fuel = 1;
        counter->stop(engine);
        return;
    }
    if (counter->first_check[number] != counter->first_check[number + 1] &&
        !is_aligned(engine, counter, number)) {
        counter->stop(engine);
        return;
    }
    counter->fuel -= (int64_t)size;
    counter->entries[number] += 1;
    counter->falls[number] += (int64_t)address == counter->end;
    counter->end = (int64_t)(address + size);
    counter->last = number;
}

int64_t tc_counter_weighted(const tc_counter *counter, int64_t blocks, const int64_t *per_entry,
                            const int64_t *per_fall) {
    int64_t sum = 0;
    for (int64_t i = 0; i < blocks; ++i) {
        sum +=
            (int64_t)counter->entries[i] * per_entry[i] + (int64_t)counter->falls[i] * per_fall[i];
    }
    return sum;
}

void tc_check_alignment(void *engine, uint64_t address, uint32_t size, tc_alignment_rule *rule) {
    (void)address;
    (void)size;
    uint32_t base = 0;
    rule->read_register(engine, rule->register_number, &base);
    const uint32_t target = base + (uint32_t)rule->offset;
    if ((target & (rule->alignment - 1u)) != 0u && rule->violated == 0u) {
        rule->address = target;
        rule->violated = 1;
        rule->stop(engine);
    }
}
