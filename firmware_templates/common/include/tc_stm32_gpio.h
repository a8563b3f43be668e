/* The GPIO ports of STMicroelectronics' STM32 families, for platform.c and mark.c files. The ports'
 * addresses and clocks differ by family, their registers do not: RM0390 (F4), RM0385 (F7), RM0432
 * (L4+), RM0444 (G0), RM0433 (H7) and RM0456 (U5), chapters "GPIO registers". */
#ifndef TC_STM32_GPIO_H
#define TC_STM32_GPIO_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    volatile uint32_t mode; /* MODER, two bits a pin */
    volatile uint32_t otyper;
    volatile uint32_t ospeedr;
    volatile uint32_t pull; /* PUPDR, two bits a pin */
    volatile uint32_t idr;
    volatile uint32_t odr;
    volatile uint32_t bsrr; /* sets a pin, or clears it 16 bits higher */
    volatile uint32_t lckr;
    volatile uint32_t afr[2]; /* four bits a pin */
} tc_stm32_gpio;

#define TC_STM32_GPIO_MODE_OUTPUT    1u
#define TC_STM32_GPIO_MODE_ALTERNATE 2u
#define TC_STM32_GPIO_PULL_UP        1u

/* port: A is 0. */
#define TC_STM32_GPIO(base, port) ((tc_stm32_gpio *)((base) + 0x400u * (port)))

static inline void tc_stm32_gpio_set_two_bits(volatile uint32_t *field, uint32_t pin,
                                              uint32_t value) {
    *field = (*field & ~(3u << (2u * pin))) | (value << (2u * pin));
}

/* A pin for a peripheral, pulled up, so that nothing is heard of a line that is not there. */
static inline void tc_stm32_gpio_connect(tc_stm32_gpio *gpio, uint32_t pin, uint32_t function) {
    const uint32_t nibble = 4u * (pin % 8u);
    gpio->afr[pin / 8u] = (gpio->afr[pin / 8u] & ~(15u << nibble)) | (function << nibble);
    tc_stm32_gpio_set_two_bits(&gpio->pull, pin, TC_STM32_GPIO_PULL_UP);
    tc_stm32_gpio_set_two_bits(&gpio->mode, pin, TC_STM32_GPIO_MODE_ALTERNATE);
}

/* The level comes before the mode: an output never begins with another one. */
static inline void tc_stm32_gpio_drive(tc_stm32_gpio *gpio, uint32_t pin, bool high) {
    gpio->bsrr = 1u << (high ? pin : pin + 16u);
    tc_stm32_gpio_set_two_bits(&gpio->mode, pin, TC_STM32_GPIO_MODE_OUTPUT);
}

#endif
