/* The probes of HTTP services and plain TCP: each answer that a service can give, and nobody there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clk.h"
#include "fake_http.h"
#include "probe.h"
#include "scoped.h"

#include "banned.h"

#define STATUS(state, tasks) "{\"name\":\"c\",\"connector\":{\"state\":\"" state "\",\"worker_id\":\"w\"},\"tasks\":[" tasks "]}"

/* One service that answers in one way, and what its probe must make of it. */
struct expectation {
	probe_fn *probe;
	const char *list; /* the argument that is a list, and its only entry */
	const char *entry;
	struct fake_route routes[4];
	enum probe_state state;
	const char *reason; /* what it holds */
	const char *remedy;
};

static const struct expectation expectations[] = {
	{probe_registry, NULL, NULL, {{"GET", "/subjects", 200, NULL, "[\"a\",\"b\"]"}}, PROBE_READY, "2 subjects", ""},
	{probe_registry, NULL, NULL, {{"GET", "/subjects", 200, NULL, "{}"}}, PROBE_DEGRADED, "does not answer with a list", "Confluent"},
	{probe_registry, NULL, NULL, {{"GET", "/subjects", 503, NULL, "{}"}}, PROBE_STARTING, "HTTP 503", ""},
	{probe_connect, "connectors", "c", {{"GET", "/connectors", 200, NULL, "[\"c\"]"},
	 {"GET", "/connectors/c/status", 200, NULL, STATUS("RUNNING", "{\"id\":0,\"state\":\"RUNNING\"}")}}, PROBE_READY, "1 connector RUNNING", ""},
	{probe_connect, "connectors", "c", {{"GET", "/connectors", 200, NULL, "[\"c\"]"},
	 {"GET", "/connectors/c/status", 200, NULL, STATUS("RUNNING", "{\"id\":0,\"state\":\"FAILED\",\"trace\":\"Boom: why\\n\\tat x\"}")}},
	 PROBE_DEGRADED, "connector c FAILED: task 0: Boom: why", "connectors restart c"},
	{probe_connect, "connectors", "c", {{"GET", "/connectors", 200, NULL, "[\"c\"]"},
	 {"GET", "/connectors/c/status", 200, NULL, STATUS("PAUSED", "{\"id\":0,\"state\":\"PAUSED\"}")}}, PROBE_DEGRADED, "connector c is PAUSED", "resume c"},
	{probe_connect, "connectors", "c", {{"GET", "/connectors", 200, NULL, "[\"c\"]"},
	 {"GET", "/connectors/c/status", 200, NULL, STATUS("RUNNING", "")}}, PROBE_DEGRADED, "connector c is UNASSIGNED", "wait"},
	{probe_connect, "connectors", "c", {{"GET", "/connectors", 200, NULL, "[]"}}, PROBE_DEGRADED, "connector c is not registered", "register c"},
	{probe_connect, NULL, NULL, {{"GET", "/connectors", 404, NULL, "{}"}}, PROBE_STARTING, "HTTP 404", "wait"},
	{probe_connect, NULL, NULL, {{"GET", "/connectors", 200, NULL, "[]"}}, PROBE_READY, "the worker answers", ""},
	{probe_trino, NULL, NULL, {{"GET", "/v1/info", 200, NULL, "{\"starting\":true}"}}, PROBE_STARTING, "still starting", "wait"},
	{probe_trino, "catalogs", "lake", {{"GET", "/v1/info", 200, NULL, "{\"starting\":false}"},
	 {"POST", "/v1/statement", 200, NULL, "{\"id\":\"q\",\"columns\":[{\"name\":\"c\",\"type\":\"varchar\"}],\"data\":[[\"lake\"]]}"}},
	 PROBE_READY, "every catalog is there", ""},
	{probe_trino, "catalogs", "lake", {{"GET", "/v1/info", 200, NULL, "{\"starting\":false}"},
	 {"POST", "/v1/statement", 200, NULL, "{\"id\":\"q\",\"columns\":[{\"name\":\"c\",\"type\":\"varchar\"}],\"data\":[[\"system\"]]}"}},
	 PROBE_DEGRADED, "catalog lake is missing", "logs trino"},
	{probe_http, NULL, NULL, {{"GET", "", 200, NULL, "fine"}}, PROBE_READY, "HTTP 200", ""},
	{probe_http, NULL, NULL, {{"GET", "", 200, NULL, "{\"reason\":\"3 tables\"}"}}, PROBE_READY, "3 tables", ""},
	{probe_http, NULL, NULL, {{"GET", "", 503, NULL, "{\"state\":\"degraded\",\"reason\":\"lag\",\"remedy\":\"wait\"}"}}, PROBE_DEGRADED, "lag", "wait"},
	{probe_http, NULL, NULL, {{"GET", "", 503, NULL, "{\"state\":\"starting\"}"}}, PROBE_STARTING, "starting", ""},
	{probe_http, NULL, NULL, {{"GET", "", 503, NULL, "busy"}}, PROBE_STARTING, "HTTP 503", ""},
	{probe_http, NULL, NULL, {{"GET", "", 404, NULL, "no"}}, PROBE_DEGRADED, "HTTP 404", ""},
};

static struct args make_args(const char *url, const struct expectation *x)
{
	struct args a = {.items = xcalloc(3, sizeof(struct arg)), .n = x->list ? 3 : 2};

	a.items[0].name = xstrdup("url");
	a.items[0].text = xstrdup(url);
	a.items[1].name = xstrdup("user");
	a.items[1].text = xstrdup("u");
	if (x->list) {
		a.items[2].name = xstrdup(x->list);
		strlist_add(&a.items[2].list, x->entry);
	}
	return a;
}

/* As probe_service() does it: an error on the way is an answer, too. */
static void run(const struct expectation *x, const char *url, struct probe_result *ret)
{
	scoped(args_release) struct args args = make_args(url, x);
	struct err e = ERR_INIT;

	memset(ret, 0, sizeof(*ret));
	if (x->probe(&args, clk_mono_ms() + 1500, ret, &e))
		probe_answer(ret, e.kind == ERR_RETRY || e.kind == ERR_TIMEOUT ? PROBE_STARTING : PROBE_DEGRADED, "%s", e.msg);
}

static void answers_as_the_service_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *x = &expectations[i];
		struct fake_route routes[5] = {0};
		struct probe_result got;
		struct fake_http f;

		memcpy(routes, x->routes, sizeof(x->routes));
		for (size_t k = 0; routes[k].method; k++)
			if (!routes[k].path[0])
				routes[k].path = "/";
		fake_start(&f, routes);
		scoped_free char *url = xstrf("http://127.0.0.1:%d", f.port);

		run(x, url, &got);
		fake_stop(&f);
		fake_release(&f);
		if (got.state != x->state || !strstr(got.reason, x->reason) || !strstr(got.remedy, x->remedy))
			fail_msg("case %zu: %s %s | %s", i, probe_state_name(got.state), got.reason, got.remedy);
	}
}

static void nobody_is_starting(void **state)
{
	static probe_fn *const probes[] = {probe_registry, probe_connect, probe_trino, probe_http};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct probe_result got;

		run(&(struct expectation){.probe = probes[i]}, "http://127.0.0.1:1", &got);
		assert_int_equal(got.state, PROBE_STARTING);
		assert_non_null(strstr(got.reason, "connection refused on 127.0.0.1:1"));
	}
}

static void secrets_are_masked(void **state)
{
	struct arg items[] = {{.name = (char *)"password", .text = (char *)"s3cr", .secret = true},
	                      {.name = (char *)"host", .text = (char *)"host"},
	                      {.name = (char *)"empty", .text = (char *)"", .secret = true}};
	const struct args args = {.items = items, .n = 3};
	char text[] = "host said s3cr, s3crs3cr!";

	(void)state;
	args_mask(&args, text);
	assert_string_equal(text, "host said ****, ********!");
}

static void specs_cover_the_catalogue(void **state)
{
	static const char *const probes[] = {"postgres", "kafka", "registry", "connect", "s3", "metastore", "trino", "http", "tcp"};
	static const char *const steps[] = {"database", "sql", "bucket", "namespace", "topics", "connector"};

	(void)state;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		assert_non_null(spec_find(probe_specs, probes[i]));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_non_null(spec_find(step_specs, steps[i]));
	assert_null(spec_find(probe_specs, "sql"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_the_service_does),
		cmocka_unit_test(nobody_is_starting),
		cmocka_unit_test(secrets_are_masked),
		cmocka_unit_test(specs_cover_the_catalogue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
