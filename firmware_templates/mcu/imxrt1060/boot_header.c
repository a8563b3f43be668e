/* What the boot ROM of an i.MX RT1060 reads before it starts a program in place from the flash chip
 * at FlexSPI: the chip's configuration block at the start of flash, the image vector table 4 KiB
 * later.
 *
 * Chapters of the i.MX RT1060 Processor Reference Manual (IMXRT1060RM) in brackets, by name. */
#include <stdint.h>

#include "board_config.h"

#define FLASH_START      0x60000000u
#define FLASH_CHIP_BYTES 0x00800000u
_Static_assert(TC_BOARD_FLASH_BYTES <= FLASH_CHIP_BYTES &&
                   TC_BOARD_FLASH_BYTES > FLASH_CHIP_BYTES / 2u,
               "this port is for flash chips of 8 MB");

/* A step of a command sequence: what, over so many lines (0: 1, 2: 4), with an operand. Two steps
 * make a word [FlexSPI: look-up table]. */
#define STEP(what, lines, operand) (((what) << 10) | ((lines) << 8) | (operand))
#define PAIR(first, second)        ((first) | ((second) << 16))
#define CMD_SDR                    1u
#define RADDR_SDR                  2u
#define MODE8_SDR                  7u
#define READ_SDR                   9u
#define DUMMY_SDR                  12u
#define ONE_LINE                   0u
#define FOUR_LINES                 2u
#define FAST_READ_QUAD_IO          0xEBu
#define NOT_CONTINUOUS             0xFFu

/* [System Boot: FlexSPI NOR configuration block] */
typedef struct {
    uint32_t tag; /* "FCFB" */
    uint32_t version;
    uint32_t reserved_0;
    uint8_t read_sample_clock; /* 1: looped back through the DQS pad */
    uint8_t chip_select_hold;
    uint8_t chip_select_setup;
    uint8_t column_address_width;
    uint32_t device_mode[4];
    uint32_t configuration[8];
    uint32_t controller_options;
    uint8_t device_type; /* 1: serial NOR */
    uint8_t lines;
    uint8_t clock; /* 6: 100 MHz */
    uint8_t custom_sequences;
    uint32_t reserved_1[2];
    uint32_t size_bytes[4]; /* ports A1, A2, B1, B2 */
    uint32_t pad_settings[4];
    uint32_t timeouts[4];
    uint32_t lookup_table[64]; /* sequence 0 reads */
    uint32_t custom_commands[12];
    uint32_t reserved_2[4];
    uint32_t page_bytes; /* from here on: serial NOR */
    uint32_t sector_bytes;
    uint8_t command_clock; /* 1: 30 MHz */
    uint8_t reserved_3[55];
} flash_configuration;
_Static_assert(sizeof(flash_configuration) == 512, "size of the configuration block");

/* [System Boot: boot data] */
typedef struct {
    uint32_t start;
    uint32_t length_bytes;
    uint32_t is_plugin;
} boot_data;

/* [System Boot: image vector table] */
typedef struct {
    uint32_t header; /* tag D1h, length 0020h with its high byte first, version 43h */
    void (*entry)(void);
    uint32_t reserved_0;
    const void *device_configuration;
    const boot_data *data;
    const void *self;
    const void *signature;
    uint32_t reserved_1;
} image_vector_table;

typedef struct {
    flash_configuration flash;
    uint8_t unused[0x1000u - sizeof(flash_configuration)];
    image_vector_table table;
    boot_data data;
} boot_header;

void tc_reset(void);
extern const boot_header tc_boot_header;

/* The program itself starts at its first instruction: tc_reset needs no stack. */
__attribute__((section(".boot_header"), used)) const boot_header tc_boot_header = {
    .flash =
        {
            .tag = 0x42464346u,
            .version = 0x56010000u,
            .read_sample_clock = 1u,
            .chip_select_hold = 1u,
            .chip_select_setup = 2u,
            .device_type = 1u,
            .lines = 4u,
            .clock = 6u,
            .size_bytes = {FLASH_CHIP_BYTES},
            .lookup_table =
                {
                    PAIR(STEP(CMD_SDR, ONE_LINE, FAST_READ_QUAD_IO),
                         STEP(RADDR_SDR, FOUR_LINES, 24u)),
                    PAIR(STEP(MODE8_SDR, FOUR_LINES, NOT_CONTINUOUS),
                         STEP(DUMMY_SDR, FOUR_LINES, 4u)),
                    PAIR(STEP(READ_SDR, FOUR_LINES, 4u), 0u),
                },
            .page_bytes = 256u,
            .sector_bytes = 4096u,
            .command_clock = 1u,
        },
    .table =
        {
            .header = 0x432000D1u,
            .entry = tc_reset,
            .data = &tc_boot_header.data,
            .self = &tc_boot_header.table,
        },
    .data = {.start = FLASH_START, .length_bytes = FLASH_CHIP_BYTES},
};
