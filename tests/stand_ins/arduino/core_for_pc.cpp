/* An Arduino core whose Serial is the process's standard input and output. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "Arduino.h"

StandInSerial Serial;

static uint8_t received[4096];
static ssize_t received_count;
static ssize_t received_taken;

void StandInSerial::begin(unsigned long baud) {
    (void)baud;
}

int StandInSerial::available() {
    if (received_taken == received_count) {
        struct pollfd ready = {STDIN_FILENO, POLLIN, 0};
        if (poll(&ready, 1, 1) > 0) {
            received_count = ::read(STDIN_FILENO, received, sizeof received);
            received_taken = 0;
            if (received_count <= 0) {
                exit(0);
            }
        }
    }
    return (int)(received_count - received_taken);
}

int StandInSerial::read() {
    return received_taken == received_count ? -1 : received[received_taken++];
}

size_t StandInSerial::write(const uint8_t *bytes, size_t count) {
    /* A little at a time, as full buffers make a real one do. */
    const ssize_t written = ::write(STDOUT_FILENO, bytes, count < 7 ? count : 7);
    return written < 0 ? 0 : (size_t)written;
}

size_t StandInSerial::println(unsigned long value) {
    return (size_t)dprintf(STDOUT_FILENO, "%lu\r\n", value);
}

size_t StandInSerial::println(double value) {
    return (size_t)dprintf(STDOUT_FILENO, "%.2f\r\n", value);
}

unsigned long micros(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long)now.tv_sec * 1000000u + (unsigned long)now.tv_nsec / 1000u;
}

void delay(unsigned long milliseconds) {
    (void)usleep((useconds_t)milliseconds * 1000u);
}

int main() {
    setup();
    for (;;) {
        loop();
    }
}
