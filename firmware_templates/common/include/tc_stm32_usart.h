/* The USART with apart data registers that the STM32 families since the F7 have, for platform.c
 * files: RM0385 (F7), RM0432 (L4+), RM0444 (G0), RM0433 (H7) and RM0456 (U5), chapters "USART
 * registers" and "LPUART registers". All but the F7's have a FIFO. The STM32F4's is another one. */
#ifndef TC_STM32_USART_H
#define TC_STM32_USART_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    volatile uint32_t cr1;
    volatile uint32_t cr2;
    volatile uint32_t cr3;
    volatile uint32_t brr;
    volatile uint32_t gtpr;
    volatile uint32_t rtor;
    volatile uint32_t rqr;
    volatile uint32_t isr;
    volatile uint32_t icr;
    volatile uint32_t rdr;
    volatile uint32_t tdr;
} tc_stm32_usart;

#define TC_STM32_USART_CR1_FIFOEN (1u << 29)
#define TC_STM32_USART_CR1_TE_RE  ((1u << 3) | (1u << 2))
#define TC_STM32_USART_CR1_UE     (1u << 0)
#define TC_STM32_USART_CR3_OVRDIS (1u << 12)
#define TC_STM32_USART_ISR_RXFNE  (1u << 5)
#define TC_STM32_USART_ISR_TXFNF  (1u << 7)

/* The divider of a USART, sampling 16 times a bit; an LPUART counts in 256ths of its clock. */
#define TC_STM32_USART_BRR(clock_hz, baud) (((clock_hz) + (baud) / 2u) / (baud))
#define TC_STM32_LPUART_BRR(clock_hz, baud)                                                        \
    ((uint32_t)((256u * (uint64_t)(clock_hz) + (baud) / 2u) / (baud)))

/* fifo: TC_STM32_USART_CR1_FIFOEN, or 0 where there is none. */
static inline void tc_stm32_usart_start(tc_stm32_usart *usart, uint32_t divider, uint32_t fifo) {
    usart->brr = divider;
    usart->cr3 = TC_STM32_USART_CR3_OVRDIS;
    usart->cr1 = fifo | TC_STM32_USART_CR1_TE_RE;
    usart->cr1 = fifo | TC_STM32_USART_CR1_TE_RE | TC_STM32_USART_CR1_UE;
}

/* The next byte that has arrived, -1 if there is none. */
static inline int tc_stm32_usart_getc(const tc_stm32_usart *usart) {
    if ((usart->isr & TC_STM32_USART_ISR_RXFNE) == 0u) {
        return -1;
    }
    return (int)(usart->rdr & 0xFFu);
}

static inline void tc_stm32_usart_write(tc_stm32_usart *usart, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        while ((usart->isr & TC_STM32_USART_ISR_TXFNF) == 0u) {
        }
        usart->tdr = bytes[i];
    }
}

#endif
