/* Raspberry Pi RP2040: the pin that is high while the model runs. Sections of the datasheet in
 * brackets. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SIO_GPIO_OUT_SET REGISTER(0xD0000014u) /* [2.3.1.7] */
#define SIO_GPIO_OUT_CLR REGISTER(0xD0000018u)
#define SIO_GPIO_OE_SET  REGISTER(0xD0000024u)
#define IO_BANK0_CTRL    REGISTER(0x40014004u + 8u * TC_MARK_PIN) /* [2.19.6.1] */
#define IO_FUNCTION_SIO  5u

_Static_assert(TC_MARK_PORT == 0, "an RP2040 has one bank of pins");

void tc_mark(bool high) {
    if (high) {
        SIO_GPIO_OUT_SET = 1u << TC_MARK_PIN;
    } else {
        SIO_GPIO_OUT_CLR = 1u << TC_MARK_PIN;
    }
    SIO_GPIO_OE_SET = 1u << TC_MARK_PIN;
    IO_BANK0_CTRL = IO_FUNCTION_SIO;
}

#endif
