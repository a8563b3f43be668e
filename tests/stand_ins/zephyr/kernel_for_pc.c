/* A Zephyr whose console is the process's standard input and output. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

const struct device stand_in_zephyr_console = {"console"};

static unsigned char received[4096];
static ssize_t received_count;
static ssize_t received_taken;

bool device_is_ready(const struct device *dev) {
    return dev == &stand_in_zephyr_console;
}

int uart_poll_in(const struct device *dev, unsigned char *byte) {
    (void)dev;
    if (received_taken == received_count) {
        struct pollfd ready = {STDIN_FILENO, POLLIN, 0};
        if (poll(&ready, 1, 1) <= 0) {
            return -1;
        }
        received_count = read(STDIN_FILENO, received, sizeof received);
        received_taken = 0;
        if (received_count <= 0) {
            exit(0);
        }
    }
    *byte = received[received_taken++];
    return 0;
}

void uart_poll_out(const struct device *dev, unsigned char byte) {
    (void)dev;
    if (write(STDOUT_FILENO, &byte, 1) != 1) {
        exit(1);
    }
}

uint32_t k_cycle_get_32(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    /* 125 MHz: the rate of the board that the tests take. */
    return (uint32_t)now.tv_sec * 125000000u + (uint32_t)now.tv_nsec / 8u;
}

int32_t k_msleep(int32_t milliseconds) {
    (void)usleep((useconds_t)milliseconds * 1000u);
    return 0;
}

void printk(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vdprintf(STDOUT_FILENO, format, arguments);
    va_end(arguments);
}

int32_t k_sleep(k_timeout_t timeout) {
    (void)timeout;
    (void)pause();
    return 0;
}
