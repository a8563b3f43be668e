/* Sections of the Universal Serial Bus Specification 2.0 in brackets.
 *
 * Polled, not driven by interrupts: nothing runs inside of the timed windows but the model, and the
 * report of a fault needs no interrupt to get out. While the model runs, the controller answers the
 * host by itself with NAK, which a host takes for patience on data endpoints. Only a request on
 * endpoint 0 has a limit, 5 s [9.2.6.1]: if a host resets the bus or opens or closes the port
 * during an inference of more than 5 s, that request fails; the next one works. */
#include "usb_device.h"

#include <stddef.h>

#include "board_config.h"

#if TC_SERIAL_USB_CDC

#include "usb_descriptors.h"
#include "usbd.h"
#include "usbd_registers.h"

#define TYPE_IN        0x80u /* bmRequestType [9.3.1] */
#define TYPE_KIND      0x60u
#define TYPE_RECIPIENT 0x1Fu
#define KIND_STANDARD  0x00u
#define KIND_CLASS     0x20u
#define TO_DEVICE      0u
#define TO_INTERFACE   1u
#define TO_ENDPOINT    2u
#define FROM_DEVICE    (TYPE_IN | TO_DEVICE)
#define FROM_INTERFACE (TYPE_IN | TO_INTERFACE)
#define FROM_ENDPOINT  (TYPE_IN | TO_ENDPOINT)

enum { /* [9.4] */
       GET_STATUS = 0,
       CLEAR_FEATURE = 1,
       SET_FEATURE = 3,
       SET_ADDRESS = 5,
       GET_DESCRIPTOR = 6,
       GET_CONFIGURATION = 8,
       SET_CONFIGURATION = 9,
       GET_INTERFACE = 10,
       SET_INTERFACE = 11,
};
#define FEATURE_ENDPOINT_HALT 0u

typedef enum { STAGE_NONE, STAGE_DATA_IN, STAGE_DATA_OUT } control_stage;

static struct {
    tc_usb_setup setup;
    control_stage stage;
    const uint8_t *next; /* of what is still to be sent */
    uint32_t left;
    bool ends_with_empty_packet;
    uint8_t data[TC_USB_MAX_REQUEST_DATA];
    uint8_t configuration;
} control;

static void refuse(void) {
    control.stage = STAGE_NONE;
    USBD_TASKS_EP0STALL = 1;
}

static void accept(void) {
    control.stage = STAGE_NONE;
    USBD_TASKS_EP0STATUS = 1;
    tc_platform_usb_class_done();
}

static void send_next(void) {
    const uint32_t count =
        control.left < TC_USBD_PACKET_BYTES ? control.left : TC_USBD_PACKET_BYTES;
    tc_platform_usbd_put(0, control.next, count);
    control.next += count;
    control.left -= count;
    if (count == 0u) {
        control.ends_with_empty_packet = false;
    }
}

/* [5.5.3] What is shorter than asked for ends with a packet that is not full. */
static void send(const uint8_t *bytes, uint32_t count) {
    const uint32_t asked = control.setup.length;
    if (asked == 0u) {
        accept();
        return;
    }
    control.stage = STAGE_DATA_IN;
    control.next = bytes;
    control.left = count < asked ? count : asked;
    control.ends_with_empty_packet = count < asked && count % TC_USBD_PACKET_BYTES == 0u;
    send_next();
}

static void close_endpoints(void) {
    control.configuration = 0;
    tc_platform_usbd_close();
    tc_platform_usb_class_reset();
}

static void open_data_endpoints(void) {
    tc_platform_usbd_open(TC_USB_ENDPOINT_OUT);
    tc_platform_usbd_open(TC_USB_ENDPOINT_IN);
    tc_platform_usb_class_reset();
}

static bool set_configuration(uint32_t value) {
    if (value > TC_USB_CONFIGURATION) {
        return false;
    }
    close_endpoints();
    if (value == TC_USB_CONFIGURATION) {
        control.configuration = TC_USB_CONFIGURATION;
        tc_platform_usbd_open(TC_USB_ENDPOINT_NOTIFICATION);
        open_data_endpoints();
    }
    return true;
}

static bool is_endpoint(uint32_t address) {
    return address == TC_USB_ENDPOINT_NOTIFICATION || address == TC_USB_ENDPOINT_OUT ||
           address == TC_USB_ENDPOINT_IN;
}

static bool set_halt(uint32_t address, bool halt) {
    if (control.configuration == 0u || !is_endpoint(address)) {
        /* Endpoint 0 has no halt, which is not an error [9.4.5]. */
        return (address & 0x7Fu) == 0u;
    }
    if (halt) {
        tc_platform_usbd_halt(address);
    } else {
        tc_platform_usbd_open(address);
        if (address != TC_USB_ENDPOINT_NOTIFICATION) {
            tc_platform_usb_class_reset();
        }
    }
    return true;
}

/* Requests of the standard without data. */
static bool change(const tc_usb_setup *setup) {
    switch (setup->type << 8 | setup->request) {
    case TO_DEVICE << 8 | SET_CONFIGURATION:
        return set_configuration(setup->value);
    case TO_INTERFACE << 8 | SET_INTERFACE:
        if (control.configuration == 0u || setup->index >= TC_USB_INTERFACES ||
            setup->value != 0u) {
            return false;
        }
        if (setup->index == TC_USB_INTERFACE_DATA) {
            open_data_endpoints();
        } else {
            tc_platform_usbd_open(TC_USB_ENDPOINT_NOTIFICATION);
        }
        return true;
    case TO_ENDPOINT << 8 | CLEAR_FEATURE:
        return setup->value == FEATURE_ENDPOINT_HALT && set_halt(setup->index, false);
    case TO_ENDPOINT << 8 | SET_FEATURE:
        return setup->value == FEATURE_ENDPOINT_HALT && set_halt(setup->index, true);
    default:
        return false;
    }
}

/* Answer with up to two bytes; false: no such request. */
static bool report(const tc_usb_setup *setup) {
    const bool is_configured = control.configuration != 0u;
    uint32_t count = 2;
    control.data[0] = 0;
    control.data[1] = 0;
    switch (setup->type << 8 | setup->request) {
    case FROM_DEVICE << 8 | GET_STATUS: /* neither self-powered nor able to wake the host */
        break;
    case FROM_INTERFACE << 8 | GET_STATUS:
        if (!is_configured || setup->index >= TC_USB_INTERFACES) {
            return false;
        }
        break;
    case FROM_ENDPOINT << 8 | GET_STATUS:
        if ((setup->index & 0x7Fu) != 0u) {
            if (!is_configured || !is_endpoint(setup->index)) {
                return false;
            }
            control.data[0] = tc_platform_usbd_is_halted(setup->index) ? 1u : 0u;
        }
        break;
    case FROM_DEVICE << 8 | GET_CONFIGURATION:
        control.data[0] = control.configuration;
        count = 1;
        break;
    case FROM_INTERFACE << 8 | GET_INTERFACE:
        if (!is_configured || setup->index >= TC_USB_INTERFACES) {
            return false;
        }
        count = 1;
        break;
    default:
        return false;
    }
    send(control.data, count);
    return true;
}

static void serve_standard(const tc_usb_setup *setup) {
    if (setup->type == FROM_DEVICE && setup->request == GET_DESCRIPTOR) {
        const tc_usb_descriptor found = tc_platform_usb_descriptor(setup->value, setup->index);
        if (found.bytes == NULL) {
            refuse();
        } else {
            send(found.bytes, found.count);
        }
    } else if (setup->type == TO_DEVICE && setup->request == SET_ADDRESS) {
        /* The controller does this by itself, status stage and all [6.35.9 of the chip]. */
        control.stage = STAGE_NONE;
    } else if ((setup->type & TYPE_IN) != 0u) {
        if (!report(setup)) {
            refuse();
        }
    } else if (setup->length == 0u && change(setup)) {
        accept();
    } else {
        refuse();
    }
}

static void serve_class(const tc_usb_setup *setup) {
    uint32_t count = 0;
    const bool brings_data = (setup->type & TYPE_IN) == 0u && setup->length > 0u;
    if (control.configuration == 0u || (brings_data && setup->length > TC_USB_MAX_REQUEST_DATA)) {
        refuse();
        return;
    }
    switch (tc_platform_usb_class_request(setup, control.data, &count)) {
    case TC_USB_DATA_IN:
        send(control.data, count);
        break;
    case TC_USB_ACCEPT:
        if (brings_data) {
            control.stage = STAGE_DATA_OUT;
            USBD_TASKS_EP0RCVOUT = 1;
        } else {
            accept();
        }
        break;
    case TC_USB_REFUSE:
    default:
        refuse();
        break;
    }
}

static void take_setup(void) {
    const tc_usb_setup setup = {
        .type = (uint8_t)USBD_BMREQUESTTYPE,
        .request = (uint8_t)USBD_BREQUEST,
        .value = (uint16_t)(USBD_WVALUEL | USBD_WVALUEH << 8),
        .index = (uint16_t)(USBD_WINDEXL | USBD_WINDEXH << 8),
        .length = (uint16_t)(USBD_WLENGTHL | USBD_WLENGTHH << 8),
    };
    control.setup = setup;
    switch (setup.type & TYPE_KIND) {
    case KIND_STANDARD:
        serve_standard(&setup);
        break;
    case KIND_CLASS:
        serve_class(&setup);
        break;
    default:
        refuse();
        break;
    }
}

static void take_data(void) {
    uint8_t packet[TC_USBD_PACKET_BYTES];
    if (tc_platform_usbd_take(0, packet) != control.setup.length) {
        refuse();
        return;
    }
    tc_platform_usb_class_data(&control.setup, packet);
    accept();
}

static void continue_data_stage(void) {
    if (control.stage == STAGE_DATA_OUT) {
        take_data();
    } else if (control.stage == STAGE_DATA_IN) {
        if (control.left > 0u || control.ends_with_empty_packet) {
            send_next();
        } else {
            accept();
        }
    }
}

static bool take_event(volatile uint32_t *event) {
    if (*event == 0u) {
        return false;
    }
    *event = 0;
    return true;
}

void tc_platform_usb_poll(void) {
    if (!tc_platform_usbd_follow_cable()) {
        if (control.configuration != 0u) {
            control.configuration = 0;
            tc_platform_usb_class_reset();
        }
        return;
    }
    if (take_event(&USBD_EVENTS_USBRESET)) {
        control.stage = STAGE_NONE;
        close_endpoints();
    }
    /* Suspend and resume: the controller stops and goes on by itself. */
    if (take_event(&USBD_EVENTS_USBEVENT)) {
        USBD_EVENTCAUSE = USBD_EVENTCAUSE;
    }
    if (take_event(&USBD_EVENTS_EP0SETUP)) {
        /* A new request ends the one before [5.5.5]; a packet that had moved was of that one. */
        USBD_EVENTS_EP0DATADONE = 0;
        take_setup();
    } else if (take_event(&USBD_EVENTS_EP0DATADONE)) {
        continue_data_stage();
    }
    if (take_event(&USBD_EVENTS_EPDATA)) {
        const uint32_t moved = USBD_EPDATASTATUS;
        USBD_EPDATASTATUS = moved;
        tc_platform_usb_class_moved(moved);
    }
}

bool tc_platform_usb_is_configured(void) {
    return control.configuration != 0u;
}

#endif
