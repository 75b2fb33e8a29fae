/*
 * Avro as Kafka topics carry it: Confluent's framing and the binary body, turned into the JSON that the same event would be.
 *
 *     frame: 0x00 | schema id, 4 bytes big-endian | Avro binary by the writer's schema
 *
 * The JSON is Kafka Connect's form without schema, which is what Debezium's events look like with `format: json`: unions
 * are their value alone, bytes and fixed are base64 text (a decimal thus stays its unscaled bytes), an enum is its symbol, and
 * a float that is no number is the text NaN, Infinity or -Infinity. Logical types are not interpreted.
 *
 * libavro reads the schema; the body is walked here, because a message comes from outside: every read is checked
 * against the message's end, nesting is limited to AVROX_MAX_DEPTH and one message to AVROX_MAX_VALUES values.
 */
#ifndef AVROX_H
#define AVROX_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define AVROX_MAX_DEPTH 64
#define AVROX_MAX_VALUES 1000000

struct avrox_schema;

/* Reads a schema's JSON text. ERR_DATA when it is none. The caller frees it; it may be shared between threads for decoding. */
struct avrox_schema *avrox_schema_parse(const char *text, size_t len, struct err *e);
/* Accepts NULL. */
void avrox_schema_free(struct avrox_schema *s);

/* Takes the frame off: *ret_id is the schema's id, *ret_body points into data. ERR_DATA when it is not framed. */
int avrox_unframe(const void *data, size_t len, uint32_t *ret_id, const uint8_t **ret_body, size_t *ret_body_len,
                  struct err *e);
/*
 * Decodes one body, to its last byte. Returns a new reference. ERR_DATA when the bytes are not a value of the schema:
 * cut short, too long, no such branch or symbol, text that is not UTF-8, or beyond the limits above.
 */
json_t *avrox_decode(const struct avrox_schema *s, const void *body, size_t len, struct err *e);

#endif
