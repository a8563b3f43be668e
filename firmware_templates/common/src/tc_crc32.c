#include "tc_crc32.h"

/* Remainders of the 16 values of four bits for the reflected polynomial 0xEDB88320: 64 bytes of
 * flash where the usual table of bytes takes 1024. */
static const uint32_t crc_of_nibble[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
    0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
    0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
};

uint32_t tc_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc_of_nibble[crc & 15u] ^ (crc >> 4);
        crc = crc_of_nibble[crc & 15u] ^ (crc >> 4);
    }
    return ~crc;
}
