/* The way into the boot loader of boards whose firmware talks over USB. */
#ifndef TC_BOOT_LOADER_H
#define TC_BOOT_LOADER_H

/* Arduino's SAM-BA boot loader stays when it finds this number in GPREGRET after a reset. Source:
 * ArduinoCore-mbed variants/ARDUINO_NANO33BLE, _ontouch1200bps_() and
 * DFU_MAGIC_SERIAL_ONLY_RESET. */
#define TC_BOOT_LOADER_STAYS 0x4Eu

_Noreturn void tc_platform_enter_boot_loader(void);

#endif
