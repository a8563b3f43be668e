/* Zephyr's polling UART interface. */
#ifndef ZEPHYR_UART_STAND_IN_H
#define ZEPHYR_UART_STAND_IN_H

#include <zephyr/device.h>

int uart_poll_in(const struct device *dev, unsigned char *byte);
void uart_poll_out(const struct device *dev, unsigned char byte);

#endif
