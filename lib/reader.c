/* Bounds-checked reading of bytes from outside. */
#include "reader.h"

#include <string.h>

#include "banned.h"

void reader_init(struct reader *r, const void *data, size_t len)
{
	/* A pointer to compare with and to lend, also when there is nothing. */
	r->p = len ? data : (const uint8_t *)"";
	r->end = r->p + len;
	r->bad = false;
}

size_t reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

const uint8_t *reader_bytes(struct reader *r, size_t len)
{
	const uint8_t *start = r->p;

	if (r->bad || len > (size_t)(r->end - r->p)) {
		r->bad = true;
		return NULL;
	}
	r->p += len;
	return start;
}

static uint64_t big_endian(struct reader *r, size_t len)
{
	const uint8_t *bytes = reader_bytes(r, len);
	uint64_t value = 0;

	for (size_t i = 0; bytes && i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)big_endian(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
	return (uint16_t)big_endian(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
	return (uint32_t)big_endian(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
	return big_endian(r, 8);
}

/*
 * Groups of seven bits, the lowest first, the high bit set on all but the last; then zig-zag: 0, -1, 1, -2, … are
 * 0, 1, 2, 3, …
 */
int64_t reader_zigzag(struct reader *r)
{
	uint64_t value = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = reader_u8(r);

		if (r->bad)
			return 0;
		/* The tenth byte has room for the one bit that is left of 64. */
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return (int64_t)(value >> 1 ^ (0 - (value & 1)));
	}
	r->bad = true;
	return 0;
}

const char *reader_cstr(struct reader *r)
{
	const char *start = (const char *)r->p;
	const uint8_t *nul = r->bad ? NULL : memchr(r->p, '\0', (size_t)(r->end - r->p));

	if (!nul) {
		r->bad = true;
		return "";
	}
	r->p = nul + 1;
	return start;
}

bool reader_done(const struct reader *r)
{
	return !r->bad && r->p == r->end;
}
