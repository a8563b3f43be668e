/* What a processor fault leaves behind. */
#ifndef TC_FAULT_H
#define TC_FAULT_H

#include <stdint.h>

/* Numbered as in packet 0xFE of docs/serial-protocol.md. */
typedef enum {
    TC_FAULT_HARD = 1,
    TC_FAULT_MEM_MANAGE = 2,
    TC_FAULT_BUS = 3,
    TC_FAULT_USAGE = 4,
    TC_FAULT_OTHER = 5 /* NMI, SecureFault, or an exception that nobody enabled */
} tc_fault_kind;

typedef struct {
    uint32_t kind;    /* a tc_fault_kind */
    uint32_t pc;      /* the instruction that faulted; 0 if the stack could not hold it */
    uint32_t lr;      /* where that function would have returned to; 0 likewise */
    uint32_t cfsr;    /* Configurable Fault Status Register; 0 on Armv6-M, which has none */
    uint32_t address; /* the address accessed, or the stack pointer on a stack overflow, or 0 */
} tc_fault_record;

/* Exit code of a program that ends in a fault. */
#define TC_EXIT_FAULT 70

/* Called once by the fault handler, on a fresh stack, with all interrupts that the firmware uses
 * off by virtue of the exception's priority. The program ends when it returns. The default does
 * nothing. */
void tc_fault_report(const tc_fault_record *record);

#endif
