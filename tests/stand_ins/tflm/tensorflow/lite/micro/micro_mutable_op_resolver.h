#ifndef STAND_IN_MICRO_MUTABLE_OP_RESOLVER_H
#define STAND_IN_MICRO_MUTABLE_OP_RESOLVER_H

#include <cstddef>

#include "tensorflow/lite/micro/compatibility.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"

namespace tflite {

/* Operator number n of the resolver has the builtin code n, and counts its runs. */
template <int op> TfLiteStatus StandInInvoke(TfLiteContext *, TfLiteNode *) {
    stand_in.ran[op]++;
    return stand_in.fails_to_invoke ? kTfLiteError : kTfLiteOk;
}

inline TFLMRegistration Register_ADD_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_AVERAGE_POOL_2D_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_BATCH_MATMUL_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_CONV_2D_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_DEPTHWISE_CONV_2D_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_FULLY_CONNECTED_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_MAXIMUM_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_MAX_POOL_2D_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_MINIMUM_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_MUL_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_PAD_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_SOFTMAX_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_SVDF_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_TRANSPOSE_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_TRANSPOSE_CONV_INT8() {
    return {nullptr, 0, nullptr, true};
}
inline TFLMRegistration Register_UNIDIRECTIONAL_SEQUENCE_LSTM_INT8() {
    return {nullptr, 0, nullptr, true};
}

template <unsigned int tOpCount> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    const TFLMRegistration *FindOp(BuiltinOperator op) const override {
        return op < static_cast<int32_t>(count_) ? &registrations_[op] : nullptr;
    }
    const TFLMRegistration *FindOp(const char *) const override {
        return nullptr;
    }
    TfLiteBridgeBuiltinParseFunction GetOpDataParser(BuiltinOperator) const override {
        return nullptr;
    }

    TfLiteStatus AddAbs(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddAdd(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddAddN(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddArgMax(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddArgMin(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddAssignVariable(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddAveragePool2D(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddBatchMatMul(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddBatchToSpaceNd(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddBroadcastArgs(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddBroadcastTo(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCallOnce(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCast(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCeil(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCircularBuffer() {
        return add({});
    }
    TfLiteStatus AddConcatenation(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddConv2D(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCos(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddCumSum(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddDecode() {
        return add({});
    }
    TfLiteStatus AddDelay() {
        return add({});
    }
    TfLiteStatus AddDepthToSpace(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddDepthwiseConv2D(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddDequantize(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddDetectionPostprocess() {
        return add({});
    }
    TfLiteStatus AddDiv(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddDynamicUpdateSlice() {
        return add({});
    }
    TfLiteStatus AddEmbeddingLookup(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddEnergy() {
        return add({});
    }
    TfLiteStatus AddElu(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddEqual(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddEthosU() {
        return add({});
    }
    TfLiteStatus AddExp(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddExpandDims(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddFftAutoScale() {
        return add({});
    }
    TfLiteStatus AddFill(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddFilterBank() {
        return add({});
    }
    TfLiteStatus AddFilterBankLog() {
        return add({});
    }
    TfLiteStatus AddFilterBankSquareRoot() {
        return add({});
    }
    TfLiteStatus AddFilterBankSpectralSubtraction() {
        return add({});
    }
    TfLiteStatus AddFloor(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddFloorDiv(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddFloorMod(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddFramer() {
        return add({});
    }
    TfLiteStatus AddFullyConnected(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddGather(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddGatherNd(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddGreater(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddGreaterEqual(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddHardSwish(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddIf(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddIrfft(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddL2Normalization(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddL2Pool2D(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLeakyRelu(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLess(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLessEqual(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLog(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLogicalAnd(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLogicalNot(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLogicalOr(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLogistic(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddLogSoftmax(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMaximum(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMaxPool2D(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMirrorPad(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMean(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMinimum(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddMul(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddNeg(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddNotEqual(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddOverlapAdd() {
        return add({});
    }
    TfLiteStatus AddPack(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddPad(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddPadV2(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddPCAN() {
        return add({});
    }
    TfLiteStatus AddPrelu(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddQuantize(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddReadVariable(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddReduceAll(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddReduceMax(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddReduceMin(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddRelu(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddRelu6(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddReshape(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddResizeBilinear(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddResizeNearestNeighbor() {
        return add({});
    }
    TfLiteStatus AddReverseV2(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddRfft(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddRound(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddRsqrt(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSelectV2(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddShape(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSin(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSlice(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSoftmax(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSpaceToBatchNd(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSpaceToDepth(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSplit(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSplitV(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSqueeze(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSqrt(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSquare(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSquaredDifference(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddStridedSlice(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddStacker() {
        return add({});
    }
    TfLiteStatus AddSub(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSum(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddSvdf(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddTanh(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddTransposeConv(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddTranspose(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddUnpack(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddUnidirectionalSequenceLSTM(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddVarHandle(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddWhile(const TFLMRegistration &registration = {}) {
        return add(registration);
    }
    TfLiteStatus AddWindow() {
        return add({});
    }
    TfLiteStatus AddZerosLike(const TFLMRegistration &registration = {}) {
        return add(registration);
    }

  private:
    TfLiteStatus add(const TFLMRegistration &registration) {
        using Invoke = TfLiteStatus (*)(TfLiteContext *, TfLiteNode *);
        static constexpr Invoke invokes[] = {
            StandInInvoke<0>, StandInInvoke<1>, StandInInvoke<2>, StandInInvoke<3>,
            StandInInvoke<4>, StandInInvoke<5>, StandInInvoke<6>, StandInInvoke<7>,
        };
        if (stand_in.refuses_ops || count_ == tOpCount) {
            return kTfLiteError;
        }
        registrations_[count_] = registration;
        registrations_[count_].invoke = invokes[count_ % 8];
        registrations_[count_].builtin_code = static_cast<int32_t>(count_);
        stand_in.added++;
        stand_in.added_int8 += registration.int8_only ? 1 : 0;
        count_++;
        return kTfLiteOk;
    }

    TF_LITE_REMOVE_VIRTUAL_DELETE

    TFLMRegistration registrations_[tOpCount] = {};
    unsigned int count_ = 0;
};

} // namespace tflite

#endif
