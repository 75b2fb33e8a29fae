/* Walks an Avro body along its schema and builds the JSON value of it. */
#include "avrox.h"

#include <avro.h>
#include <math.h>
#include <openssl/evp.h>
#include <string.h>

#include "jsonx.h"
#include "reader.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

struct avrox_schema {
	avro_schema_t root;
};

struct decoder {
	struct reader in;
	int depth;
	int values;
	const char *cause; /* what was wrong, when it was not the length */
};

static json_t *decode_value(struct decoder *d, avro_schema_t s);

/*
 * Takes out what a reader of the writer's own schema has no use for. libavro refuses a default with a zero byte in it, and
 * that is how Debezium writes the default 0 of a decimal.
 */
static void drop_defaults(json_t *schema)
{
	json_t *child;
	const char *key;
	size_t i;
	void *next;

	json_object_del(schema, "default");
	json_object_foreach_safe (schema, next, key, child) {
		if (str_starts(key, "connect."))
			json_object_del(schema, key);
		else
			drop_defaults(child);
	}
	json_array_foreach (schema, i, child)
		drop_defaults(child);
}

struct avrox_schema *avrox_schema_parse(const char *text, size_t len, struct err *e)
{
	scoped(json_decref_p) json_t *json = json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	scoped_free char *plain = NULL;
	struct avrox_schema *s;
	avro_schema_t root;

	drop_defaults(json);
	plain = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (!plain) {
		err_set(e, ERR_DATA, "this is no Avro schema: it is not JSON");
		return NULL;
	}
	if (avro_schema_from_json_length(plain, strlen(plain), &root) != 0) {
		err_set(e, ERR_DATA, "this is no Avro schema: %s", avro_strerror());
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->root = root;
	return s;
}

void avrox_schema_free(struct avrox_schema *s)
{
	if (!s)
		return;
	avro_schema_decref(s->root);
	free(s);
}

int avrox_unframe(const void *data, size_t len, uint32_t *ret_id, const uint8_t **ret_body, size_t *ret_body_len,
                  struct err *e)
{
	struct reader r;
	uint8_t magic;
	uint32_t id;

	reader_init(&r, data, len);
	magic = reader_u8(&r);
	id = reader_u32(&r);
	if (r.bad)
		return err_set(e, ERR_DATA, "a message of %zu bytes is too short for Confluent's framing", len);
	if (magic != 0)
		return err_set(e, ERR_DATA, "the message begins with 0x%02x, not with the 0x00 of Confluent's framing", magic);
	*ret_id = id;
	*ret_body = r.p;
	*ret_body_len = reader_left(&r);
	return 0;
}

/* Notes the first cause and makes every later read fail. */
static json_t *reject(struct decoder *d, const char *cause)
{
	if (!d->cause && !d->in.bad)
		d->cause = cause;
	d->in.bad = true;
	return NULL;
}

/* A length or count that the rest of the message must be able to hold. */
static bool read_length(struct decoder *d, size_t *ret)
{
	int64_t n = reader_zigzag(&d->in);

	if (d->in.bad || n < 0 || (uint64_t)n > reader_left(&d->in)) {
		reject(d, "a length goes past the end");
		return false;
	}
	*ret = (size_t)n;
	return true;
}

static json_t *decode_base64(struct decoder *d, size_t len)
{
	const uint8_t *p = reader_bytes(&d->in, len);
	scoped_free char *text = NULL;

	if (!p)
		return NULL;
	text = xmalloc((len + 2) / 3 * 4 + 1);
	return json_stringn(text, (size_t)EVP_EncodeBlock((unsigned char *)text, p, (int)len));
}

static json_t *decode_text(struct decoder *d)
{
	const uint8_t *p;
	json_t *text;
	size_t len;

	if (!read_length(d, &len))
		return NULL;
	p = reader_bytes(&d->in, len);
	if (!p)
		return NULL;
	text = json_stringn((const char *)p, len);
	return text ? text : reject(d, "a text is not UTF-8");
}

/* Avro's floating point is little-endian. */
static uint64_t read_little_endian(struct decoder *d, size_t bytes)
{
	const uint8_t *p = reader_bytes(&d->in, bytes);
	uint64_t bits = 0;

	for (size_t i = bytes; p && i-- > 0;)
		bits = bits << 8 | p[i];
	return bits;
}

static json_t *real_value(double v)
{
	if (isnan(v))
		return json_string("NaN");
	if (isinf(v))
		return json_string(v > 0 ? "Infinity" : "-Infinity");
	return json_real(v);
}

static json_t *decode_float(struct decoder *d)
{
	uint32_t bits = (uint32_t)read_little_endian(d, 4);
	char text[32];
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (!isfinite(v))
		return real_value(v);
	/* The shortest text of two digits or more that is this float, as Java writes it: 0.1f is 0.1, not 0.10000000149011612. */
	for (int digits = 2; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	return json_real(strtod(text, NULL));
}

static json_t *decode_double(struct decoder *d)
{
	uint64_t bits = read_little_endian(d, 8);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return real_value(v);
}

static json_t *decode_record(struct decoder *d, avro_schema_t s)
{
	json_t *object = json_object();
	size_t n = avro_schema_record_size(s);

	for (size_t i = 0; i < n && !d->in.bad; i++)
		json_object_set_new_nocheck(object, avro_schema_record_field_name(s, (int)i),
		                            decode_value(d, avro_schema_record_field_get_by_index(s, (int)i)));
	return object;
}

/* Items of an array or entries of a map come in blocks; a negative count is followed by the block's size in bytes. */
static int64_t read_block(struct decoder *d)
{
	int64_t n = reader_zigzag(&d->in);

	if (n < 0) {
		reader_zigzag(&d->in);
		n = n < -AVROX_MAX_VALUES ? AVROX_MAX_VALUES + 1 : -n;
	}
	if (n > AVROX_MAX_VALUES)
		reject(d, "a block has too many values");
	return d->in.bad ? 0 : n;
}

static json_t *decode_array(struct decoder *d, avro_schema_t s)
{
	json_t *array = json_array();
	int64_t left;

	while ((left = read_block(d)) > 0) {
		for (; left > 0 && !d->in.bad; left--)
			json_array_append_new(array, decode_value(d, avro_schema_array_items(s)));
	}
	return array;
}

static json_t *decode_map(struct decoder *d, avro_schema_t s)
{
	json_t *object = json_object();
	int64_t left;

	while ((left = read_block(d)) > 0) {
		for (; left > 0 && !d->in.bad; left--) {
			json_t *key = decode_text(d);
			json_t *value = d->in.bad ? NULL : decode_value(d, avro_schema_map_values(s));

			if (value && memchr(json_string_value(key), 0, json_string_length(key))) {
				json_decref(value);
				value = reject(d, "a map's key holds a zero byte");
			}
			if (value)
				json_object_set_new_nocheck(object, json_string_value(key), value);
			json_decref(key);
		}
	}
	return object;
}

static json_t *decode_union(struct decoder *d, avro_schema_t s)
{
	int64_t branch = reader_zigzag(&d->in);

	if (branch < 0 || (uint64_t)branch >= avro_schema_union_size(s))
		return reject(d, "a union has no such branch");
	return decode_value(d, avro_schema_union_branch(s, (int)branch));
}

static json_t *decode_enum(struct decoder *d, avro_schema_t s)
{
	int64_t symbol = reader_zigzag(&d->in);

	if (symbol < 0 || symbol >= avro_schema_enum_number_of_symbols(s))
		return reject(d, "an enum has no such symbol");
	return json_string(avro_schema_enum_get(s, (int)symbol));
}

static json_t *decode_bytes(struct decoder *d)
{
	size_t len;

	return read_length(d, &len) ? decode_base64(d, len) : NULL;
}

static json_t *decode_fixed(struct decoder *d, avro_schema_t s)
{
	int64_t len = avro_schema_fixed_size(s);

	return len >= 0 && (uint64_t)len <= reader_left(&d->in) ? decode_base64(d, (size_t)len)
	                                                        : reject(d, "a fixed value goes past the end");
}

static json_t *decode_by_type(struct decoder *d, avro_schema_t s)
{
	switch (avro_typeof(s)) {
	case AVRO_NULL: return json_null();
	case AVRO_BOOLEAN: return json_boolean(reader_u8(&d->in) != 0);
	case AVRO_INT32:
	case AVRO_INT64: return json_integer(reader_zigzag(&d->in));
	case AVRO_FLOAT: return decode_float(d);
	case AVRO_DOUBLE: return decode_double(d);
	case AVRO_STRING: return decode_text(d);
	case AVRO_BYTES: return decode_bytes(d);
	case AVRO_FIXED: return decode_fixed(d, s);
	case AVRO_ENUM: return decode_enum(d, s);
	case AVRO_RECORD: return decode_record(d, s);
	case AVRO_ARRAY: return decode_array(d, s);
	case AVRO_MAP: return decode_map(d, s);
	case AVRO_UNION: return decode_union(d, s);
	case AVRO_LINK: return decode_value(d, avro_schema_link_target(s));
	default: return reject(d, "the schema has a type that is unknown here");
	}
}

static json_t *decode_value(struct decoder *d, avro_schema_t s)
{
	json_t *value;

	if (++d->values > AVROX_MAX_VALUES)
		return reject(d, "it has too many values");
	if (d->depth == AVROX_MAX_DEPTH)
		return reject(d, "it is nested too deep");
	d->depth++;
	value = decode_by_type(d, s);
	d->depth--;
	if (!d->in.bad)
		return value;
	json_decref(value);
	return NULL;
}

json_t *avrox_decode(const struct avrox_schema *s, const void *body, size_t len, struct err *e)
{
	struct decoder d = {.depth = 0};
	json_t *value;

	reader_init(&d.in, body, len);
	value = decode_value(&d, s->root);
	if (value && reader_done(&d.in))
		return value;
	json_decref(value);
	err_set(e, ERR_DATA, "the Avro body of %zu bytes does not fit its schema: %s", len,
	        d.cause ? d.cause : d.in.bad ? "it ends too early" : "bytes are left over");
	return NULL;
}
