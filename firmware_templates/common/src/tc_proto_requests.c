/* What each request does; docs/serial-protocol.md has the layout of every payload. */
#include "board_config.h"
#include "tc_build_id.h"
#include "tc_crc32.h"
#include "tc_machine.h"
#include "tc_measure.h"
#include "tc_proto.h"
#include "tc_startup.h"
#include "tc_wire.h"

#ifndef TC_ENGINE_ID
#define TC_ENGINE_ID 0u /* 0 aot, 1 tflm */
#endif

#define RUN_PROFILE 1u
#define RUN_RESET   2u
#define RUN_STAGES  4u

/* Upper byte of RUN's flags: which stages run. */
#define RUN_CHOICE_SHIFT 8

#ifdef TC_STAGES
_Static_assert(TC_STAGES <= 8u, "stages are chosen from in one byte");
#define STAGES TC_STAGES
#else
#define STAGES 0u
#endif

#define HELLO_MACHINE_SHIFT 3

#define SHA256_BYTES 32u

static const char board_id[] = TC_BOARD_ID;

static void add_u8(tc_reply *reply, uint32_t value) {
    reply->payload[reply->bytes] = (uint8_t)value;
    reply->bytes += 1;
}

static void add_u16(tc_reply *reply, uint32_t value) {
    tc_put_u16(reply->payload + reply->bytes, (uint16_t)value);
    reply->bytes += 2;
}

static void add_u32(tc_reply *reply, uint32_t value) {
    tc_put_u32(reply->payload + reply->bytes, value);
    reply->bytes += 4;
}

static void add_bytes(tc_reply *reply, const uint8_t *bytes, size_t count) {
    tc_copy(reply->payload + reply->bytes, bytes, count);
    reply->bytes += count;
}

/* The field of the request, counted from 1, that has a value out of its range. */
static tc_status bad_field(tc_reply *reply, uint32_t field) {
    reply->detail = field;
    return TC_ERR_ARG;
}

static tc_status bad_length(tc_reply *reply) {
    return bad_field(reply, TC_DETAIL_LENGTH);
}

/* A host of another version must learn ours, so only what all versions share is checked. */
static tc_status serve_hello(const tc_request *request, tc_reply *reply) {
    if (request->bytes < 3) {
        return bad_length(reply);
    }
    if (request->payload[0] != 'T' || request->payload[1] != 'C') {
        return bad_field(reply, 1);
    }
    const tc_status model_status = tc_proto_model_status();
    add_u8(reply, 'T');
    add_u8(reply, 'C');
    add_u8(reply, TC_PROTO_VERSION);
    add_u8(reply, (model_status == TC_OK ? 1u : 0u) | (TC_TICKS_COUNT_CYCLES ? 2u : 0u) |
                      (tc_proto_counter_moves() ? 4u : 0u) | tc_machine() << HELLO_MACHINE_SHIFT);
    add_u16(reply, TC_PROTO_MAX_PAYLOAD);
    add_u8(reply, (uint32_t)model_status);
    add_u8(reply, TC_ENGINE_ID);
    tc_build_id(reply->payload + reply->bytes);
    reply->bytes += TC_BUILD_ID_BYTES;
    add_bytes(reply, tc_model_sha256(), SHA256_BYTES);
    return TC_OK;
}

static tc_status serve_info(const tc_request *request, tc_reply *reply) {
    const uint32_t inputs = tc_model_input_count();
    const uint32_t outputs = tc_model_output_count();
    if (request->bytes != 0) {
        return bad_length(reply);
    }
    const size_t name_bytes = sizeof board_id - 1u;
    if (inputs + outputs > (TC_PROTO_MAX_PAYLOAD - 16u - name_bytes) / 4u) {
        return TC_ERR_STATE;
    }
    add_u32(reply, TC_CORE_CLOCK_HZ);
    add_u32(reply, TC_TICKS_HZ);
    add_u16(reply, inputs);
    add_u16(reply, outputs);
    add_u16(reply, tc_model_layer_count());
    add_u16(reply, STAGES);
    for (uint32_t i = 0; i < inputs; i++) {
        add_u32(reply, tc_model_input(i).bytes);
    }
    for (uint32_t i = 0; i < outputs; i++) {
        add_u32(reply, tc_model_output(i).bytes);
    }
    add_bytes(reply, (const uint8_t *)board_id, name_bytes);
    return TC_OK;
}

static tc_status serve_write_input(const tc_request *request, tc_reply *reply) {
    if (request->bytes < 7) {
        return bad_length(reply);
    }
    const uint32_t index = tc_get_u16(request->payload);
    const uint32_t offset = tc_get_u32(request->payload + 2);
    const uint32_t count = (uint32_t)(request->bytes - 6u);
    if (index >= tc_model_input_count()) {
        return bad_field(reply, 1);
    }
    const tc_tensor input = tc_model_input(index);
    if (input.data == NULL) {
        return TC_ERR_STATE;
    }
    if (offset > input.bytes || count > input.bytes - offset) {
        return bad_field(reply, 2);
    }
    uint8_t *chunk = input.data + offset;
    tc_copy(chunk, request->payload + 6, count);
    add_u16(reply, index);
    add_u32(reply, offset);
    add_u16(reply, count);
    add_u32(reply, tc_crc32(0, chunk, count));
    return TC_OK;
}

static tc_status run_profiled(uint32_t flags, tc_reply *reply) {
    uint32_t empty_ticks = 0;
#ifdef TC_STAGES
    const tc_status status = (flags & RUN_STAGES) != 0 ? tc_measure_stages(&empty_ticks)
                                                       : tc_measure_layers(&empty_ticks);
#else
    (void)flags;
    const tc_status status = tc_measure_layers(&empty_ticks);
#endif
    add_u16(reply, 0);
    add_u16(reply, tc_measure_layer_count());
    add_u32(reply, empty_ticks);
    return status;
}

static tc_status run_plain(uint32_t count, tc_reply *reply) {
    add_u16(reply, count);
    add_u16(reply, 0);
    add_u32(reply, tc_measure_empty());
    for (uint32_t done = 0; done < count; done++) {
        uint32_t ticks = 0;
        const tc_status status = tc_measure_invoke(&ticks);
        if (status != TC_OK) {
            reply->detail = done;
            return status;
        }
        add_u32(reply, ticks);
    }
    return TC_OK;
}

static tc_status serve_run(const tc_request *request, tc_reply *reply) {
    if (request->bytes != 4) {
        return bad_length(reply);
    }
    const uint32_t count = tc_get_u16(request->payload);
    const uint32_t flags = tc_get_u16(request->payload + 2);
    const uint32_t profiles = RUN_PROFILE | (STAGES != 0 ? RUN_STAGES : 0);
    const uint32_t allowed = profiles | RUN_RESET | ((1u << STAGES) - 1u) << RUN_CHOICE_SHIFT;
    if (count == 0 || count > TC_PROTO_MAX_RUNS || ((flags & profiles) != 0 && count != 1)) {
        return bad_field(reply, 1);
    }
    if ((flags & ~allowed) != 0 || (flags & profiles) == (RUN_PROFILE | RUN_STAGES)) {
        return bad_field(reply, 2);
    }
#ifdef TC_STAGES
    tc_model_choose_stages(flags >> RUN_CHOICE_SHIFT);
#endif
    if ((flags & RUN_RESET) != 0) {
        const tc_status status = tc_model_reset();
        if (status != TC_OK) {
            return status;
        }
    }
    return (flags & profiles) != 0 ? run_profiled(flags, reply) : run_plain(count, reply);
}

static tc_status serve_read_output(const tc_request *request, tc_reply *reply) {
    if (request->bytes != 8) {
        return bad_length(reply);
    }
    const uint32_t index = tc_get_u16(request->payload);
    const uint32_t offset = tc_get_u32(request->payload + 2);
    const uint32_t count = tc_get_u16(request->payload + 6);
    if (index >= tc_model_output_count()) {
        return bad_field(reply, 1);
    }
    const tc_tensor output = tc_model_output(index);
    if (output.data == NULL) {
        return TC_ERR_STATE;
    }
    if (offset > output.bytes) {
        return bad_field(reply, 2);
    }
    if (count == 0 || count > output.bytes - offset || count > TC_PROTO_MAX_PAYLOAD - 6u) {
        return bad_field(reply, 3);
    }
    add_u16(reply, index);
    add_u32(reply, offset);
    add_bytes(reply, output.data + offset, count);
    return TC_OK;
}

static tc_status serve_layers(const tc_request *request, tc_reply *reply) {
    if (request->bytes != 4) {
        return bad_length(reply);
    }
    const uint32_t first = tc_get_u16(request->payload);
    const uint32_t count = tc_get_u16(request->payload + 2);
    const uint32_t measured = tc_measure_layer_count();
    if (measured == 0) {
        return TC_ERR_STATE;
    }
    if (first >= measured) {
        return bad_field(reply, 1);
    }
    if (count == 0 || count > measured - first || count > (TC_PROTO_MAX_PAYLOAD - 4u) / 4u) {
        return bad_field(reply, 2);
    }
    add_u16(reply, first);
    add_u16(reply, count);
    for (uint32_t i = 0; i < count; i++) {
        add_u32(reply, tc_measure_layer_ticks(first + i));
    }
    return TC_OK;
}

static tc_status serve_memory(const tc_request *request, tc_reply *reply) {
    if (request->bytes != 0) {
        return bad_length(reply);
    }
    add_u32(reply, tc_model_arena_bytes());
    add_u32(reply, tc_static_bytes());
    add_u32(reply, tc_stack_reserved_bytes());
    add_u32(reply, tc_stack_peak_bytes());
    return TC_OK;
}

static tc_status serve_echo(const tc_request *request, tc_reply *reply) {
    add_bytes(reply, request->payload, request->bytes);
    return TC_OK;
}

typedef tc_status (*handler)(const tc_request *, tc_reply *);

static const struct {
    handler serve;
    bool needs_model;
} handlers[] = {
    [0x01] = {serve_hello, false},      [0x02] = {serve_info, false},
    [0x03] = {serve_write_input, true}, [0x04] = {serve_run, true},
    [0x05] = {serve_read_output, true}, [0x06] = {serve_layers, true},
    [0x07] = {serve_memory, false},     [0x08] = {serve_echo, false},
};

tc_status tc_proto_serve(const tc_request *request, tc_reply *reply) {
    if (request->type >= sizeof handlers / sizeof handlers[0] || !handlers[request->type].serve) {
        return bad_field(reply, TC_DETAIL_UNKNOWN_REQUEST);
    }
    if (handlers[request->type].needs_model && tc_proto_model_status() != TC_OK) {
        reply->detail = (uint32_t)tc_proto_model_status();
        return TC_ERR_STATE;
    }
    return handlers[request->type].serve(request, reply);
}
