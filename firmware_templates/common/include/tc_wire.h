/* Bytes and little-endian numbers in packets, whatever the core's own byte order and alignment. */
#ifndef TC_WIRE_H
#define TC_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Copy bytes upwards: `to` may overlap `from` from below. One function of our own, because there is
 * no C library here, and each loop in its place would be unrolled. */
void tc_copy(uint8_t *to, const uint8_t *from, size_t count);

static inline uint16_t tc_get_u16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | (bytes[1] << 8));
}

static inline uint32_t tc_get_u32(const uint8_t *bytes) {
    return (uint32_t)tc_get_u16(bytes) | ((uint32_t)tc_get_u16(bytes + 2) << 16);
}

static inline void tc_put_u16(uint8_t *bytes, uint16_t value) {
    bytes[0] = (uint8_t)(value & 0xFFu);
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void tc_put_u32(uint8_t *bytes, uint32_t value) {
    tc_put_u16(bytes, (uint16_t)(value & 0xFFFFu));
    tc_put_u16(bytes + 2, (uint16_t)(value >> 16));
}

#endif
