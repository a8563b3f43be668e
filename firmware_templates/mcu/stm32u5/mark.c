/* STMicroelectronics STM32U575: the pin that is high while the model runs. Chapters of
 * the reference manual RM0456 in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#include "tc_stm32_gpio.h"

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB2ENR1 REGISTER(0x46020C8Cu)                    /* [RCC registers] */
#define GPIO         TC_STM32_GPIO(0x42020000u, TC_MARK_PORT) /* [GPIO registers] */

_Static_assert(TC_MARK_PORT != 6,
               "port G has a supply of its own, which this port does not turn on [PWR]");

void tc_mark(bool high) {
    RCC_AHB2ENR1 |= 1u << TC_MARK_PORT;
    (void)RCC_AHB2ENR1; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_drive(GPIO, TC_MARK_PIN, high);
}

#endif
