/* Fault handlers: note what happened, tell it, end. They never loop silently.
 *
 * Sections of the Armv7-M Architecture Reference Manual (DDI 0403E) in brackets. */
#include "tc_fault.h"

#include "tc_linker.h"
#include "tc_platform.h"

#define SCB_CFSR  (*(volatile uint32_t *)0xE000ED28u) /* [B3.2.15] */
#define SCB_MMFAR (*(volatile uint32_t *)0xE000ED34u) /* [B3.2.18] */
#define SCB_BFAR  (*(volatile uint32_t *)0xE000ED38u) /* [B3.2.19] */

#define CFSR_MSTKERR   (1u << 4)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_STKERR    (1u << 12)
#define CFSR_BFARVALID (1u << 15)
#define CFSR_STKOF     (1u << 20) /* Armv8-M: the stack pointer met its limit */

void tc_fault_entry(void);
_Noreturn void tc_fault_main(uint32_t stack_pointer, uint32_t lr, uint32_t pc);

__attribute__((weak)) void tc_fault_report(const tc_fault_record *record) {
    (void)record;
}

/* The firmware runs on the main stack only. Where the stack pointer left the stack, there is no
 * frame to read, and reading outside of RAM in here would lock the core up. Either way the rest
 * runs on a fresh stack: nothing returns from here, and an overflown one has no room. */
__attribute__((naked)) void tc_fault_entry(void) {
    __asm volatile(".syntax unified\n"
                   "mov r0, sp\n"
                   "movs r1, #0\n"
                   "movs r2, #0\n"
                   "ldr r3, =__tc_stack_bottom\n"
                   "cmp r0, r3\n"
                   "blo 1f\n"
                   "ldr r3, =__tc_stack_top\n"
                   "subs r3, #32\n"
                   "cmp r0, r3\n"
                   "bhi 1f\n"
                   "ldr r1, [r0, #20]\n" /* lr in the exception frame [B1.5.6] */
                   "ldr r2, [r0, #24]\n" /* pc */
                   "1:\n"
                   "ldr r3, =__tc_stack_top\n"
                   "mov sp, r3\n"
                   "ldr r3, =tc_fault_main\n"
                   "bx r3\n");
}

static uint32_t kind_of_exception(uint32_t number) {
    static const uint8_t kinds[] = {
        [3] = TC_FAULT_HARD,
        [4] = TC_FAULT_MEM_MANAGE,
        [5] = TC_FAULT_BUS,
        [6] = TC_FAULT_USAGE,
    };
    const uint32_t known = number < sizeof kinds ? kinds[number] : 0u;
    return known != 0u ? known : (uint32_t)TC_FAULT_OTHER;
}

static void read_status(tc_fault_record *record, uint32_t stack_pointer) {
#if defined(__ARM_ARCH_6M__)
    record->cfsr = 0;
    record->address = record->pc == 0u ? stack_pointer : 0u;
#else
    const uint32_t cfsr = SCB_CFSR;
    record->cfsr = cfsr;
    if ((cfsr & (CFSR_STKERR | CFSR_MSTKERR | CFSR_STKOF)) != 0u || record->pc == 0u) {
        record->pc = 0;
        record->lr = 0;
        record->address = stack_pointer;
    } else if ((cfsr & CFSR_BFARVALID) != 0u) {
        record->address = SCB_BFAR;
    } else if ((cfsr & CFSR_MMARVALID) != 0u) {
        record->address = SCB_MMFAR;
    } else {
        record->address = 0;
    }
#endif
}

__attribute__((used)) _Noreturn void tc_fault_main(uint32_t stack_pointer, uint32_t lr,
                                                   uint32_t pc) {
    static volatile uint32_t entered;
    /* A fault while reporting one must not start over. */
    if (entered == 0u) {
        uint32_t exception_number;
        __asm volatile("mrs %0, ipsr" : "=r"(exception_number));
        entered = 1;
        tc_fault_record record = {.kind = kind_of_exception(exception_number), .pc = pc, .lr = lr};
        read_status(&record, stack_pointer);
        tc_fault_report(&record);
    }
    tc_platform_exit(TC_EXIT_FAULT);
}
