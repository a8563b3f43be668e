/* Sections of the Universal Serial Bus Specification 2.0 and of the Class Definitions for
 * Communications Devices 1.2 (CDC) and their PSTN subclass 1.2 in brackets. */
#include "usb_descriptors.h"

#include <stddef.h>

#include "board_config.h"

#if TC_SERIAL_USB_CDC

#include "usbd.h"
#include "usbd_registers.h"

#define LOW(word)  ((uint8_t)((word)&0xFFu))
#define HIGH(word) ((uint8_t)((word) >> 8))

#define TYPE_DEVICE        1u
#define TYPE_CONFIGURATION 2u
#define TYPE_STRING        3u
#define TYPE_INTERFACE     4u
#define TYPE_ENDPOINT      5u
#define TYPE_CS_INTERFACE  0x24u

#define CLASS_COMMUNICATIONS 0x02u /* [CDC 4.2] */
#define CLASS_DATA           0x0Au /* [CDC 4.5] */
#define SUBCLASS_ACM         0x02u
#define NO_PROTOCOL          0u

#define STRING_LANGUAGES    0u
#define STRING_MANUFACTURER 1u
#define STRING_PRODUCT      2u
#define STRING_SERIAL       3u
#define ENGLISH_US          0x0409u

#define CONFIGURATION_BYTES (9u + 9u + 5u + 5u + 4u + 5u + 7u + 9u + 7u + 7u)
#define BUS_POWERED         0x80u
#define MILLIAMPERES_100    50u
#define BULK                2u
#define INTERRUPT           3u
/* SERIAL_STATE, the longest notification, has 10 bytes [PSTN 6.5.4]; none is ever sent. */
#define NOTIFICATION_BYTES 16u
#define NOTIFICATION_MS    16u

/* The class stands here and there is no interface association: the device has one function only
 * [CDC 4.2]. */
/* clang-format off */
static const uint8_t device[18] = {
    18, TYPE_DEVICE, 0x00, 0x02, /* USB 2.0 [9.6.1] */
    CLASS_COMMUNICATIONS, 0, 0, TC_USBD_PACKET_BYTES,
    LOW(TC_USB_VENDOR_ID), HIGH(TC_USB_VENDOR_ID),
    LOW(TC_USB_PRODUCT_ID), HIGH(TC_USB_PRODUCT_ID),
    0x00, 0x01, /* release 1.00 */
    STRING_MANUFACTURER, STRING_PRODUCT, STRING_SERIAL,
    1, /* configuration */
};

static const uint8_t configuration[CONFIGURATION_BYTES] = {
    /* [9.6.3] */
    9, TYPE_CONFIGURATION, LOW(CONFIGURATION_BYTES), HIGH(CONFIGURATION_BYTES),
    TC_USB_INTERFACES, TC_USB_CONFIGURATION, 0, BUS_POWERED, MILLIAMPERES_100,
    /* [9.6.5] the control interface */
    9, TYPE_INTERFACE, TC_USB_INTERFACE_CONTROL, 0, 1,
    CLASS_COMMUNICATIONS, SUBCLASS_ACM, NO_PROTOCOL, 0,
    /* [CDC 5.2.3.1] header: CDC 1.20 */
    5, TYPE_CS_INTERFACE, 0x00, 0x20, 0x01,
    /* [PSTN 5.3.1] call management: none */
    5, TYPE_CS_INTERFACE, 0x01, 0x00, TC_USB_INTERFACE_DATA,
    /* [PSTN 5.3.2] abstract control: line coding and line state, no break */
    4, TYPE_CS_INTERFACE, 0x02, 0x02,
    /* [CDC 5.2.3.2] union of the two interfaces */
    5, TYPE_CS_INTERFACE, 0x06, TC_USB_INTERFACE_CONTROL, TC_USB_INTERFACE_DATA,
    /* [9.6.6] */
    7, TYPE_ENDPOINT, TC_USB_ENDPOINT_NOTIFICATION, INTERRUPT,
    NOTIFICATION_BYTES, 0, NOTIFICATION_MS,
    /* the data interface */
    9, TYPE_INTERFACE, TC_USB_INTERFACE_DATA, 0, 2, CLASS_DATA, 0, NO_PROTOCOL, 0,
    7, TYPE_ENDPOINT, TC_USB_ENDPOINT_OUT, BULK, TC_USBD_PACKET_BYTES, 0, 0,
    7, TYPE_ENDPOINT, TC_USB_ENDPOINT_IN, BULK, TC_USBD_PACKET_BYTES, 0, 0,
};
/* clang-format on */

static const uint8_t languages[4] = {4, TYPE_STRING, LOW(ENGLISH_US), HIGH(ENGLISH_US)};

#define DEVICE_ID_DIGITS 16u
#define MAX_CHARACTERS                                                                             \
    (sizeof TC_BOARD_NAME - 1u > DEVICE_ID_DIGITS ? sizeof TC_BOARD_NAME - 1u : DEVICE_ID_DIGITS)
_Static_assert(2u + 2u * MAX_CHARACTERS <= 255u, "a string descriptor's length is one byte");
static uint8_t string[2u + 2u * MAX_CHARACTERS];

static tc_usb_descriptor finish_string(uint32_t characters) {
    const uint32_t count = 2u + 2u * characters;
    string[0] = (uint8_t)count;
    string[1] = TYPE_STRING;
    return (tc_usb_descriptor){string, count};
}

/* [9.6.7] UTF-16LE */
static void put_character(uint32_t at, char character) {
    string[2u + 2u * at] = (uint8_t)character;
    string[3u + 2u * at] = 0;
}

static tc_usb_descriptor text_string(const char *text) {
    uint32_t count = 0;
    for (; text[count] != '\0'; ++count) {
        put_character(count, text[count]);
    }
    return finish_string(count);
}

/* The chip's own number, which no other has. */
static tc_usb_descriptor serial_string(void) {
    for (uint32_t i = 0; i < DEVICE_ID_DIGITS; ++i) {
        const uint32_t word = FICR_DEVICEID(i < 8u ? 1u : 0u);
        put_character(i, "0123456789ABCDEF"[(word >> (28u - 4u * (i % 8u))) & 0xFu]);
    }
    return finish_string(DEVICE_ID_DIGITS);
}

static tc_usb_descriptor string_descriptor(uint32_t number, uint32_t language) {
    if (number == STRING_LANGUAGES) {
        return (tc_usb_descriptor){languages, sizeof languages};
    }
    if (language == ENGLISH_US) {
        switch (number) {
        case STRING_MANUFACTURER:
            return text_string("tinycompress");
        case STRING_PRODUCT:
            return text_string(TC_BOARD_NAME);
        case STRING_SERIAL:
            return serial_string();
        default:
            break;
        }
    }
    return (tc_usb_descriptor){NULL, 0};
}

/* There is no DEVICE_QUALIFIER: a device that knows full speed only must refuse it [9.6.2]. */
tc_usb_descriptor tc_platform_usb_descriptor(uint32_t value, uint32_t index) {
    const uint32_t number = value & 0xFFu;
    switch (value >> 8) {
    case TYPE_DEVICE:
        if (number == 0u) {
            return (tc_usb_descriptor){device, sizeof device};
        }
        break;
    case TYPE_CONFIGURATION:
        if (number == 0u) {
            return (tc_usb_descriptor){configuration, sizeof configuration};
        }
        break;
    case TYPE_STRING:
        return string_descriptor(number, index);
    default:
        break;
    }
    return (tc_usb_descriptor){NULL, 0};
}

#endif
