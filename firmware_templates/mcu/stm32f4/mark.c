/* STMicroelectronics STM32F446 and STM32F411: the pin that is high while the model runs. Chapters
 * of the reference manuals RM0390 and RM0383 in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#include "tc_stm32_gpio.h"

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830u)                    /* [RCC registers] */
#define GPIO        TC_STM32_GPIO(0x40020000u, TC_MARK_PORT) /* [GPIO registers] */

void tc_mark(bool high) {
    RCC_AHB1ENR |= 1u << TC_MARK_PORT;
    (void)RCC_AHB1ENR; /* two cycles until the peripheral hears [RCC] */
    tc_stm32_gpio_drive(GPIO, TC_MARK_PIN, high);
}

#endif
