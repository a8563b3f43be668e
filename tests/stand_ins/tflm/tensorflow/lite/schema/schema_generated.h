#ifndef STAND_IN_SCHEMA_H
#define STAND_IN_SCHEMA_H

#include <cstdint>

#include "stand_in.h"

namespace tflite {

enum BuiltinOperator : int32_t { BuiltinOperator_CUSTOM = 32 };

struct Model {
    uint32_t version() const {
        return stand_in.schema_version;
    }
};

inline const Model *GetModel(const void *buffer) {
    return static_cast<const Model *>(buffer);
}

} // namespace tflite

#endif
