/* Decodes damaged streams, to be run under sanitizers: decoders must not write outside of a row.
 *
 *     decode_fuzz FILE ROUNDS
 *
 * The file has encoded weights one after the other: the numbers of tct_encoded as words, then bytes
 * of the stream, the codes, the words of rows, the table and a row, then the three arrays. Each is
 * decoded as it is and then, so many times, with random bytes changed. A decoder may read what is
 * behind a damaged stream: a symbol for each weight at most, which is there to read. Products may
 * read inputs behind a row: the greatest gap of as many tokens as a row can have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_exports.h"

#define NUMBERS      7
#define SIZES        5
#define INPUTS_BYTES (256U * 1024U * 4U)

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)random_state * limit >> 32);
}

static void *allocated(size_t bytes) {
    void *const memory = calloc(bytes > 0 ? bytes : 1, 1);
    if (memory == NULL) {
        exit(2);
    }
    return memory;
}

static void damage(uint8_t *bytes, uint32_t count) {
    for (uint32_t left = 1 + random_below(8); left > 0 && count > 0; --left) {
        bytes[random_below(count)] = (uint8_t)random_below(256);
    }
}

static void run(const tct_encoded *e, size_t table_bytes, size_t row_bytes, const int8_t *inputs) {
    uint32_t *const table = allocated(table_bytes);
    int8_t *const row = allocated(row_bytes);
    int8_t *const weights = allocated((size_t)e->rows * e->inputs);
    int32_t *const sums = allocated(sizeof(int32_t) * e->rows);
    tct_decode(e, table, row, weights);
    if (e->encoding <= TCT_GAP_TOKENS || (e->encoding == TCT_PATTERNS && e->group == 1)) {
        tct_dot(e, table, inputs, sums);
    }
    free(table);
    free(row);
    free(weights);
    free(sums);
}

static int fuzz_one(FILE *file, uint32_t rounds, const int8_t *inputs) {
    uint32_t numbers[NUMBERS], sizes[SIZES];
    uint8_t *arrays[3];
    if (fread(numbers, sizeof numbers, 1, file) != 1) {
        return 0;
    }
    if (fread(sizes, sizeof sizes, 1, file) != 1) {
        exit(2);
    }
    const size_t behind = (size_t)numbers[1] * (numbers[2] * 4U + 1024U) + 4096U;
    for (int i = 0; i < 3; ++i) {
        arrays[i] = allocated(sizes[i] + behind);
        if (fread(arrays[i], 1, sizes[i], file) != sizes[i]) {
            exit(2);
        }
    }
    const tct_encoded encoded = {arrays[0],  arrays[1],  arrays[2],  numbers[0], numbers[1],
                                 numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]};
    for (uint32_t round = 0; round <= rounds; ++round) {
        run(&encoded, sizes[3], sizes[4], inputs);
        const uint32_t which = random_below(3);
        damage(arrays[which], sizes[which]);
    }
    for (int i = 0; i < 3; ++i) {
        free(arrays[i]);
    }
    return 1;
}

int main(int count, char **arguments) {
    FILE *const file = count == 3 ? fopen(arguments[1], "rb") : NULL;
    if (file == NULL) {
        return 2;
    }
    int8_t *const inputs = allocated(INPUTS_BYTES);
    unsigned done = 0;
    while (fuzz_one(file, (uint32_t)strtoul(arguments[2], NULL, 10), inputs)) {
        ++done;
    }
    free(inputs);
    fclose(file);
    printf("%u\n", done);
    return 0;
}
