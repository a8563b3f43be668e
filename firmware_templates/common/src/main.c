/* One program for every board, engine and model: it waits for a host and does what it asks for. */
#include "tc_program.h"

int main(void) {
    tc_program_start();
    for (;;) {
        tc_program_poll();
    }
}
