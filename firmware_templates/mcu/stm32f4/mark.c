/* STMicroelectronics STM32F446: the pin that is high while the model runs. Chapters of
 * the reference manual RM0390 in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830u)                 /* [RCC registers] */
#define GPIO_BASE   (0x40020000u + 0x400u * TC_MARK_PORT) /* [GPIO registers] */
#define GPIO_MODER  REGISTER(GPIO_BASE + 0x00u)
#define GPIO_BSRR   REGISTER(GPIO_BASE + 0x18u)
#define MODE_OUTPUT 1u

void tc_mark(bool high) {
    RCC_AHB1ENR |= 1u << TC_MARK_PORT;
    (void)RCC_AHB1ENR; /* two cycles until the peripheral hears [RCC] */
    GPIO_BSRR = 1u << (high ? TC_MARK_PIN : TC_MARK_PIN + 16u);
    GPIO_MODER = (GPIO_MODER & ~(3u << (2u * TC_MARK_PIN))) | (MODE_OUTPUT << (2u * TC_MARK_PIN));
}

#endif
