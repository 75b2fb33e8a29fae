/* avrox: Debezium's own events, hand-made bodies for what these do not hold, and damage of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "avrox.h"
#include "fsx.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

static void avrox_schema_free_p(struct avrox_schema **s)
{
	avrox_schema_free(*s);
}

static json_t *load_golden(void)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	json_t *golden;

	assert_int_equal(fsx_read("tests/golden/avro/events.json", &text, &e), 0);
	golden = jsonx_parse(text.buf, text.len, &e);
	assert_non_null(golden);
	return golden;
}

static uint8_t *from_base64(const char *text, size_t *ret_len)
{
	size_t len = strlen(text);
	uint8_t *out = xmalloc(len / 4 * 3 + 1);
	int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);

	assert_true(n >= 0);
	*ret_len = (size_t)n - (len > 0 && text[len - 1] == '=') - (len > 1 && text[len - 2] == '=');
	return out;
}

static struct avrox_schema *golden_schema(const json_t *golden, uint32_t id)
{
	scoped_free char *key = xstrf("%u", id);
	const json_t *text = json_object_get(json_object_get(golden, "schemas"), key);
	struct err e = ERR_INIT;
	struct avrox_schema *s = avrox_schema_parse(json_string_value(text), json_string_length(text), &e);

	assert_string_equal(e.msg, "");
	assert_non_null(s);
	return s;
}

static void same(const json_t *got, const json_t *want, const char *what)
{
	if (json_equal(got, want))
		return;
	print_error("%s\n got: %s\nwant: %s\n", what, json_dumps(got, JSON_ENCODE_ANY), json_dumps(want, JSON_ENCODE_ANY));
	fail();
}

static void decodes_as_debezium_writes_json(void **state)
{
	scoped(json_decref_p) json_t *golden = load_golden();
	const json_t *event;
	size_t i;

	(void)state;
	json_array_foreach (json_object_get(golden, "events"), i, event) {
		size_t len, body_len;
		scoped_free uint8_t *frame = from_base64(jsonx_str(event, "frame", ""), &len);
		scoped(json_decref_p) json_t *got = NULL;
		const uint8_t *body;
		const char *key;
		json_t *value;
		struct err e = ERR_INIT;
		uint32_t id;

		assert_int_equal(avrox_unframe(frame, len, &id, &body, &body_len, &e), 0);
		scoped(avrox_schema_free_p) struct avrox_schema *s = golden_schema(golden, id);
		got = avrox_decode(s, body, body_len, &e);
		assert_string_equal(e.msg, "");
		same(json_object_get(got, "op"), json_object_get(event, "op"), "op");
		same(json_object_get(got, "before"), json_object_get(event, "before"), jsonx_str(event, "table", ""));
		same(json_object_get(got, "after"), json_object_get(event, "after"), jsonx_str(event, "table", ""));
		json_object_foreach (json_object_get(event, "source"), key, value)
			same(json_object_get(json_object_get(got, "source"), key), value, key);
	}
	assert_true(i > 20);
}

/* Every prefix of a message is an error, and none reads beyond it (the sanitizers see to that). */
static void refuses_what_is_cut_short(void **state)
{
	scoped(json_decref_p) json_t *golden = load_golden();
	size_t len;
	scoped_free uint8_t *frame = from_base64(jsonx_str(golden, "events.0.frame", ""), &len);
	uint32_t id = (uint32_t)frame[3] << 8 | frame[4];
	scoped(avrox_schema_free_p) struct avrox_schema *s = golden_schema(golden, id);

	(void)state;
	for (size_t cut = 5; cut < len; cut++) {
		scoped_free uint8_t *part = xmalloc(cut - 5 + 1);
		struct err e = ERR_INIT;

		memcpy(part, frame + 5, cut - 5);
		assert_null(avrox_decode(s, part, cut - 5, &e));
		assert_int_equal(e.kind, ERR_DATA);
	}
}

static void survives_damage(void **state)
{
	scoped(json_decref_p) json_t *golden = load_golden();
	size_t len;
	scoped_free uint8_t *frame = from_base64(jsonx_str(golden, "events.0.frame", ""), &len);
	scoped(avrox_schema_free_p) struct avrox_schema *s = golden_schema(golden, (uint32_t)frame[3] << 8 | frame[4]);

	(void)state;
	for (size_t at = 5; at < len; at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct err e = ERR_INIT;
			json_t *value;

			frame[at] ^= (uint8_t)(1 << bit);
			value = avrox_decode(s, frame + 5, len - 5, &e);
			assert_true(value != NULL || e.kind == ERR_DATA);
			json_decref(value);
			frame[at] ^= (uint8_t)(1 << bit);
		}
	}
}

static void decodes_by_type(void **state)
{
	static const struct {
		const char *schema;
		const char *body;
		size_t len;
		const char *want; /* JSON; NULL: an error */
	} cases[] = {
		{"\"null\"", "", 0, "null"},
		{"\"boolean\"", "\x01", 1, "true"},
		{"\"int\"", "\x03", 1, "-2"},
		{"\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, "-9223372036854775808"},
		{"\"float\"", "\xcd\xcc\xcc\x3d", 4, "0.1"},
		{"\"float\"", "\x00\x00\xc0\x7f", 4, "\"NaN\""},
		{"\"double\"", "\x00\x00\x00\x00\x00\x00\xf0\xff", 8, "\"-Infinity\""},
		{"\"double\"", "\x00\x00\x00\x00\x00\x00\xf8\x3f", 8, "1.5"},
		{"\"string\"", "\x06\xe2\x82\xac", 4, "\"€\""},
		{"\"string\"", "\x02\xff", 2, NULL},             /* not UTF-8 */
		{"\"string\"", "\x01", 1, NULL},                 /* length -1 */
		{"\"bytes\"", "\x04\x00\x01", 3, "\"AAE=\""},
		{"\"bytes\"", "\x00", 1, "\"\""},
		{"{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\x0a\x0b", 2, "\"Cgs=\""},
		{"{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\x0a", 1, NULL},
		{"{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"B\"]}", "\x02", 1, "\"B\""},
		{"{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"B\"]}", "\x04", 1, NULL},
		{"[\"null\",\"int\"]", "\x02\x02", 2, "1"},
		{"[\"null\",\"int\"]", "\x04\x02", 2, NULL},     /* no such branch */
		{"{\"type\":\"array\",\"items\":\"int\"}", "\x04\x02\x04\x00", 4, "[1,2]"},
		{"{\"type\":\"array\",\"items\":\"int\"}", "\x03\x04\x02\x04\x00", 5, "[1,2]"}, /* a block with its size */
		{"{\"type\":\"array\",\"items\":\"null\"}", "\xfe\xff\xff\xff\x0f\x00", 6, NULL}, /* 2^31 nulls in no byte */
		{"{\"type\":\"array\",\"items\":\"null\"}", "\x80\x89\x7a\x00", 4, NULL}, /* a million of them, and the array */
		{"{\"type\":\"map\",\"values\":\"int\"}", "\x02\x02k\x02\x00", 5, "{\"k\":1}"},
		{"{\"type\":\"map\",\"values\":\"int\"}", "\x02\x02\x00\x02\x00", 5, NULL}, /* key "\0" */
		{"\"int\"", "\x02\x02", 2, NULL},                /* bytes left over */
		{"\"int\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, NULL}, /* a number without end */
		/* Debezium's default 0 of a decimal is the byte 0, which libavro's parser does not take. */
		{"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"bytes\",\"connect.default\":\"\\u0000\"},\"default\":\"\\u0000\"}]}",
		 "\x02\x07", 2, "{\"a\":\"Bw==\"}"},
		/* A record in itself: as deep as the message says, or without end. */
		{"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":[\"null\",\"r\"]}]}", "\x02\x02\x00", 3, "{\"a\":{\"a\":{\"a\":null}}}"},
		{"{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\",\"type\":\"r\"}]}", "", 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(avrox_schema_free_p) struct avrox_schema *s = avrox_schema_parse(cases[i].schema, strlen(cases[i].schema), &e);
		scoped(json_decref_p) json_t *got = NULL;

		assert_non_null(s);
		got = avrox_decode(s, cases[i].body, cases[i].len, &e);
		if (cases[i].want) {
			scoped(json_decref_p) json_t *want = json_loads(cases[i].want, JSON_DECODE_ANY, NULL);

			same(got, want, cases[i].schema);
		} else if (got || e.kind != ERR_DATA) {
			fail_msg("case %zu, %s: an error was expected", i, cases[i].schema);
		}
	}
}

static void refuses_foreign_frames(void **state)
{
	const uint8_t *body;
	size_t len;
	uint32_t id;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(avrox_unframe("\0\0\0\1\2x", 6, &id, &body, &len, &e), 0);
	assert_int_equal(id, 0x102);
	assert_int_equal(len, 1);
	assert_int_equal(body[0], 'x');
	assert_int_equal(avrox_unframe("\0\0\0\1", 4, &id, &body, &len, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_int_equal(avrox_unframe("{\"a\":1}", 7, &id, &body, &len, &e), -1);
	assert_non_null(strstr(e.msg, "0x7b"));
}

static void refuses_what_is_no_schema(void **state)
{
	static const char *const texts[] = {"", "{", "\"no\"", "{\"type\":\"record\"}", "[1]", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(avrox_schema_parse(texts[i], strlen(texts[i]), &e));
		assert_int_equal(e.kind, ERR_DATA);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_as_debezium_writes_json), cmocka_unit_test(refuses_what_is_cut_short),
		cmocka_unit_test(survives_damage),                 cmocka_unit_test(decodes_by_type),
		cmocka_unit_test(refuses_foreign_frames),          cmocka_unit_test(refuses_what_is_no_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
