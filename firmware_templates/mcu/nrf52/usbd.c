/* Sections of the nRF52840 Product Specification v1.1 in brackets, anomalies by the numbers of the
 * nRF52840 errata. Which revisions have one is in nrfx, mdk/nrf52_erratas.h:
 *
 *   171, 187   all revisions on sale: see switch_on()
 *   199        all: a task that is triggered during DMA is lost. Here nothing is triggered then:
 *              every transfer is waited for, which takes a few microseconds
 *   211        all: returning from SUSPEND takes too long. Concerns its low-power mode, never used
 *   104, 154   engineering samples only
 *   166        isochronous endpoints only
 *   223        nRF52820 and nRF52833, whose USB is not used here
 *
 * Nobody has numbered these, but public drivers meet them: see USBD_DISARM, switch_off(), and
 * tc_platform_usbd_take(). */
#include "usbd.h"

#include <stddef.h>

#include "board_config.h"
#include "usbd_registers.h"

/* Undocumented registers of the workarounds. */
#define ANOMALY_KEY       TC_REGISTER(0x4006EC00u)
#define ANOMALY_KEY_VALUE 0x9375u
#define ANOMALY_171       TC_REGISTER(0x4006EC14u)
#define ANOMALY_171_ON    0xC0u
#define ANOMALY_187       TC_REGISTER(0x4006ED14u)
#define ANOMALY_187_ON    0x3u

/* A packet that the host has not fetched stays armed through a bus reset. Source: zephyr
 * drivers/usb/common/nrf_usbd_common, usbd_ep_abort(). */
#define USBD_BACKDOOR_SELECT USBD_REGISTER(0x800u)
#define USBD_BACKDOOR_VALUE  USBD_REGISTER(0x804u)
#define USBD_DISARM(n)       (0x7B6u + 2u * ((n)-1u))
#define USBD_DISARM_BIT      (1u << 1)

/* A hub notices that a device is gone after some milliseconds at most [USB 2.0, 7.1.7.3]. */
#define DETACHED_CYCLES (TC_CORE_CLOCK_HZ / 100u)

static struct {
    bool is_on;
    bool is_attached;
    bool moved_odd_bytes;
} bus;

/* EasyDMA reaches RAM only. */
static uint8_t staging[TC_USBD_PACKET_BYTES] __attribute__((aligned(4)));

static void write_anomaly_register(volatile uint32_t *address, uint32_t value) {
    /* The key toggles: writing it while the registers are open already would close them. */
    const bool is_closed = ANOMALY_KEY == 0u;
    if (is_closed) {
        ANOMALY_KEY = ANOMALY_KEY_VALUE;
    }
    *address = value;
    if (is_closed) {
        ANOMALY_KEY = ANOMALY_KEY_VALUE;
    }
}

/* [6.35.4] Without the workarounds, READY might never come (171, 187). */
static void switch_on(void) {
    USBD_EVENTCAUSE = EVENTCAUSE_READY;
    write_anomaly_register(&ANOMALY_187, ANOMALY_187_ON);
    write_anomaly_register(&ANOMALY_171, ANOMALY_171_ON);
    USBD_ENABLE = 1;
    while ((USBD_EVENTCAUSE & EVENTCAUSE_READY) == 0u) {
    }
    USBD_EVENTCAUSE = EVENTCAUSE_READY;
    write_anomaly_register(&ANOMALY_171, 0);
    write_anomaly_register(&ANOMALY_187, 0);
    USBD_INTENCLR = 0xFFFFFFFFu;
    bus.is_on = true;
    bus.moved_odd_bytes = false;
}

/* Run one DMA transfer to its end. The barriers keep the compiler from moving accesses to the
 * buffer across it. */
static void run_dma(volatile uint32_t *task, volatile uint32_t *end_event) {
    *end_event = 0;
    __asm volatile("dmb" ::: "memory");
    *task = 1;
    while (*end_event == 0u) {
    }
    *end_event = 0;
    __asm volatile("dmb" ::: "memory");
}

static void start_in(uint32_t endpoint, uint32_t count) {
    USBD_EPIN_PTR(endpoint) = (uint32_t)(uintptr_t)staging;
    USBD_EPIN_MAXCNT(endpoint) = count;
    run_dma(&USBD_TASKS_STARTEPIN(endpoint), &USBD_EVENTS_ENDEPIN(endpoint));
    bus.moved_odd_bytes ^= (count & 1u) != 0u;
}

/* After an odd number of bytes in all, the first DMA after the next ENABLE goes astray. Source:
 * zephyr hal_nordic, pull request 143. */
static void switch_off(void) {
    USBD_USBPULLUP = 0;
    if (bus.moved_odd_bytes) {
        start_in(0, 1);
    }
    USBD_ENABLE = 0;
    bus.is_on = false;
    bus.is_attached = false;
}

static void wait_cycles(uint32_t cycles) {
    /* Two instructions that take three cycles at the least. */
    uint32_t rounds = cycles / 3u;
    __asm volatile("1: subs %0, %0, #1\n"
                   "bne 1b\n"
                   : "+r"(rounds)
                   :
                   : "cc");
}

void tc_platform_usbd_start(void) {
    if (USBD_ENABLE != 0u) {
        USBD_USBPULLUP = 0;
        USBD_ENABLE = 0;
        wait_cycles(DETACHED_CYCLES);
    }
}

bool tc_platform_usbd_follow_cable(void) {
    const uint32_t supply = POWER_USBREGSTATUS;
    if ((supply & USBREG_VBUSDETECT) == 0u) {
        if (bus.is_on) {
            switch_off();
        }
        return false;
    }
    if (!bus.is_on) {
        switch_on();
    }
    if (!bus.is_attached && (supply & USBREG_OUTPUTRDY) != 0u) {
        USBD_USBPULLUP = 1;
        bus.is_attached = true;
    }
    return bus.is_attached;
}

void tc_platform_usbd_detach(void) {
    /* The host must see the end of the request that asked for this. */
    wait_cycles(DETACHED_CYCLES);
    USBD_USBPULLUP = 0;
    wait_cycles(DETACHED_CYCLES);
}

void tc_platform_usbd_put(uint32_t endpoint, const uint8_t *bytes, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        staging[i] = bytes[i];
    }
    start_in(endpoint, count);
}

/* The controller accepts the next packet as soon as the DMA ends. Writing SIZE as well would accept
 * it twice and could throw away one that is there already (embassy-rs, pull request 6688). */
uint32_t tc_platform_usbd_take(uint32_t endpoint, uint8_t *bytes) {
    const uint32_t count = USBD_SIZE_EPOUT(endpoint);
    if (count == 0u) {
        if (endpoint != 0u) {
            USBD_SIZE_EPOUT(endpoint) = 0;
        }
        return 0;
    }
    USBD_EPOUT_PTR(endpoint) = (uint32_t)(uintptr_t)staging;
    USBD_EPOUT_MAXCNT(endpoint) = count;
    run_dma(&USBD_TASKS_STARTEPOUT(endpoint), &USBD_EVENTS_ENDEPOUT(endpoint));
    bus.moved_odd_bytes ^= (count & 1u) != 0u;
    for (uint32_t i = 0; i < count; ++i) {
        bytes[i] = staging[i];
    }
    return count;
}

void tc_platform_usbd_close(void) {
    USBD_EPINEN = 1;
    USBD_EPOUTEN = 1;
}

void tc_platform_usbd_open(uint32_t address) {
    const uint32_t endpoint = address & 7u;
    USBD_EPSTALL = address;
    USBD_DTOGGLE = address | DTOGGLE_SELECT;
    USBD_DTOGGLE = address | DTOGGLE_DATA0;
    if ((address & ENDPOINT_IS_IN) != 0u) {
        USBD_BACKDOOR_SELECT = USBD_DISARM(endpoint);
        USBD_BACKDOOR_VALUE |= USBD_DISARM_BIT;
        (void)USBD_BACKDOOR_VALUE;
        USBD_EPINEN |= 1u << endpoint;
    } else {
        USBD_EPOUTEN |= 1u << endpoint;
        USBD_SIZE_EPOUT(endpoint) = 0; /* any value: accept a packet */
    }
}

void tc_platform_usbd_halt(uint32_t address) {
    USBD_EPSTALL = address | EPSTALL_STALL;
}

bool tc_platform_usbd_is_halted(uint32_t address) {
    const uint32_t endpoint = address & 7u;
    return ((address & ENDPOINT_IS_IN) != 0u ? USBD_HALTED_EPIN(endpoint)
                                             : USBD_HALTED_EPOUT(endpoint)) != 0u;
}
