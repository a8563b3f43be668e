#include "boot_loader.h"

#include "board_config.h"

#if TC_SERIAL_USB_CDC

#include "usbd_registers.h"

#define SCB_AIRCR         TC_REGISTER(0xE000ED0Cu) /* DDI 0403E, B3.2.6 */
#define AIRCR_VECTKEY     (0x05FAu << 16)
#define AIRCR_SYSRESETREQ (1u << 2)

_Noreturn void tc_platform_enter_boot_loader(void) {
    POWER_GPREGRET = TC_BOOT_LOADER_STAYS;
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_VECTKEY | AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

#endif
