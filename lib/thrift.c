/* Thrift's binary protocol; see the header for its bytes. */
#include "thrift.h"

#include <string.h>

#include "banned.h"

#define MAX_DEPTH 32

static void add_u16(struct strbuf *out, uint16_t v)
{
	strbuf_addch(out, v >> 8);
	strbuf_addch(out, v & 0xff);
}

static void add_u32(struct strbuf *out, uint32_t v)
{
	add_u16(out, (uint16_t)(v >> 16));
	add_u16(out, (uint16_t)v);
}

static void add_text(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);

	add_u32(out, (uint32_t)len);
	strbuf_add(out, text, len);
}

void thrift_call(struct strbuf *out, const char *method, uint32_t sequence)
{
	add_u32(out, 0x80010000u | THRIFT_CALL);
	add_text(out, method);
	add_u32(out, sequence);
}

void thrift_field(struct strbuf *out, enum thrift_type type, uint16_t id)
{
	strbuf_addch(out, type);
	add_u16(out, id);
}

void thrift_string(struct strbuf *out, uint16_t id, const char *text)
{
	thrift_field(out, THRIFT_STRING, id);
	add_text(out, text);
}

void thrift_stop(struct strbuf *out)
{
	strbuf_addch(out, THRIFT_STOP);
}

bool thrift_next(struct reader *r, enum thrift_type *ret_type, uint16_t *ret_id)
{
	*ret_type = reader_u8(r);
	*ret_id = 0;
	if (r->bad || *ret_type == THRIFT_STOP)
		return false;
	*ret_id = reader_u16(r);
	return !r->bad;
}

uint32_t thrift_list(struct reader *r, enum thrift_type *ret_type)
{
	uint32_t n;

	*ret_type = reader_u8(r);
	n = reader_u32(r);
	if (n > reader_left(r)) /* each value has at least one byte */
		r->bad = true;
	return r->bad ? 0 : n;
}

uint32_t thrift_map(struct reader *r, enum thrift_type *ret_key, enum thrift_type *ret_value)
{
	uint32_t n;

	*ret_key = reader_u8(r);
	*ret_value = reader_u8(r);
	n = reader_u32(r);
	if (n > reader_left(r) / 2)
		r->bad = true;
	return r->bad ? 0 : n;
}

char *thrift_text(struct reader *r)
{
	uint32_t len = reader_u32(r);
	const uint8_t *bytes = reader_bytes(r, len);

	return bytes ? xstrndup((const char *)bytes, len) : xstrdup("");
}

static bool skip(struct reader *r, enum thrift_type type, int depth);

static bool skip_fields(struct reader *r, int depth)
{
	enum thrift_type type;
	uint16_t id;

	while (thrift_next(r, &type, &id))
		if (!skip(r, type, depth))
			return false;
	return true;
}

static bool skip_many(struct reader *r, enum thrift_type key, enum thrift_type value, bool is_map, int depth)
{
	uint32_t n = reader_u32(r);

	if (n > INT32_MAX)
		return false;
	for (uint32_t i = 0; i < n && !r->bad; i++)
		if ((is_map && !skip(r, key, depth)) || !skip(r, value, depth))
			return false;
	return true;
}

static bool skip(struct reader *r, enum thrift_type type, int depth)
{
	uint32_t len;
	uint8_t key, value;

	if (r->bad)
		return true;
	if (depth > MAX_DEPTH)
		return false;
	switch (type) {
	case THRIFT_BOOL:
	case THRIFT_I8:
		reader_u8(r);
		return true;
	case THRIFT_I16:
		reader_u16(r);
		return true;
	case THRIFT_I32:
		reader_u32(r);
		return true;
	case THRIFT_I64:
	case THRIFT_DOUBLE:
		reader_u64(r);
		return true;
	case THRIFT_STRING:
		len = reader_u32(r);
		if (len > INT32_MAX)
			return false;
		reader_bytes(r, len);
		return true;
	case THRIFT_STRUCT:
		return skip_fields(r, depth + 1);
	case THRIFT_SET:
	case THRIFT_LIST:
		value = reader_u8(r);
		return skip_many(r, THRIFT_STOP, value, false, depth + 1);
	case THRIFT_MAP:
		key = reader_u8(r);
		value = reader_u8(r);
		return skip_many(r, key, value, true, depth + 1);
	default:
		return false;
	}
}

bool thrift_skip(struct reader *r, enum thrift_type type)
{
	return skip(r, type, 0);
}
