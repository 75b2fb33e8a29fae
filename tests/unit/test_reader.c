/* reader: golden bytes, and no read past the end, wherever the input is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader.h"

#include "banned.h"

static void integers_are_big_endian(void **state)
{
	static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8};
	struct reader r;

	(void)state;
	reader_init(&r, bytes, sizeof(bytes));
	assert_int_equal(reader_left(&r), 15);
	assert_int_equal(reader_u8(&r), 0x01);
	assert_int_equal(reader_u16(&r), 0x0203);
	assert_int_equal(reader_u32(&r), 0x04050607);
	assert_false(reader_done(&r));
	assert_true(reader_u64(&r) == 0xfffefdfcfbfaf9f8);
	assert_true(reader_done(&r));
}

static void zigzag_as_in_avro(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int64_t value;
	} cases[] = {
		/* The specification's own examples. */
		{"\x00", 1, 0}, {"\x01", 1, -1}, {"\x02", 1, 1}, {"\x03", 1, -2}, {"\x04", 1, 2}, {"\x7f", 1, -64}, {"\x80\x01", 2, 64},
		{"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, INT64_MAX},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, INT64_MIN},
	};
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{"", 0}, {"\x80", 1}, {"\xff\xff", 2},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},     /* 65 bits */
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11}, /* no end in ten bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader r;

		reader_init(&r, cases[i].bytes, cases[i].len);
		assert_true(reader_zigzag(&r) == cases[i].value);
		assert_true(reader_done(&r));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reader r;

		reader_init(&r, bad[i].bytes, bad[i].len);
		assert_true(reader_zigzag(&r) == 0);
		assert_true(r.bad);
	}
}

static void strings_need_their_nul(void **state)
{
	static const char bytes[] = "ab\0\0cd";
	struct reader r;

	(void)state;
	reader_init(&r, bytes, 6);
	assert_string_equal(reader_cstr(&r), "ab");
	assert_string_equal(reader_cstr(&r), "");
	assert_false(r.bad);
	assert_string_equal(reader_cstr(&r), "");
	assert_true(r.bad);
}

static void the_error_sticks(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct reader r;

	(void)state;
	reader_init(&r, bytes, sizeof(bytes));
	assert_int_equal(reader_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(reader_u8(&r), 0);
	assert_null(reader_bytes(&r, 0));
	assert_string_equal(reader_cstr(&r), "");
	assert_int_equal(reader_left(&r), 0);
	assert_false(reader_done(&r));
}

static void nothing_at_all(void **state)
{
	struct reader r;

	(void)state;
	reader_init(&r, NULL, 0);
	assert_true(reader_done(&r));
	assert_non_null(reader_bytes(&r, 0));
	assert_true(reader_done(&r));
	assert_null(reader_bytes(&r, SIZE_MAX));
	assert_true(r.bad);
}

/* Each length of a message but the whole must be bad, and is on the heap, so that a sanitizer sees any step too far. */
static void every_cut_is_noticed(void **state)
{
	static const uint8_t message[] = {1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0x80, 0x01, 'x', 'y', 0, 'p', 'q'};

	(void)state;
	for (size_t len = 0; len <= sizeof(message); len++) {
		uint8_t *copy = malloc(len ? len : 1);
		struct reader r;

		memcpy(copy, message, len);
		reader_init(&r, copy, len);
		reader_u8(&r);
		reader_u16(&r);
		reader_u32(&r);
		reader_u64(&r);
		reader_zigzag(&r);
		reader_cstr(&r);
		reader_bytes(&r, 2);
		assert_int_equal(reader_done(&r), len == sizeof(message));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(zigzag_as_in_avro),
		cmocka_unit_test(strings_need_their_nul),
		cmocka_unit_test(the_error_sticks),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(every_cut_is_noticed),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
