/* What C++ objects and the C library ask of a program that has no heap and no files.
 *
 * Names are those of the C++ ABI for the Arm Architecture (IHI 0041) and of newlib's system calls
 * (newlib manual, "System Calls"). The linker drops what nothing refers to. */
#include <stddef.h>

#include "tc_platform.h"

#define EXIT_SOFTWARE 70

void *__dso_handle;

void __cxa_pure_virtual(void);
int __aeabi_atexit(void *object, void (*destructor)(void *), void *dso);
void abort(void);
void *_sbrk(ptrdiff_t increment);
int _write(int file, const char *bytes, int count);
int _read(int file, char *bytes, int count);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, void *status);
int _isatty(int file);
int _kill(int process, int signal);
int _getpid(void);

void __cxa_pure_virtual(void) {
    tc_platform_exit(EXIT_SOFTWARE);
}

/* The program never ends, so nothing that lives as long is ever destroyed. */
int __aeabi_atexit(void *object, void (*destructor)(void *), void *dso) {
    (void)object;
    (void)destructor;
    (void)dso;
    return 0;
}

void abort(void) {
    tc_platform_exit(EXIT_SOFTWARE);
}

/* There is no heap: every allocation fails. */
void *_sbrk(ptrdiff_t increment) {
    (void)increment;
    return (void *)-1;
}

int _write(int file, const char *bytes, int count) {
    (void)file;
    (void)bytes;
    (void)count;
    return -1;
}

int _read(int file, char *bytes, int count) {
    (void)file;
    (void)bytes;
    (void)count;
    return -1;
}

int _close(int file) {
    (void)file;
    return -1;
}

int _lseek(int file, int offset, int whence) {
    (void)file;
    (void)offset;
    (void)whence;
    return -1;
}

int _fstat(int file, void *status) {
    (void)file;
    (void)status;
    return -1;
}

int _isatty(int file) {
    (void)file;
    return 0;
}

int _kill(int process, int signal) {
    (void)process;
    (void)signal;
    return -1;
}

int _getpid(void) {
    return 1;
}
