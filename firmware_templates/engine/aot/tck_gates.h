/* What lets a stage of a cascade run: scores of an output, or how far an input has changed. */
#ifndef TCK_GATES_H
#define TCK_GATES_H

#include <stdbool.h>
#include <stdint.h>

#include "tck_math.h"

typedef enum { TCK_SCORES_S8, TCK_SCORES_U8, TCK_SCORES_S16 } tck_scores;

TCK_INLINE int32_t tck_score(const void *scores, tck_scores type, int32_t index) {
    switch (type) {
    case TCK_SCORES_S8:
        return ((const int8_t *)scores)[index];
    case TCK_SCORES_U8:
        return ((const uint8_t *)scores)[index];
    default:
        return ((const int16_t *)scores)[index];
    }
}

/* Whether one of some classes has `least` or more. */
TCK_INLINE bool tck_has_class(const void *scores, tck_scores type, const uint16_t *classes,
                              int32_t count, int32_t least) {
    for (int32_t i = 0; i < count; ++i) {
        if (tck_score(scores, type, classes[i]) >= least) {
            return true;
        }
    }
    return false;
}

/* Whether all scores are below a limit. */
TCK_INLINE bool tck_is_unsure(const void *scores, tck_scores type, int32_t count, int32_t below) {
    for (int32_t i = 0; i < count; ++i) {
        if (tck_score(scores, type, i) >= below) {
            return false;
        }
    }
    return true;
}

/* Whether elements of 8 bits differ by `least` or more in sum. At most 2^24 elements. */
TCK_INLINE bool tck_has_changed(const void *now, const void *before, tck_scores type, int32_t count,
                                uint32_t least) {
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t apart = tck_score(now, type, i) - tck_score(before, type, i);
        sum += (uint32_t)(apart < 0 ? -apart : apart);
    }
    return sum >= least;
}

/* Scores of one class and no other. */
TCK_INLINE void tck_one_class(void *scores, tck_scores type, int32_t count, int32_t index) {
    for (int32_t i = 0; i < count; ++i) {
        switch (type) {
        case TCK_SCORES_S8:
            ((int8_t *)scores)[i] = i == index ? INT8_MAX : INT8_MIN;
            break;
        case TCK_SCORES_U8:
            ((uint8_t *)scores)[i] = i == index ? UINT8_MAX : 0;
            break;
        default:
            ((int16_t *)scores)[i] = i == index ? INT16_MAX : INT16_MIN;
            break;
        }
    }
}

#endif
