/* The image definition without which the boot ROM of an RP2350 starts nothing: a program for the
 * Arm cores in their secure state, whose vector table is at the start of flash. RP2350
 * datasheet, 5.9.5 Minimum viable image metadata. It must lie within the first 4 KiB: the linker
 * script puts it behind the vector table. */
#include <stdint.h>

#define BLOCK_BEGINS 0xFFFFDED3u
#define BLOCK_ENDS   0xAB123579u
/* Item types; a size in words follows. */
#define ITEM_IMAGE_TYPE (0x42u | (1u << 8))
#define ITEM_LAST       (0xFFu | (1u << 8)) /* the size of all items before it */
/* Flags of the image type: executable, secure; the CPU is Arm (0), the chip an RP2350. */
#define EXECUTABLE_SECURE_RP2350 ((1u << 0) | (2u << 4) | (1u << 12))
#define ONLY_BLOCK               0u /* offset of the next block in the loop */

__attribute__((section(".boot_block"), used)) static const uint32_t image_definition[] = {
    BLOCK_BEGINS, ITEM_IMAGE_TYPE | (EXECUTABLE_SECURE_RP2350 << 16), ITEM_LAST, ONLY_BLOCK,
    BLOCK_ENDS,
};
