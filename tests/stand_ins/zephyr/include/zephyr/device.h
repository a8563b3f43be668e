/* As much of Zephyr's device model as an application of ours may use (Zephyr API documentation). */
#ifndef ZEPHYR_DEVICE_STAND_IN_H
#define ZEPHYR_DEVICE_STAND_IN_H

#include <stdbool.h>

struct device {
    const char *name;
};

extern const struct device stand_in_zephyr_console;

#define DT_CHOSEN(property) property
#define DEVICE_DT_GET(node) STAND_IN_GET(node)
#define STAND_IN_GET(node)  (&stand_in_##node)

bool device_is_ready(const struct device *dev);

#endif
