/* Zephyr's printing on its console. */
#ifndef ZEPHYR_SYS_PRINTK_STAND_IN_H
#define ZEPHYR_SYS_PRINTK_STAND_IN_H

void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
