/* NXP i.MX RT1060: the pin that is high while the model runs, of those called GPIO_AD_B0_n.
 * Chapters of the reference manual IMXRT1060RM in brackets, by name. */
#include "tc_mark.h"

#include <stdint.h>

#ifdef TC_MARK_PIN

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CCM_CCGR1      REGISTER(0x400FC06Cu) /* [CCM] */
#define CCGR1_GPIO1_ON (3u << 26)
#define MUX_CTL        REGISTER(0x401F80BCu + 4u * TC_MARK_PIN) /* [IOMUXC] */
#define ALTERNATIVE_IO 5u
#define GPIO1_GDIR     REGISTER(0x401B8004u) /* [GPIO] */
#define GPIO1_DR_SET   REGISTER(0x401B8084u)
#define GPIO1_DR_CLEAR REGISTER(0x401B8088u)

void tc_mark(bool high) {
    CCM_CCGR1 |= CCGR1_GPIO1_ON;
    if (high) {
        GPIO1_DR_SET = 1u << TC_MARK_PIN;
    } else {
        GPIO1_DR_CLEAR = 1u << TC_MARK_PIN;
    }
    GPIO1_GDIR |= 1u << TC_MARK_PIN;
    MUX_CTL = ALTERNATIVE_IO;
}

#endif
