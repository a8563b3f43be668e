/* The model API of tc_model.h on stock TensorFlow Lite Micro.
 *
 * Nothing is constructed before main: the interpreter and the resolvers are built in static storage
 * by tc_model_init(), and live as long as the program. */
#include "tcm_model.h"

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "board_config.h"
#include "tcm_model_data.h"
#include "tcm_ops.h"
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" {
#include "tc_model.h"
#include "tc_startup.h"
}

/* What AllocateTensors took; for whoever looks for the least arena that suffices. */
extern "C" {
extern uint32_t tcm_arena_used_bytes;
uint32_t tcm_arena_used_bytes = 0;
}

static_assert(TCM_ARENA_BYTES <= TC_BOARD_ARENA_MAX_BYTES,
              "the model's arena does not fit the board's RAM");

namespace {

alignas(TCM_ARENA_ALIGNMENT) TC_ARENA uint8_t tcm_arena[TCM_ARENA_BYTES];

/* The hooks of the profiled run that is under way, or none. */
struct Profiler {
    tc_layer_hook begin;
    tc_layer_hook end;
    uint32_t layer;
};

Profiler profiler = {nullptr, nullptr, 0};

using Invoke = TfLiteStatus (*)(TfLiteContext *, TfLiteNode *);

Invoke original_invokes[TCM_OP_COUNT];

/* Stands in for the invoke function of the operator that is number `op` in the resolver. TFLM's own
 * profiler cannot do this: a library that was built for release calls none. */
template <size_t op> TfLiteStatus timed_invoke(TfLiteContext *context, TfLiteNode *node) {
    if (profiler.begin == nullptr) {
        return original_invokes[op](context, node);
    }
    const uint32_t layer = profiler.layer++;
    profiler.begin(layer);
    const TfLiteStatus status = original_invokes[op](context, node);
    profiler.end(layer);
    return status;
}

template <size_t... ops> Invoke timed_invoke_number(size_t op, std::index_sequence<ops...>) {
    static constexpr Invoke timed_invokes[] = {timed_invoke<ops>...};
    return timed_invokes[op];
}

/* The model's operators with their invoke functions under the profiler's eyes. */
class TimedOpResolver final : public tflite::MicroOpResolver {
  public:
    explicit TimedOpResolver(const TcmOpResolver &operators) : operators_(operators) {
    }

    const TFLMRegistration *FindOp(tflite::BuiltinOperator op) const override {
        return timed(operators_.FindOp(op));
    }

    const TFLMRegistration *FindOp(const char *op) const override {
        return timed(operators_.FindOp(op));
    }

    tflite::TfLiteBridgeBuiltinParseFunction
    GetOpDataParser(tflite::BuiltinOperator op) const override {
        return operators_.GetOpDataParser(op);
    }

  private:
    const TFLMRegistration *timed(const TFLMRegistration *found) const {
        if (found == nullptr) {
            return nullptr;
        }
        for (size_t i = 0; i < count_; i++) {
            if (found_[i] == found) {
                return &timed_[i];
            }
        }
        if (count_ == TCM_OP_COUNT) {
            return nullptr;
        }
        const size_t op = count_++;
        found_[op] = found;
        original_invokes[op] = found->invoke;
        timed_[op] = *found;
        timed_[op].invoke = timed_invoke_number(op, std::make_index_sequence<TCM_OP_COUNT>());
        return &timed_[op];
    }

    TF_LITE_REMOVE_VIRTUAL_DELETE

    const TcmOpResolver &operators_;
    mutable const TFLMRegistration *found_[TCM_OP_COUNT] = {};
    mutable TFLMRegistration timed_[TCM_OP_COUNT] = {};
    mutable size_t count_ = 0;
};

alignas(TcmOpResolver) unsigned char operators_storage[sizeof(TcmOpResolver)];
alignas(TimedOpResolver) unsigned char resolver_storage[sizeof(TimedOpResolver)];
alignas(
    tflite::MicroInterpreter) unsigned char interpreter_storage[sizeof(tflite::MicroInterpreter)];

/* Null until its tensors are allocated, so that nothing runs it before. */
tflite::MicroInterpreter *interpreter = nullptr;

tc_status status_of_invoke(TfLiteStatus status) {
    return status == kTfLiteOk ? TC_OK : TC_ERR_INVOKE;
}

/* One inference; of a model that wants it so from the first values of its state. */
TfLiteStatus invoke(void) {
    if (TCM_RESETS_STATE) {
        const TfLiteStatus status = interpreter->Reset();
        if (status != kTfLiteOk) {
            return status;
        }
    }
    return interpreter->Invoke();
}

tc_tensor tensor_at(const TfLiteTensor *tensor) {
    if (tensor == nullptr) {
        return {nullptr, 0};
    }
    return {tensor->data.uint8, static_cast<uint32_t>(tensor->bytes)};
}

} // namespace

tc_status tc_model_init(void) {
    interpreter = nullptr;
    const tflite::Model *model = tflite::GetModel(tcm_model_data);
    if (model->version() != TFLITE_SCHEMA_VERSION) {
        return TC_ERR_INVOKE;
    }
    TcmOpResolver *operators = new (operators_storage) TcmOpResolver();
    if (tcm_add_ops(*operators) != kTfLiteOk) {
        return TC_ERR_INVOKE;
    }
    TimedOpResolver *resolver = new (resolver_storage) TimedOpResolver(*operators);
    tflite::MicroInterpreter *made = new (interpreter_storage)
        tflite::MicroInterpreter(model, *resolver, tcm_arena, tcm_arena_bytes);
    if (made->initialization_status() != kTfLiteOk || made->AllocateTensors() != kTfLiteOk) {
        return TC_ERR_ARENA;
    }
    if (made->inputs_size() != TCM_INPUT_COUNT || made->outputs_size() != TCM_OUTPUT_COUNT) {
        return TC_ERR_INVOKE;
    }
    tcm_arena_used_bytes = static_cast<uint32_t>(made->arena_used_bytes());
    interpreter = made;
    return TC_OK;
}

tc_status tc_model_invoke(void) {
    return interpreter == nullptr ? TC_ERR_STATE : status_of_invoke(invoke());
}

tc_status tc_model_invoke_profiled(tc_layer_hook begin, tc_layer_hook end) {
    if (interpreter == nullptr) {
        return TC_ERR_STATE;
    }
    profiler = {begin, end, 0};
    const TfLiteStatus status = invoke();
    const uint32_t layers = profiler.layer;
    profiler = {nullptr, nullptr, 0};
    return layers == TCM_LAYER_COUNT ? status_of_invoke(status) : TC_ERR_INVOKE;
}

tc_status tc_model_reset(void) {
    return interpreter == nullptr ? TC_ERR_STATE : status_of_invoke(interpreter->Reset());
}

uint32_t tc_model_input_count(void) {
    return TCM_INPUT_COUNT;
}

uint32_t tc_model_output_count(void) {
    return TCM_OUTPUT_COUNT;
}

uint32_t tc_model_layer_count(void) {
    return TCM_LAYER_COUNT;
}

tc_tensor tc_model_input(uint32_t index) {
    const bool known = interpreter != nullptr && index < TCM_INPUT_COUNT;
    return tensor_at(known ? interpreter->input(index) : nullptr);
}

tc_tensor tc_model_output(uint32_t index) {
    const bool known = interpreter != nullptr && index < TCM_OUTPUT_COUNT;
    return tensor_at(known ? interpreter->output(index) : nullptr);
}

uint32_t tc_model_arena_bytes(void) {
    return TCM_ARENA_BYTES;
}

const uint8_t *tc_model_sha256(void) {
    return tcm_model_sha256;
}
