/* Runs a model on a PC: driver INPUTS OUTPUTS. INPUTS holds the bytes of all inputs of one
 * inference after the other; the outputs of each are appended to OUTPUTS. */
#include <stdio.h>

#include "tc_model.h"

static int transfer(FILE *file, tc_tensor tensor, int writing) {
    const size_t done = writing ? fwrite(tensor.data, 1, tensor.bytes, file)
                                : fread(tensor.data, 1, tensor.bytes, file);
    return done == tensor.bytes;
}

/* 1 if an inference was run, 0 at the end of the inputs, -1 on a failure. */
static int infer(FILE *inputs, FILE *outputs) {
    for (uint32_t i = 0; i < tc_model_input_count(); ++i) {
        if (!transfer(inputs, tc_model_input(i), 0)) {
            return i == 0 && feof(inputs) ? 0 : -1;
        }
    }
    if (tc_model_invoke() != TC_OK) {
        return -1;
    }
    for (uint32_t i = 0; i < tc_model_output_count(); ++i) {
        if (!transfer(outputs, tc_model_output(i), 1)) {
            return -1;
        }
    }
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        return 2;
    }
    FILE *inputs = fopen(argv[1], "rb");
    FILE *outputs = fopen(argv[2], "wb");
    int state = inputs != NULL && outputs != NULL && tc_model_init() == TC_OK ? 1 : -1;
    while (state > 0) {
        state = infer(inputs, outputs);
    }
    if (inputs != NULL) {
        fclose(inputs);
    }
    if (outputs != NULL && fclose(outputs) != 0) {
        state = -1;
    }
    return state == 0 ? 0 : 1;
}
