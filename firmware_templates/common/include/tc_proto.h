/* The device's side of docs/serial-protocol.md: packets in, packets out. */
#ifndef TC_PROTO_H
#define TC_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tc_model.h"

#define TC_PROTO_VERSION 1u

/* Greatest payload of a packet in either direction. Each byte costs two of RAM. */
#ifndef TC_PROTO_MAX_PAYLOAD
#define TC_PROTO_MAX_PAYLOAD 512u
#endif

_Static_assert(TC_PROTO_MAX_PAYLOAD >= 256u && TC_PROTO_MAX_PAYLOAD <= 4096u,
               "the host relies on a payload of 256 bytes");

/* Runs that one RUN request may ask for. */
#define TC_PROTO_MAX_RUNS 32u

/* A request whose CRC is right. The payload is in the receive buffer. */
typedef struct {
    uint8_t type;
    uint16_t seq;
    const uint8_t *payload;
    size_t bytes;
} tc_request;

/* The reply that a handler fills: at most TC_PROTO_MAX_PAYLOAD bytes. With a status that is not
 * TC_OK the payload is dropped and an error reply with `detail` goes out instead. */
typedef struct {
    uint8_t *payload;
    size_t bytes;
    uint32_t detail;
} tc_reply;

/* Values of `detail` with TC_ERR_ARG besides the number of the bad payload field, from 1. */
#define TC_DETAIL_LENGTH          0u
#define TC_DETAIL_UNKNOWN_REQUEST 0xFFFFFFFFu

/* Start the conversation; the two facts are for HELLO. Sends nothing. */
void tc_proto_init(tc_status model_status, bool counter_moves);

/* Take one received byte; answers when it completes a request. */
void tc_proto_receive(uint8_t byte);

/* Carry out a request (tc_proto_requests.c). */
tc_status tc_proto_serve(const tc_request *request, tc_reply *reply);

/* What tc_proto_init() was told. */
tc_status tc_proto_model_status(void);
bool tc_proto_counter_moves(void);

#endif
