/* STMicroelectronics STM32U575: the pin that is high while the model runs. Chapters of
 * the reference manual RM0456 in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB2ENR1 REGISTER(0x46020C8Cu)                 /* [RCC registers] */
#define GPIO_BASE    (0x42020000u + 0x400u * TC_MARK_PORT) /* [GPIO registers] */
#define GPIO_MODER   REGISTER(GPIO_BASE + 0x00u)
#define GPIO_BSRR    REGISTER(GPIO_BASE + 0x18u)
#define MODE_OUTPUT  1u

_Static_assert(TC_MARK_PORT != 6,
               "port G has a supply of its own, which this port does not turn on [PWR]");

void tc_mark(bool high) {
    RCC_AHB2ENR1 |= 1u << TC_MARK_PORT;
    (void)RCC_AHB2ENR1; /* two cycles until the peripheral hears [RCC] */
    GPIO_BSRR = 1u << (high ? TC_MARK_PIN : TC_MARK_PIN + 16u);
    GPIO_MODER = (GPIO_MODER & ~(3u << (2u * TC_MARK_PIN))) | (MODE_OUTPUT << (2u * TC_MARK_PIN));
}

#endif
