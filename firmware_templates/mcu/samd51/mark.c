/* Microchip SAMD51: the pin that is high while the model runs. Chapters of the data sheet
 * DS60001507 in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define PORT        (0x41008000u + 0x80u * TC_MARK_PORT) /* [PORT] */
#define PORT_DIRSET REGISTER(PORT + 0x08u)
#define PORT_OUTCLR REGISTER(PORT + 0x14u)
#define PORT_OUTSET REGISTER(PORT + 0x18u)

void tc_mark(bool high) {
    if (high) {
        PORT_OUTSET = 1u << TC_MARK_PIN;
    } else {
        PORT_OUTCLR = 1u << TC_MARK_PIN;
    }
    PORT_DIRSET = 1u << TC_MARK_PIN;
}

#endif
