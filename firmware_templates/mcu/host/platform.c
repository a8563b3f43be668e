/* The firmware as a process on a PC: for tests under sanitizers, and to try a model without a
 * board.
 *
 * It talks on standard input and output. With TC_HOST_PTY=1 in the environment it opens a
 * pseudo-terminal instead, which a host opens like a serial port, and prints its name on standard
 * error. The program ends when standard input does. */
#define _XOPEN_SOURCE 700
#include "tc_platform.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tc_startup.h"

/* An idle poll waits a little, so that the process does not keep a core busy. */
#define IDLE_WAIT_MS     1
#define EXIT_NO_TERMINAL 6

static int input = STDIN_FILENO;
static int output = STDOUT_FILENO;
static uint8_t received[4096];
static size_t received_count;
static size_t received_taken;

static void fail(const char *what) {
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(EXIT_NO_TERMINAL);
}

static void open_pseudo_terminal(void) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        fail("cannot open a pseudo-terminal");
    }
    const char *name = ptsname(terminal);
    if (name == NULL) {
        fail("the pseudo-terminal has no name");
    }
    /* Kept open, so that the terminal outlives the host's opening and closing it. */
    const int far_end = open(name, O_RDWR | O_NOCTTY);
    struct termios settings;
    if (far_end < 0 || tcgetattr(far_end, &settings) != 0) {
        fail("cannot set up the pseudo-terminal");
    }
    settings.c_iflag = 0;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD | CLOCAL;
    if (tcsetattr(far_end, TCSANOW, &settings) != 0) {
        fail("cannot set up the pseudo-terminal");
    }
    (void)fprintf(stderr, "%s\n", name);
    input = terminal;
    output = terminal;
}

void tc_platform_init(void) {
    const char *wanted = getenv("TC_HOST_PTY");
    if (wanted != NULL && strcmp(wanted, "1") == 0) {
        open_pseudo_terminal();
    }
}

static void receive(void) {
    struct pollfd ready = {.fd = input, .events = POLLIN};
    if (poll(&ready, 1, IDLE_WAIT_MS) <= 0) {
        return;
    }
    const ssize_t count = read(input, received, sizeof received);
    if (count == 0) {
        exit(EXIT_SUCCESS);
    }
    if (count > 0) {
        received_count = (size_t)count;
        received_taken = 0;
    }
}

int tc_platform_getc(void) {
    if (received_taken == received_count) {
        receive();
    }
    return received_taken == received_count ? -1 : (int)received[received_taken++];
}

void tc_platform_write(const uint8_t *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = write(output, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (errno != EINTR && errno != EAGAIN) {
            exit(EXIT_NO_TERMINAL);
        }
    }
}

uint32_t tc_platform_ticks(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000000000u + (uint32_t)now.tv_nsec;
}

_Noreturn void tc_platform_exit(int code) {
    exit(code);
}

uint32_t tc_stack_peak_bytes(void) {
    return 0;
}

uint32_t tc_stack_reserved_bytes(void) {
    return 0;
}

uint32_t tc_static_bytes(void) {
    return 0;
}
