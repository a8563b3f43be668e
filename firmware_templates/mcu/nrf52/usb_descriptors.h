/* What the device tells of itself: USB 2.0 chapter 9 and CDC 1.2 (PSTN subclass 1.2, ACM). */
#ifndef TC_USB_DESCRIPTORS_H
#define TC_USB_DESCRIPTORS_H

#include <stdint.h>

#define TC_USB_CONFIGURATION         1u
#define TC_USB_INTERFACES            2u
#define TC_USB_INTERFACE_CONTROL     0u
#define TC_USB_INTERFACE_DATA        1u
#define TC_USB_ENDPOINT_NOTIFICATION 0x81u
#define TC_USB_ENDPOINT_OUT          0x02u
#define TC_USB_ENDPOINT_IN           0x82u

typedef struct {
    const uint8_t *bytes; /* 0: there is no such descriptor */
    uint32_t count;
} tc_usb_descriptor;

/* The descriptor of GET_DESCRIPTOR's wValue (type in the high byte, index in the low one) and
 * wIndex (language of a string). Good until the next call. */
tc_usb_descriptor tc_platform_usb_descriptor(uint32_t value, uint32_t index);

#endif
