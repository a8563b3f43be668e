#ifndef STAND_IN_MICRO_INTERPRETER_H
#define STAND_IN_MICRO_INTERPRETER_H

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

class MicroInterpreter {
  public:
    MicroInterpreter(const Model *, const MicroOpResolver &op_resolver, uint8_t *tensor_arena,
                     size_t tensor_arena_size)
        : resolver_(op_resolver), arena_(tensor_arena), arena_bytes_(tensor_arena_size) {
    }

    TfLiteStatus AllocateTensors() {
        if (arena_bytes_ < stand_in.needed_bytes) {
            return kTfLiteError;
        }
        for (size_t i = 0; i < stand_in.layers; i++) {
            size_t count = 0;
            while (resolver_.FindOp(static_cast<BuiltinOperator>(count)) != nullptr) {
                count++;
            }
            if (count == 0) {
                return kTfLiteError;
            }
            layers_[i] = resolver_.FindOp(static_cast<BuiltinOperator>(i % count));
        }
        tensor_ = {{reinterpret_cast<int8_t *>(arena_)}, 4};
        allocated_ = true;
        return kTfLiteOk;
    }

    TfLiteStatus Invoke() {
        stand_in.invoked++;
        if (!allocated_) {
            stand_in.invoked_unallocated++;
            return kTfLiteError;
        }
        for (size_t i = 0; i < stand_in.layers; i++) {
            const TfLiteStatus status = layers_[i]->invoke(nullptr, nullptr);
            if (status != kTfLiteOk) {
                return status;
            }
        }
        return kTfLiteOk;
    }

    TfLiteStatus Reset() {
        stand_in.reset++;
        return kTfLiteOk;
    }

    TfLiteStatus initialization_status() const {
        return stand_in.fails_to_start ? kTfLiteError : kTfLiteOk;
    }
    TfLiteTensor *input(size_t) {
        return &tensor_;
    }
    TfLiteTensor *output(size_t) {
        return &tensor_;
    }
    size_t inputs_size() const {
        return stand_in.inputs;
    }
    size_t outputs_size() const {
        return 1;
    }
    size_t arena_used_bytes() const {
        return stand_in.needed_bytes;
    }

  private:
    const MicroOpResolver &resolver_;
    uint8_t *arena_;
    size_t arena_bytes_;
    const TFLMRegistration *layers_[64] = {};
    TfLiteTensor tensor_ = {};
    bool allocated_ = false;
};

} // namespace tflite

#endif
