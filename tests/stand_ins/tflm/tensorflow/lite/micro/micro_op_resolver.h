#ifndef STAND_IN_MICRO_OP_RESOLVER_H
#define STAND_IN_MICRO_OP_RESOLVER_H

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/schema/schema_generated.h"

struct TFLMRegistration {
    TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
    int32_t builtin_code;
    const char *custom_name;
    bool int8_only;
};

namespace tflite {

struct Operator;
class ErrorReporter;
class BuiltinDataAllocator;

using TfLiteBridgeBuiltinParseFunction = TfLiteStatus (*)(const Operator *, ErrorReporter *,
                                                          BuiltinDataAllocator *, void **);

class MicroOpResolver {
  public:
    virtual const TFLMRegistration *FindOp(BuiltinOperator op) const = 0;
    virtual const TFLMRegistration *FindOp(const char *op) const = 0;
    virtual TfLiteBridgeBuiltinParseFunction GetOpDataParser(BuiltinOperator op) const = 0;
    virtual ~MicroOpResolver() {
    }
};

} // namespace tflite

#endif
