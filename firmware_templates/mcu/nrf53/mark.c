/* Nordic nRF5340, application core: the pin that is high while the model runs [GPIO]. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define GPIO_BASE      (0x50842500u + 0x300u * TC_MARK_PORT)
#define GPIO_OUTSET    REGISTER(GPIO_BASE + 0x008u)
#define GPIO_OUTCLR    REGISTER(GPIO_BASE + 0x00Cu)
#define GPIO_PIN_CNF   REGISTER(GPIO_BASE + 0x200u + 4u * TC_MARK_PIN)
#define PIN_CNF_OUTPUT 3u /* DIR output, INPUT disconnected */

void tc_mark(bool high) {
    if (high) {
        GPIO_OUTSET = 1u << TC_MARK_PIN;
    } else {
        GPIO_OUTCLR = 1u << TC_MARK_PIN;
    }
    GPIO_PIN_CNF = PIN_CNF_OUTPUT;
}

#endif
