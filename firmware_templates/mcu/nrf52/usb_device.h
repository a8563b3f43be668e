/* The device's side of USB 2.0 chapter 9, polled; what is of the class goes to usb_cdc.c. */
#ifndef TC_USB_DEVICE_H
#define TC_USB_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/* A SETUP packet [9.3]. */
typedef struct {
    uint8_t type;
    uint8_t request;
    uint16_t value;
    uint16_t index;
    uint16_t length;
} tc_usb_setup;

/* Do what the bus asks for by now; never waits for the host. */
void tc_platform_usb_poll(void);

/* Whether the host has chosen the configuration, so that data may flow. */
bool tc_platform_usb_is_configured(void);

/* What a class answers to one of its requests. */
typedef enum {
    TC_USB_REFUSE,  /* STALL */
    TC_USB_ACCEPT,  /* done, or wait for the data of a request that brings some */
    TC_USB_DATA_IN, /* send `data` */
} tc_usb_answer;

/* Longest data that a request may bring. */
#define TC_USB_MAX_REQUEST_DATA 8u

/* Of the class, called while polling: */

/* A request of the class. For TC_USB_DATA_IN, fills `data` and sets `count`. */
tc_usb_answer tc_platform_usb_class_request(const tc_usb_setup *setup, uint8_t *data,
                                            uint32_t *count);

/* The data of an accepted request that brings some have arrived, all of its wLength. */
void tc_platform_usb_class_data(const tc_usb_setup *setup, const uint8_t *data);

/* The host has been told that its last request was carried out. */
void tc_platform_usb_class_done(void);

/* Packets have moved at endpoints, bits as in EPDATASTATUS. */
void tc_platform_usb_class_moved(uint32_t endpoints);

/* The endpoints of the class were opened afresh, or closed by a reset or by the host. */
void tc_platform_usb_class_reset(void);

#endif
