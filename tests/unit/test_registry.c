/* registry: subjects, schemas that are asked for once, and answers of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "jsonx.h"
#include "registry.h"
#include "scoped.h"

#include "banned.h"

static const struct fake_route routes[] = {
	{"GET", "/base/subjects", 200, NULL, "[\"a-key\",\"a-value\"]"},
	{"GET", "/base/schemas/ids/7", 200, NULL, "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":[{\\\"name\\\":\\\"n\\\",\\\"type\\\":\\\"int\\\"}]}\"}"},
	{"GET", "/base/schemas/ids/7", 500, NULL, "{\"message\":\"asked twice\"}"},
	{"GET", "/base/schemas/ids/8", 200, NULL, "{\"schema\":\"{}\",\"schemaType\":\"JSON\"}"},
	{"GET", "/base/schemas/ids/9", 503, NULL, "{\"message\":\"starting\"}"},
	{"GET", "/base/schemas/ids/10", 200, NULL, "{\"schema\":\"no schema\"}"},
	{0},
};

static void lists_and_decodes(void **state)
{
	scoped(strlist_release) struct strlist subjects = {0};
	struct fake_http f;
	struct registry *r;
	struct err e = ERR_INIT;

	(void)state;
	fake_start(&f, routes);
	scoped_free char *url = xstrf("http://127.0.0.1:%d/base/", f.port);
	r = registry_new(url, 3000);
	assert_int_equal(registry_subjects(r, &subjects, &e), 0);
	assert_int_equal(subjects.n, 2);
	assert_string_equal(subjects.items[1], "a-value");
	for (int i = 0; i < 2; i++) {
		json_t *value = registry_decode(r, "\0\0\0\0\7\x54", 6, &e);

		assert_non_null(value);
		assert_int_equal(jsonx_int(value, "n", 0), 42);
		json_decref(value);
	}
	registry_free(r);
	fake_stop(&f);
	fake_release(&f);
}

static void tells_errors(void **state)
{
	static const struct {
		uint32_t id;
		enum err_kind kind;
		const char *says;
	} cases[] = {{8, ERR_DATA, "not Avro"}, {9, ERR_RETRY, "starting"}, {10, ERR_DATA, "schema 10"}, {11, ERR_MISSING, "404"}};
	struct fake_http f;
	struct registry *r;

	(void)state;
	fake_start(&f, routes);
	scoped_free char *url = xstrf("http://127.0.0.1:%d/base", f.port);
	r = registry_new(url, 3000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(registry_schema(r, cases[i].id, &e));
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.msg, cases[i].says));
	}
	registry_free(r);
	fake_stop(&f);
	fake_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(lists_and_decodes), cmocka_unit_test(tells_errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
