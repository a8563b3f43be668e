/* CRC-32 of IEEE 802.3, the one of zlib and of zip files. */
#ifndef TC_CRC32_H
#define TC_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC of `count` bytes; of several pieces, by passing the result so far. Start with crc = 0. */
uint32_t tc_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
