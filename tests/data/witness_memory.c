/* Copies and fills of every alignment and length, by loops and by the runtime library. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);

static uint8_t here[512], there[512];

uint32_t work(void) {
    uint32_t sum = 0;
    /* Nobody has cleared it, and what RAM holds at first is different on every machine. */
    (void)memset(there, 0, sizeof there);
    for (uint32_t i = 0; i < sizeof here; i++) {
        here[i] = (uint8_t)(i * 37u);
    }
    for (uint32_t round = 0; round < 200; round++) {
        volatile size_t count = 1u + round;
        (void)memset(there, (int)round, count + 9u);
        (void)memcpy(there + round % 7u, here + round % 5u, count);
        for (uint32_t i = 0; i < 300; i += 3) {
            sum = (sum << 5 | sum >> 27) + there[i];
        }
    }
    return sum;
}
