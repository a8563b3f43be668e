#ifndef STAND_IN_COMMON_H
#define STAND_IN_COMMON_H

#include <cstddef>
#include <cstdint>

typedef enum { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

struct TfLiteContext {};
struct TfLiteNode {};

typedef union {
    int8_t *int8;
    uint8_t *uint8;
} TfLitePtrUnion;

struct TfLiteTensor {
    TfLitePtrUnion data;
    size_t bytes;
};

#endif
