/* Second-stage boot loader of the RP2040: 256 bytes that the boot ROM copies from the start of flash
 * to RAM, checks and runs (RP2040 datasheet 2.8.1.3). Sets the flash up for quad reads, then starts
 * the program whose vector table follows at 0x10000100.
 *
 * For flash chips that know fast read quad I/O (EBh) with continuous read mode A0h and have the
 * quad-enable bit in status register 2, bit 1, as the Pico's W25Q16JV does (its datasheet 7.1, 8.2).
 * Sections of the RP2040 datasheet in brackets. */
        .syntax unified
        .cpu    cortex-m0plus
        .thumb

#define SSI_CTRLR0 0x00 /* [4.10.13] */
#define SSI_CTRLR1 0x04
#define SSI_SSIENR 0x08
#define SSI_BAUDR 0x14
#define SSI_SR 0x28
#define SSI_DR0 0x60
#define SSI_RX_SAMPLE_DLY 0xF0
#define SSI_SPI_CTRLR0 0xF4
#define SR_BUSY 0x01
#define SR_TFE 0x04

#define READ_STATUS_1 0x05
#define READ_STATUS_2 0x35
#define WRITE_ENABLE 0x06
#define WRITE_STATUS 0x01
#define FAST_READ_QUAD_IO 0xEB
#define CONTINUOUS_READ 0xA0
#define STATUS_1_BUSY 0x01
#define STATUS_2_QUAD_ENABLE 0x02

        .section .boot2, "ax", %progbits
        .global tc_boot2
        .type   tc_boot2, %function
        .thumb_func
tc_boot2:
        /* Clock pad: 8 mA, fast slew. Data pads: no Schmitt trigger, which would delay [2.19.6.4]. */
        ldr     r3, pads_qspi
        movs    r0, #0x21
        str     r0, [r3, #0x04]
        ldr     r0, [r3, #0x08]
        movs    r1, #0x02
        bics    r0, r0, r1
        str     r0, [r3, #0x08]
        str     r0, [r3, #0x0C]
        str     r0, [r3, #0x10]
        str     r0, [r3, #0x14]

        /* Half the core clock (62.5 MHz at 125 MHz), sampled one core clock late. */
        ldr     r3, ssi
        movs    r1, #0
        str     r1, [r3, #SSI_SSIENR]
        movs    r1, #2
        str     r1, [r3, #SSI_BAUDR]
        movs    r1, #1
        movs    r2, #SSI_RX_SAMPLE_DLY
        str     r1, [r3, r2]

        /* Plain 8-bit transfers, to see to the quad-enable bit. */
        ldr     r1, ctrlr0_bytes
        str     r1, [r3, #SSI_CTRLR0]
        movs    r1, #1
        str     r1, [r3, #SSI_SSIENR]
        movs    r0, #READ_STATUS_2
        bl      read_status
        movs    r1, #STATUS_2_QUAD_ENABLE
        tst     r0, r1
        bne     enter_quad

        movs    r1, #WRITE_ENABLE
        str     r1, [r3, #SSI_DR0]
        bl      wait_idle
        ldr     r1, [r3, #SSI_DR0]
        movs    r1, #WRITE_STATUS
        str     r1, [r3, #SSI_DR0]
        movs    r1, #0
        str     r1, [r3, #SSI_DR0]
        movs    r1, #STATUS_2_QUAD_ENABLE
        str     r1, [r3, #SSI_DR0]
        bl      wait_idle
        ldr     r1, [r3, #SSI_DR0]
        ldr     r1, [r3, #SSI_DR0]
        ldr     r1, [r3, #SSI_DR0]
1:      movs    r0, #READ_STATUS_1
        bl      read_status
        movs    r1, #STATUS_1_BUSY
        tst     r0, r1
        bne     1b

enter_quad:
        /* One read with the command; from then on the chip expects addresses only. */
        movs    r1, #0
        str     r1, [r3, #SSI_SSIENR]
        str     r1, [r3, #SSI_CTRLR1]
        ldr     r1, ctrlr0_quad
        str     r1, [r3, #SSI_CTRLR0]
        ldr     r1, spi_ctrlr0_first
        movs    r2, #SSI_SPI_CTRLR0
        str     r1, [r3, r2]
        movs    r1, #1
        str     r1, [r3, #SSI_SSIENR]
        movs    r1, #FAST_READ_QUAD_IO
        str     r1, [r3, #SSI_DR0]
        movs    r1, #CONTINUOUS_READ
        str     r1, [r3, #SSI_DR0]
        bl      wait_idle
        movs    r1, #0
        str     r1, [r3, #SSI_SSIENR]
        ldr     r1, spi_ctrlr0_continued
        movs    r2, #SSI_SPI_CTRLR0
        str     r1, [r3, r2]
        movs    r1, #1
        str     r1, [r3, #SSI_SSIENR]

        ldr     r0, vectors
        ldr     r1, vtor
        str     r0, [r1]
        ldr     r1, [r0, #0]
        msr     msp, r1
        ldr     r1, [r0, #4]
        bx      r1

        /* Command in r0; status byte returned in r0. Uses r1, r2, r6. */
read_status:
        mov     r6, lr
        str     r0, [r3, #SSI_DR0]
        str     r0, [r3, #SSI_DR0]
        bl      wait_idle
        ldr     r0, [r3, #SSI_DR0]
        ldr     r0, [r3, #SSI_DR0]
        bx      r6

        /* Until all is sent. Uses r1, r2. */
wait_idle:
        ldr     r1, [r3, #SSI_SR]
        movs    r2, #SR_TFE
        tst     r1, r2
        beq     wait_idle
        movs    r2, #SR_BUSY
        tst     r1, r2
        bne     wait_idle
        bx      lr

        .balign 4
pads_qspi:
        .word   0x40020000
ssi:
        .word   0x18000000
ctrlr0_bytes:
        .word   7 << 16 /* DFS_32: 8 bits; standard SPI, send and receive */
ctrlr0_quad:
        .word   (2 << 21) | (31 << 16) | (3 << 8) /* quad, 32 bits, EEPROM read */
spi_ctrlr0_first:
        .word   (4 << 11) | (2 << 8) | (8 << 2) | 1 /* 4 wait cycles, 8-bit command in serial */
spi_ctrlr0_continued:
        .word   (CONTINUOUS_READ << 24) | (4 << 11) | (8 << 2) | 2 /* mode bits, no command */
vectors:
        .word   0x10000100
vtor:
        .word   0xE000ED08

        .fill   252 - (. - tc_boot2), 1, 0
        /* CRC-32 of the 252 bytes above, polynomial 0x04C11DB7, initial value 0xFFFFFFFF, bits not
         * reflected, no final inversion; the boot ROM runs nothing else [2.8.1.3.1]. */
        .word   0x05DA5929
        .size   tc_boot2, 256
