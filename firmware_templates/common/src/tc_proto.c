/* Frames, packets, and the memory of the last reply. What requests do is in tc_proto_requests.c. */
#include "tc_proto.h"

#include "tc_cobs.h"
#include "tc_crc32.h"
#include "tc_fault.h"
#include "tc_platform.h"
#include "tc_wire.h"

#define HEADER_BYTES      3u /* type u8, seq u16 */
#define CRC_BYTES         4u
#define MAX_PACKET_BYTES  (HEADER_BYTES + TC_PROTO_MAX_PAYLOAD + CRC_BYTES)
#define MAX_ENCODED_BYTES (MAX_PACKET_BYTES + TC_COBS_OVERHEAD(MAX_PACKET_BYTES))

#define TYPE_HELLO 0x01u
#define TYPE_FAULT 0xFEu
#define TYPE_ERROR 0xFFu
#define REPLY_BIT  0x80u

#define ERROR_PAYLOAD_BYTES 6u
#define FAULT_PAYLOAD_BYTES 17u

static struct {
    uint8_t bytes[MAX_ENCODED_BYTES];
    size_t count;
    bool too_long; /* drop what comes until the frame ends */
} received;

/* The last frame as it was sent, so that it can be sent again. A packet is put together behind
 * the room that its encoding needs. */
static struct {
    uint8_t frame[1u + MAX_ENCODED_BYTES + 1u];
    size_t frame_bytes;
} sent;

static struct {
    tc_status model_status;
    bool counter_moves;
    uint16_t seq; /* of the request that is being served or was last */
    uint32_t crc; /* of the last answered request */
    bool answered;
} state;

void tc_proto_init(tc_status model_status, bool counter_moves) {
    state.model_status = model_status;
    state.counter_moves = counter_moves;
    state.seq = 0;
    state.answered = false;
    received.count = 0;
    received.too_long = false;
}

tc_status tc_proto_model_status(void) {
    return state.model_status;
}

bool tc_proto_counter_moves(void) {
    return state.counter_moves;
}

/* Where a packet with a payload of `payload_bytes` has to stand for tc_cobs_encode(). */
static uint8_t *packet_for(size_t payload_bytes) {
    return sent.frame + 1u + TC_COBS_OVERHEAD(HEADER_BYTES + payload_bytes + CRC_BYTES);
}

/* Complete the packet whose payload stands in its place behind packet_for(payload_bytes), and
 * send it. */
static void send_packet(uint8_t type, uint16_t seq, size_t payload_bytes) {
    uint8_t *packet = packet_for(payload_bytes);
    const size_t body_bytes = HEADER_BYTES + payload_bytes;
    packet[0] = type;
    tc_put_u16(packet + 1, seq);
    tc_put_u32(packet + body_bytes, tc_crc32(0, packet, body_bytes));
    const size_t encoded_bytes = tc_cobs_encode(sent.frame + 1, body_bytes + CRC_BYTES);
    sent.frame[0] = 0;
    sent.frame[1u + encoded_bytes] = 0;
    sent.frame_bytes = encoded_bytes + 2u;
    tc_platform_write(sent.frame, sent.frame_bytes);
}

static void send_error(const tc_request *request, tc_status status, uint32_t detail) {
    uint8_t *payload = packet_for(ERROR_PAYLOAD_BYTES) + HEADER_BYTES;
    payload[0] = request->type;
    payload[1] = (uint8_t)status;
    tc_put_u32(payload + 2, detail);
    send_packet(TYPE_ERROR, request->seq, ERROR_PAYLOAD_BYTES);
}

/* Handlers write before the length of their reply is known, so they are given the place of the
 * longest one; a shorter one moves down to where its encoding needs it. */
static void send_reply(const tc_request *request, const tc_reply *reply) {
    uint8_t *payload = packet_for(reply->bytes) + HEADER_BYTES;
    tc_copy(payload, reply->payload, reply->bytes);
    send_packet((uint8_t)(request->type | REPLY_BIT), request->seq, reply->bytes);
}

static void answer(const tc_request *request, uint32_t crc) {
    if (request->type == TYPE_HELLO) {
        state.answered = false;
    }
    if (state.answered && request->seq == state.seq && crc == state.crc) {
        tc_platform_write(sent.frame, sent.frame_bytes);
        return;
    }
    /* From here on the old reply is being overwritten. */
    state.answered = false;
    state.seq = request->seq;
    state.crc = crc;
    tc_reply reply = {packet_for(TC_PROTO_MAX_PAYLOAD) + HEADER_BYTES, 0, TC_DETAIL_LENGTH};
    const tc_status status = tc_proto_serve(request, &reply);
    if (status == TC_OK) {
        send_reply(request, &reply);
    } else {
        send_error(request, status, reply.detail);
    }
    state.answered = true;
}

static void take_frame(uint8_t *frame, size_t frame_bytes) {
    const size_t packet_bytes = tc_cobs_decode(frame, frame_bytes);
    if (packet_bytes < HEADER_BYTES + CRC_BYTES || packet_bytes > MAX_PACKET_BYTES) {
        return;
    }
    const size_t body_bytes = packet_bytes - CRC_BYTES;
    const uint32_t crc = tc_get_u32(frame + body_bytes);
    if (crc != tc_crc32(0, frame, body_bytes)) {
        return;
    }
    const tc_request request = {
        .type = frame[0],
        .seq = tc_get_u16(frame + 1),
        .payload = frame + HEADER_BYTES,
        .bytes = body_bytes - HEADER_BYTES,
    };
    /* Anything else is not from a host: perhaps our own packets on a line that echoes. */
    if (request.type != 0 && (request.type & REPLY_BIT) == 0) {
        answer(&request, crc);
    }
}

void tc_proto_receive(uint8_t byte) {
    if (byte == 0) {
        if (!received.too_long && received.count > 0) {
            take_frame(received.bytes, received.count);
        }
        received.count = 0;
        received.too_long = false;
    } else if (received.count < sizeof received.bytes) {
        received.bytes[received.count++] = byte;
    } else {
        received.too_long = true;
    }
}

/* The fault handler ends the program after this, so the last reply may be overwritten. */
void tc_fault_report(const tc_fault_record *record) {
    uint8_t *payload = packet_for(FAULT_PAYLOAD_BYTES) + HEADER_BYTES;
    payload[0] = (uint8_t)record->kind;
    tc_put_u32(payload + 1, record->pc);
    tc_put_u32(payload + 5, record->lr);
    tc_put_u32(payload + 9, record->cfsr);
    tc_put_u32(payload + 13, record->address);
    send_packet(TYPE_FAULT, state.seq, FAULT_PAYLOAD_BYTES);
}
