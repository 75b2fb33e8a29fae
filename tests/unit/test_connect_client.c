/* connect_client: how a connector's state is judged, what its errors say, and the patience during a rebalance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connect_client.h"
#include "fake_http.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

#define STATUS(connector, tasks) "{\"name\":\"inventory\",\"type\":\"source\",\"connector\":{\"state\":\"" connector "\",\"worker_id\":\"w:1\"},\"tasks\":[" tasks "]}"
#define TASK(state) "{\"id\":0,\"state\":\"" state "\",\"worker_id\":\"w:1\",\"trace\":\"java.lang.X: no slot\\n\\tat here\\nCaused by: java.Y: deep\\n\\tat there\"}"

static void judges_states(void **state)
{
	static const struct {
		const char *status;
		const char *want;
		const char *cause;
	} cases[] = {
		{STATUS("RUNNING", TASK("RUNNING")), "RUNNING", ""},
		{STATUS("RUNNING", ""), "UNASSIGNED", ""},
		{STATUS("RUNNING", TASK("RUNNING") "," TASK("FAILED")), "FAILED", "task 0: java.lang.X: no slot; caused by java.Y: deep"},
		{STATUS("RUNNING", TASK("UNASSIGNED")), "UNASSIGNED", ""},
		{STATUS("PAUSED", TASK("PAUSED")), "PAUSED", ""},
		{STATUS("PAUSED", TASK("RUNNING")), "RUNNING", ""},
		{"{\"connector\":{\"state\":\"FAILED\",\"trace\":\"bad config\\nmore\"},\"tasks\":[]}", "FAILED", "bad config"},
		{"{}", "UNKNOWN", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(json_decref_p) json_t *status = json_loads(cases[i].status, 0, NULL);
		scoped(strbuf_release) struct strbuf cause = STRBUF_INIT;

		assert_non_null(status);
		assert_string_equal(connect_state(status), cases[i].want);
		connect_add_cause(status, &cause);
		assert_string_equal(cause.buf, cases[i].cause);
	}
}

static void calls_and_waits(void **state)
{
	static const struct fake_route routes[] = {
		{"GET", "/connectors", 200, NULL, "[\"other\",\"inventory\"]"},
		{"PUT", "/connectors/inventory/pause", 409, NULL, "{\"message\":\"rebalance\"}"},
		{"PUT", "/connectors/inventory/pause", 202, NULL, ""},
		{"GET", "/connectors/inventory/status", 200, NULL, STATUS("PAUSED", TASK("RUNNING"))},
		{"GET", "/connectors/inventory/status", 200, NULL, STATUS("PAUSED", TASK("PAUSED"))},
		{"GET", "/connectors/other/status", 200, NULL, STATUS("RUNNING", TASK("FAILED"))},
		{0},
	};
	struct fake_http f;
	struct connect_client c;
	struct err e = ERR_INIT;
	json_t *status = NULL;

	(void)state;
	fake_start(&f, routes);
	scoped_free char *url = xstrf("http://127.0.0.1:%d", f.port);
	connect_client_init(&c, url, 5000);
	assert_int_equal(connect_act(&c, "PUT", "inventory", "/pause", &e), 0);
	assert_int_equal(connect_wait(&c, "inventory", "PAUSED", 5000, &status, &e), 0);
	json_decref(status);
	assert_int_equal(connect_wait(&c, "other", "RUNNING", 5000, &status, &e), -1);
	assert_int_equal(e.kind, ERR_SERVICE);
	assert_non_null(strstr(e.msg, "no slot"));
	assert_int_equal(connect_act(&c, "PUT", "inventroy", "/pause", &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_string_equal(e.remedy, "did you mean 'inventory'?");
	assert_int_equal(connect_act(&c, "DELETE", "zzz", "", &e), -1);
	assert_non_null(strstr(e.remedy, "inventory, other"));
	connect_client_release(&c);
	fake_stop(&f);
	fake_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(judges_states), cmocka_unit_test(calls_and_waits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
