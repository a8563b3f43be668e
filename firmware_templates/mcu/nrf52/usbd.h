/* The nRF52840's USB device controller, polled: bus attachment, packets in and out. */
#ifndef TC_USBD_H
#define TC_USBD_H

#include <stdbool.h>
#include <stdint.h>

/* Largest packet of every endpoint that is not isochronous. */
#define TC_USBD_PACKET_BYTES 64u

/* Forget what a boot loader may have left. The crystal oscillator must run. */
void tc_platform_usbd_start(void);

/* Switch the controller on when the cable comes and off when it goes. False: there is no bus. */
bool tc_platform_usbd_follow_cable(void);

/* Leave the bus, as if the cable were pulled. */
void tc_platform_usbd_detach(void);

/* Give one packet to the host when it asks for it; `bytes` need only live until the return. */
void tc_platform_usbd_put(uint32_t endpoint, const uint8_t *bytes, uint32_t count);

/* Fetch the packet that has arrived at an endpoint and, unless it is 0, let the next one come.
 * `bytes` takes up to TC_USBD_PACKET_BYTES. Returns the packet's size. */
uint32_t tc_platform_usbd_take(uint32_t endpoint, uint8_t *bytes);

/* Only endpoint 0 answers, as after a bus reset. */
void tc_platform_usbd_close(void);

/* Switch on an endpoint, given by its address (bit 7: IN): not halted, empty, next packet DATA0. */
void tc_platform_usbd_open(uint32_t address);

/* Answer an endpoint with STALL from now on. */
void tc_platform_usbd_halt(uint32_t address);

bool tc_platform_usbd_is_halted(uint32_t address);

#endif
