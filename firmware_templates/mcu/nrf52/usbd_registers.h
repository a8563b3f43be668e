/* Registers of the USB device controller [nRF52840 Product Specification v1.1, 6.35 USBD] and what
 * else of the chip USB needs [5.3 POWER, 4.4 FICR]. */
#ifndef TC_USBD_REGISTERS_H
#define TC_USBD_REGISTERS_H

#include <stdint.h>

#define TC_REGISTER(address) (*(volatile uint32_t *)(address))

#define POWER_USBREGSTATUS TC_REGISTER(0x40000438u)
#define POWER_GPREGRET     TC_REGISTER(0x4000051Cu) /* survives a reset by software */
#define USBREG_VBUSDETECT  (1u << 0)
#define USBREG_OUTPUTRDY   (1u << 1)

#define FICR_DEVICEID(n) TC_REGISTER(0x10000060u + 4u * (n))

#define USBD_REGISTER(offset)    TC_REGISTER(0x40027000u + (offset))
#define USBD_TASKS_STARTEPIN(n)  USBD_REGISTER(0x004u + 4u * (n))
#define USBD_TASKS_STARTEPOUT(n) USBD_REGISTER(0x028u + 4u * (n))
#define USBD_TASKS_EP0RCVOUT     USBD_REGISTER(0x04Cu)
#define USBD_TASKS_EP0STATUS     USBD_REGISTER(0x050u)
#define USBD_TASKS_EP0STALL      USBD_REGISTER(0x054u)
#define USBD_EVENTS_USBRESET     USBD_REGISTER(0x100u)
#define USBD_EVENTS_ENDEPIN(n)   USBD_REGISTER(0x108u + 4u * (n))
#define USBD_EVENTS_EP0DATADONE  USBD_REGISTER(0x128u)
#define USBD_EVENTS_ENDEPOUT(n)  USBD_REGISTER(0x130u + 4u * (n))
#define USBD_EVENTS_USBEVENT     USBD_REGISTER(0x158u)
#define USBD_EVENTS_EP0SETUP     USBD_REGISTER(0x15Cu)
#define USBD_EVENTS_EPDATA       USBD_REGISTER(0x160u)
#define USBD_INTENCLR            USBD_REGISTER(0x308u)
#define USBD_EVENTCAUSE          USBD_REGISTER(0x400u) /* cleared by writing ones */
#define USBD_HALTED_EPIN(n)      USBD_REGISTER(0x420u + 4u * (n))
#define USBD_HALTED_EPOUT(n)     USBD_REGISTER(0x444u + 4u * (n))
#define USBD_EPDATASTATUS        USBD_REGISTER(0x46Cu) /* cleared by writing ones */
#define USBD_BMREQUESTTYPE       USBD_REGISTER(0x480u)
#define USBD_BREQUEST            USBD_REGISTER(0x484u)
#define USBD_WVALUEL             USBD_REGISTER(0x488u)
#define USBD_WVALUEH             USBD_REGISTER(0x48Cu)
#define USBD_WINDEXL             USBD_REGISTER(0x490u)
#define USBD_WINDEXH             USBD_REGISTER(0x494u)
#define USBD_WLENGTHL            USBD_REGISTER(0x498u)
#define USBD_WLENGTHH            USBD_REGISTER(0x49Cu)
#define USBD_SIZE_EPOUT(n)       USBD_REGISTER(0x4A0u + 4u * (n))
#define USBD_ENABLE              USBD_REGISTER(0x500u)
#define USBD_USBPULLUP           USBD_REGISTER(0x504u)
#define USBD_DTOGGLE             USBD_REGISTER(0x50Cu)
#define USBD_EPINEN              USBD_REGISTER(0x510u)
#define USBD_EPOUTEN             USBD_REGISTER(0x514u)
#define USBD_EPSTALL             USBD_REGISTER(0x518u)
#define USBD_EPIN_PTR(n)         USBD_REGISTER(0x600u + 0x14u * (n))
#define USBD_EPIN_MAXCNT(n)      USBD_REGISTER(0x604u + 0x14u * (n))
#define USBD_EPIN_AMOUNT(n)      USBD_REGISTER(0x608u + 0x14u * (n))
#define USBD_EPOUT_PTR(n)        USBD_REGISTER(0x700u + 0x14u * (n))
#define USBD_EPOUT_MAXCNT(n)     USBD_REGISTER(0x704u + 0x14u * (n))
#define USBD_EPOUT_AMOUNT(n)     USBD_REGISTER(0x708u + 0x14u * (n))

#define EVENTCAUSE_READY    (1u << 11)
#define EPDATASTATUS_OUT(n) (1u << (16u + (n)))
#define EPDATASTATUS_IN(n)  (1u << (n))
#define DTOGGLE_SELECT      (0u << 8) /* VALUE = Nop: only name the endpoint */
#define DTOGGLE_DATA0       (1u << 8)
#define EPSTALL_STALL       (1u << 8)
#define ENDPOINT_IS_IN      (1u << 7) /* in DTOGGLE and EPSTALL as in endpoint addresses */

#endif
