/* Times work() with the CMSDK timer of the MPS2 boards, prints its result and the ticks, ends. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define TIMER_CTRL        REGISTER(0x40000000u)
#define TIMER_VALUE       REGISTER(0x40000004u)
#define TIMER_RELOAD      REGISTER(0x40000008u)
#define UART_DATA         REGISTER(0x40004000u)
#define UART_STATE        REGISTER(0x40004004u)
#define UART_CTRL         REGISTER(0x40004008u)
#define UART_BAUDDIV      REGISTER(0x40004010u)
#define SYST_CSR          REGISTER(0xE000E010u)
#define CPACR             REGISTER(0xE000ED88u)

uint32_t work(void);
_Noreturn void main(void);
uint32_t tc_platform_ticks(void);

/* Its name makes the virtual board note its counts. */
__attribute__((noinline)) uint32_t tc_platform_ticks(void) {
    return TIMER_VALUE;
}

static void print(uint32_t value, char end) {
    for (int32_t shift = 28; shift >= 0; shift -= 4) {
        UART_DATA = (uint32_t) "0123456789abcdef"[(value >> shift) & 15u];
        while ((UART_STATE & 1u) != 0u) {
        }
    }
    UART_DATA = (uint32_t)end;
    while ((UART_STATE & 1u) != 0u) {
    }
}

_Noreturn void main(void) {
    CPACR |= 0xF00000u;
    __asm volatile("dsb\nisb" ::: "memory");
    UART_BAUDDIV = 217;
    UART_CTRL = 1;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_CTRL = 1;
    uint32_t (*const volatile timed)(void) = work;
    const uint32_t began = tc_platform_ticks();
    const uint32_t result = timed();
    const uint32_t ended = tc_platform_ticks();
    print(result, ' ');
    print(began - ended, '\n');
    const uint32_t block[2] = {0x20026u, 0u};
    register uint32_t operation __asm("r0") = 0x20u;
    register const uint32_t *argument __asm("r1") = block;
    for (;;) {
        __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
    }
}
