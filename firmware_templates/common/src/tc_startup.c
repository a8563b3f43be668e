/* From reset to main() on every Cortex-M, without a C library.
 *
 * Sections of the Armv7-M Architecture Reference Manual (DDI 0403E) in brackets. Nothing here needs
 * more than the 16-bit Thumb instructions of Armv6-M. */
#include "tc_startup.h"

#include "tc_linker.h"

#define STACK_PAINT 0xA5A5A5A5
#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)

#define SCB_VTOR  (*(volatile uint32_t *)0xE000ED08u) /* [B3.2.5] */
#define SCB_SHCSR (*(volatile uint32_t *)0xE000ED24u) /* [B3.2.13] */
#define SYST_CSR  (*(volatile uint32_t *)0xE000E010u) /* [B3.3.3] */
#define NVIC_ICER ((volatile uint32_t *)0xE000E180u)  /* [B3.4.5] */
#define NVIC_ICPR ((volatile uint32_t *)0xE000E280u)  /* [B3.4.7] */

#define SHCSR_MEM_BUS_USAGE_FAULT_ENABLE (7u << 16)

#if defined(__ARM_ARCH_6M__)
#define HAS_CONFIGURABLE_FAULTS 0
#define NVIC_WORDS              1u
#else
#define HAS_CONFIGURABLE_FAULTS 1
#define NVIC_WORDS              16u /* words that a part lacks read as zero and ignore writes */
#endif

typedef void (*tc_handler)(void);

typedef struct {
    const void *initial_stack_pointer;
    tc_handler handlers[15]; /* exceptions 1..15 [B1.5.2] */
} tc_vector_table;

int main(void);
_Noreturn void tc_platform_exit(int code);
void tc_reset(void);
void tc_start(void);
void tc_fault_entry(void); /* tc_fault.c */

/* A port that uses an exception defines its handler; what nobody handles is a fault. */
#define WEAK_HANDLER __attribute__((weak, alias("tc_unhandled")))
void tc_unhandled(void);
void tc_nmi_handler(void) WEAK_HANDLER;
void tc_hard_fault_handler(void) WEAK_HANDLER;
void tc_mem_manage_handler(void) WEAK_HANDLER;
void tc_bus_fault_handler(void) WEAK_HANDLER;
void tc_usage_fault_handler(void) WEAK_HANDLER;
void tc_secure_fault_handler(void) WEAK_HANDLER;
void tc_sv_call_handler(void) WEAK_HANDLER;
void tc_debug_monitor_handler(void) WEAK_HANDLER;
void tc_pend_sv_handler(void) WEAK_HANDLER;
void tc_sys_tick_handler(void) WEAK_HANDLER;

/* Vectors of external interrupts come after these: a port that enables some puts their table into
 * section .vectors.external. */
extern const tc_vector_table tc_vectors;
__attribute__((section(".vectors"), used)) const tc_vector_table tc_vectors = {
    __tc_stack_top,
    {
        tc_reset,
        tc_nmi_handler,
        tc_hard_fault_handler,
        tc_mem_manage_handler,
        tc_bus_fault_handler,
        tc_usage_fault_handler,
        tc_secure_fault_handler,
        0,
        0,
        0,
        tc_sv_call_handler,
        tc_debug_monitor_handler,
        0,
        tc_pend_sv_handler,
        tc_sys_tick_handler,
    },
};

__attribute__((naked)) void tc_unhandled(void) {
    __asm volatile("ldr r3, =tc_fault_entry\n"
                   "bx r3\n");
}

/* A boot loader may leave interrupts on, its own stack pointer, or the process stack selected. The
 * stack is painted here because a C function cannot tell where its own frame ends. The FPU, whose
 * registers MVE shares, must be on before the compiler may use them [B3.2.20]. */
__attribute__((naked, used)) void tc_reset(void) {
    __asm volatile(
        ".syntax unified\n" /* for Armv6-M, GCC defaults to the older one */
        "cpsid i\n"
        "movs r0, #0\n"
        "msr control, r0\n"
        "isb\n"
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
        "ldr r0, =__tc_stack_bottom\n"
        "msr msplim, r0\n"
#endif
        "ldr r0, =__tc_stack_bottom\n"
        "ldr r1, =__tc_stack_top\n"
        "mov sp, r1\n"
        "ldr r2, =" TEXT_OF(
            STACK_PAINT) "\n"
                         "1:\n"
                         "str r2, [r0]\n"
                         "adds r0, r0, #4\n"
                         "cmp r0, r1\n"
                         "bne 1b\n"
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
                         "ldr r0, =0xE000ED88\n" /* CPACR: full access to CP10 and CP11 */
                         "ldr r1, [r0]\n"
                         "ldr r2, =0x00F00000\n"
                         "orrs r1, r1, r2\n"
                         "str r1, [r0]\n"
                         "dsb\n"
                         "isb\n"
#endif
                         "ldr r0, =tc_start\n"
                         "blx r0\n");
}

/* A boot loader's interrupts must not arrive in this program's vector table. */
static void silence_interrupts(void) {
    SYST_CSR = 0;
    for (uint32_t i = 0; i < NVIC_WORDS; ++i) {
        NVIC_ICER[i] = 0xFFFFFFFFu;
        NVIC_ICPR[i] = 0xFFFFFFFFu;
    }
}

/* The loops write through pointers to volatile, lest a compiler turn them into calls of memset or
 * memcpy, which may themselves need .data. */
static void prepare_memory(void) {
    const uint32_t *from = __tc_data_load;
    for (volatile uint32_t *to = __tc_data_start; to != __tc_data_end; ++to) {
        *to = *from++;
    }
    for (volatile uint32_t *to = __tc_bss_start; to != __tc_bss_end; ++to) {
        *to = 0;
    }
}

__attribute__((used, noinline)) void tc_start(void) {
    SCB_VTOR = (uint32_t)(uintptr_t)__tc_vectors_start;
    silence_interrupts();
#if HAS_CONFIGURABLE_FAULTS
    SCB_SHCSR |= SHCSR_MEM_BUS_USAGE_FAULT_ENABLE;
#endif
    /* With interrupts masked, every fault would escalate to a HardFault. */
    __asm volatile("dsb\n"
                   "isb\n"
                   "cpsie i\n" ::
                       : "memory");
    prepare_memory();
    tc_platform_exit(main());
}

uint32_t tc_stack_peak_bytes(void) {
    const volatile uint32_t *word = __tc_stack_bottom;
    while (word != __tc_stack_top && *word == (uint32_t)STACK_PAINT) {
        ++word;
    }
    return (uint32_t)((uintptr_t)__tc_stack_top - (uintptr_t)word);
}

uint32_t tc_stack_reserved_bytes(void) {
    return (uint32_t)((uintptr_t)__tc_stack_top - (uintptr_t)__tc_stack_bottom);
}

uint32_t tc_static_bytes(void) {
    return (uint32_t)((uintptr_t)__tc_data_end - (uintptr_t)__tc_data_start +
                      (uintptr_t)__tc_bss_end - (uintptr_t)__tc_bss_start);
}
