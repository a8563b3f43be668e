/* An Arduino core that links for a Cortex-M and is not meant to run. */
#include "Arduino.h"

StandInSerial Serial;

void StandInSerial::begin(unsigned long baud) {
    (void)baud;
}

int StandInSerial::available() {
    return 0;
}

int StandInSerial::read() {
    return -1;
}

size_t StandInSerial::write(const uint8_t *bytes, size_t count) {
    (void)bytes;
    return count;
}

size_t StandInSerial::println(unsigned long value) {
    (void)value;
    return 0;
}

size_t StandInSerial::println(double value) {
    (void)value;
    return 0;
}

unsigned long micros(void) {
    return 0;
}

void delay(unsigned long milliseconds) {
    (void)milliseconds;
}

int main() {
    setup();
    for (;;) {
        loop();
    }
}
