/*
 * A bounds-checked cursor over bytes from outside, with a sticky error: read on after a short read, check once at the end.
 * Integers are big-endian (network order) unless the name says otherwise.
 */
#ifndef READER_H
#define READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad; /* a read went past the end, or a value was malformed; later reads return zero */
};

void reader_init(struct reader *r, const void *data, size_t len);
size_t reader_left(const struct reader *r);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* Avro's variable-length zig-zag long (Avro specification 1.11, "Binary encoding"). */
int64_t reader_zigzag(struct reader *r);
/* len bytes, borrowed from the input; NULL (and bad) when there are fewer. */
const uint8_t *reader_bytes(struct reader *r, size_t len);
/* A NUL-terminated string, borrowed from the input; "" (and bad) when there is no NUL. */
const char *reader_cstr(struct reader *r);
/* True when nothing was bad and every byte was read. */
bool reader_done(const struct reader *r);

#endif
