/* A serial port over USB: the Abstract Control Model of CDC, PSTN subclass 1.2, whose sections are
 * in brackets. Bytes flow whether or not the host raises DTR: some programs never do. */
#include <stdbool.h>

#include "board_config.h"
#include "serial.h"
#include "tc_platform.h"

#if TC_SERIAL_USB_CDC

#include "boot_loader.h"
#include "usb_descriptors.h"
#include "usb_device.h"
#include "usbd.h"
#include "usbd_registers.h"

enum { /* [6.3] */
       SET_LINE_CODING = 0x20,
       GET_LINE_CODING = 0x21,
       SET_CONTROL_LINE_STATE = 0x22,
};
#define CLASS_TO_INTERFACE   0x21u
#define CLASS_FROM_INTERFACE 0xA1u
#define LINE_CODING_BYTES    7u
#define LINE_STATE_DTR       (1u << 0)

/* Opening a port at this rate and letting DTR go asks for the boot loader: Arduino's convention. */
#define TOUCH_BAUD 1200u

#define ENDPOINT(address) ((address)&7u)

static struct {
    uint8_t line_coding[LINE_CODING_BYTES]; /* means nothing here, but is told again */
    bool rate_was_set;
    bool dtr;
    bool in_is_armed;    /* a packet waits for the host to fetch it */
    bool out_has_packet; /* a packet waits for us to fetch it */
    uint32_t listener;   /* counts up whenever whoever listened went away */
    uint8_t received[TC_USBD_PACKET_BYTES];
    uint32_t received_count;
    uint32_t received_next;
} port = {
    .line_coding = {TC_UART_BAUD & 0xFFu, (TC_UART_BAUD >> 8) & 0xFFu, (TC_UART_BAUD >> 16) & 0xFFu,
                    TC_UART_BAUD >> 24, 0, 0, 8}, /* [6.3.11] 8N1 */
};

static uint32_t rate(void) {
    return port.line_coding[0] | (uint32_t)port.line_coding[1] << 8 |
           (uint32_t)port.line_coding[2] << 16 | (uint32_t)port.line_coding[3] << 24;
}

tc_usb_answer tc_platform_usb_class_request(const tc_usb_setup *setup, uint8_t *data,
                                            uint32_t *count) {
    if (setup->index != TC_USB_INTERFACE_CONTROL) {
        return TC_USB_REFUSE;
    }
    switch (setup->type << 8 | setup->request) {
    case CLASS_TO_INTERFACE << 8 | SET_LINE_CODING:
        return setup->length == LINE_CODING_BYTES ? TC_USB_ACCEPT : TC_USB_REFUSE;
    case CLASS_FROM_INTERFACE << 8 | GET_LINE_CODING:
        for (uint32_t i = 0; i < LINE_CODING_BYTES; ++i) {
            data[i] = port.line_coding[i];
        }
        *count = LINE_CODING_BYTES;
        return TC_USB_DATA_IN;
    case CLASS_TO_INTERFACE << 8 | SET_CONTROL_LINE_STATE: {
        const bool dtr = (setup->value & LINE_STATE_DTR) != 0u;
        if (setup->length != 0u) {
            return TC_USB_REFUSE;
        }
        if (port.dtr && !dtr) {
            ++port.listener;
        }
        port.dtr = dtr;
        return TC_USB_ACCEPT;
    }
    default:
        return TC_USB_REFUSE;
    }
}

void tc_platform_usb_class_data(const tc_usb_setup *setup, const uint8_t *data) {
    (void)setup; /* only SET_LINE_CODING brings data */
    for (uint32_t i = 0; i < LINE_CODING_BYTES; ++i) {
        port.line_coding[i] = data[i];
    }
    port.rate_was_set = true;
}

void tc_platform_usb_class_done(void) {
    if (port.rate_was_set && rate() == TOUCH_BAUD && !port.dtr) {
        tc_platform_usbd_detach();
        tc_platform_enter_boot_loader();
    }
}

void tc_platform_usb_class_moved(uint32_t endpoints) {
    if ((endpoints & EPDATASTATUS_IN(ENDPOINT(TC_USB_ENDPOINT_IN))) != 0u) {
        port.in_is_armed = false;
    }
    if ((endpoints & EPDATASTATUS_OUT(ENDPOINT(TC_USB_ENDPOINT_OUT))) != 0u) {
        port.out_has_packet = true;
    }
}

void tc_platform_usb_class_reset(void) {
    port.in_is_armed = false;
    port.out_has_packet = false;
    ++port.listener;
    if (!tc_platform_usb_is_configured()) {
        port.dtr = false;
        port.rate_was_set = false;
        port.received_next = port.received_count;
    }
}

/* False: whoever listened when this write began went away. Suspended, it waits for the resume. */
static bool send_packet(const uint8_t *bytes, uint32_t count, uint32_t listener) {
    while (port.in_is_armed) {
        tc_platform_usb_poll();
        if (port.listener != listener) {
            return false;
        }
    }
    port.in_is_armed = true;
    tc_platform_usbd_put(ENDPOINT(TC_USB_ENDPOINT_IN), bytes, count);
    return true;
}

void tc_platform_serial_start(void) {
    tc_platform_usbd_start();
}

bool tc_platform_serial_serve(void) {
    tc_platform_usb_poll();
    return true;
}

int tc_platform_getc(void) {
    if (port.received_next == port.received_count) {
        tc_platform_usb_poll();
        if (!port.out_has_packet) {
            return -1;
        }
        /* First this, for the next packet may come while this one is fetched. */
        port.out_has_packet = false;
        port.received_next = 0;
        port.received_count = tc_platform_usbd_take(ENDPOINT(TC_USB_ENDPOINT_OUT), port.received);
        if (port.received_count == 0u) {
            return -1;
        }
    }
    return port.received[port.received_next++];
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    const uint32_t listener = port.listener;
    uint32_t packet = 0;
    if (!tc_platform_usb_is_configured()) {
        return;
    }
    for (size_t sent = 0; sent < count; sent += packet) {
        packet =
            count - sent < TC_USBD_PACKET_BYTES ? (uint32_t)(count - sent) : TC_USBD_PACKET_BYTES;
        if (!send_packet(bytes + sent, packet, listener)) {
            return;
        }
    }
    /* A host's driver that reads more than a packet at a time waits for one that is not full. */
    if (packet == TC_USBD_PACKET_BYTES) {
        (void)send_packet(bytes, 0, listener);
    }
}

#endif
