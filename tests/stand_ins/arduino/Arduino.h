/* As much of an Arduino core's interface as a sketch of ours may use, for compiling without one.
 * Signatures: Arduino API documentation (Serial, micros, delay). */
#ifndef ARDUINO_STAND_IN_H
#define ARDUINO_STAND_IN_H

#include <stddef.h>
#include <stdint.h>

extern "C" {
unsigned long micros(void);
void delay(unsigned long milliseconds);
}

class StandInSerial {
  public:
    void begin(unsigned long baud);
    int available();
    int read();
    size_t write(const uint8_t *bytes, size_t count);
    size_t println(unsigned long value);
    size_t println(double value);
    size_t println(unsigned int value) {
        return println((unsigned long)value);
    }
};

extern StandInSerial Serial;

void setup();
void loop();

#endif
