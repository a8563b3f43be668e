/* The serial transport below tc_platform_getc() and tc_platform_write(): uart.c, or usb_cdc.c where
 * board_config.h says TC_SERIAL_USB_CDC. */
#ifndef TC_SERIAL_H
#define TC_SERIAL_H

#include <stdbool.h>

/* Start the transport. The crystal oscillator must run. */
void tc_platform_serial_start(void);

/* Look after the transport when the program has ended, so that the board can be flashed again.
 * False: there is nothing to do, now or later. */
bool tc_platform_serial_serve(void);

#endif
