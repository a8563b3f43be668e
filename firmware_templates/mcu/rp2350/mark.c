/* Raspberry Pi RP2350: the pin that is high while the model runs. Sections of the datasheet in
 * brackets. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SIO_GPIO_OUT_SET REGISTER(0xD0000018u) /* [3.1.11] */
#define SIO_GPIO_OUT_CLR REGISTER(0xD0000020u)
#define SIO_GPIO_OE_SET  REGISTER(0xD0000038u)
#define IO_BANK0_CTRL    REGISTER(0x40028004u + 8u * TC_MARK_PIN) /* [9.11.1] */
#define PADS_BANK0       REGISTER(0x40038004u + 4u * TC_MARK_PIN) /* [9.11.3] */
#define IO_FUNCTION_SIO  5u
#define PAD_OUTPUT       0x56u /* no longer isolated */

_Static_assert(TC_MARK_PORT == 0 && TC_MARK_PIN < 32, "this port drives the first 32 pins");

void tc_mark(bool high) {
    if (high) {
        SIO_GPIO_OUT_SET = 1u << TC_MARK_PIN;
    } else {
        SIO_GPIO_OUT_CLR = 1u << TC_MARK_PIN;
    }
    SIO_GPIO_OE_SET = 1u << TC_MARK_PIN;
    IO_BANK0_CTRL = IO_FUNCTION_SIO;
    PADS_BANK0 = PAD_OUTPUT;
}

#endif
