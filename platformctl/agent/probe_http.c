/* The probes of services that speak HTTP: the schema registry, Kafka Connect, Trino, and any other. */
#include <string.h>

#include "connect_client.h"
#include "http.h"
#include "jsonx.h"
#include "probe.h"
#include "scoped.h"
#include "trino.h"

#include "banned.h"

int probe_registry(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	scoped_free char *url = xstrf("%s/subjects", args_text(args, "url"));
	scoped(json_decref_p) json_t *subjects = NULL;

	if (http_get_json(NULL, url, probe_left_ms(deadline_ms), &subjects, e))
		return -1;
	if (!json_is_array(subjects)) {
		probe_answer(ret, PROBE_DEGRADED, "%s does not answer with a list", url);
		return probe_remedy(ret, "see that the URL is that of Confluent's API");
	}
	return probe_answer(ret, PROBE_READY, "%zu subject%s", json_array_size(subjects),
	                    json_array_size(subjects) == 1 ? "" : "s");
}

/* Fills the answer when one connector is not RUNNING with all its tasks; true when it is. */
static bool connector_runs(struct connect_client *c, const char *name, struct probe_result *ret)
{
	scoped(strbuf_release) struct strbuf cause = STRBUF_INIT;
	struct err failed = ERR_INIT;
	scoped(json_decref_p) json_t *status = connect_status(c, name, &failed);
	const char *state = connect_state(status);

	if (!status && failed.kind == ERR_MISSING) {
		probe_answer(ret, PROBE_DEGRADED, "connector %s is not registered", name);
		probe_remedy(ret, "platformctl connectors register %s", name);
	} else if (!status) {
		probe_answer(ret, PROBE_STARTING, "connector %s: %s", name, failed.msg);
		probe_remedy(ret, "wait if the worker was just started; else see: platformctl logs connect");
	} else if (str_eq(state, "FAILED")) {
		connect_add_cause(status, &cause);
		probe_answer(ret, PROBE_DEGRADED, "connector %s FAILED: %s", name, cause.buf);
		probe_remedy(ret, "mend the cause, then: platformctl connectors restart %s", name);
	} else if (str_eq(state, "PAUSED") || str_eq(state, "STOPPED")) {
		probe_answer(ret, PROBE_DEGRADED, "connector %s is %s", name, state);
		probe_remedy(ret, "platformctl connectors resume %s", name);
	} else if (!str_eq(state, "RUNNING")) {
		probe_answer(ret, PROBE_DEGRADED, "connector %s is %s", name, state);
		probe_remedy(ret, "wait until the worker has assigned its tasks; if it lasts, see: platformctl logs connect");
	} else {
		return true;
	}
	return false;
}

int probe_connect(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const struct strlist *wanted = args_list(args, "connectors");
	scoped(connect_client_release) struct connect_client c = {0};
	scoped(strlist_release) struct strlist there = {0};

	connect_client_init(&c, args_text(args, "url"), probe_left_ms(deadline_ms));
	if (connect_names(&c, &there, e)) {
		/* A worker that starts answers 404 and 500 for a while: whatever it says instead of the list, it is not there yet. */
		probe_answer(ret, PROBE_STARTING, "%s", e->msg);
		return probe_remedy(ret, "wait if the worker was just started; else see: platformctl logs connect");
	}
	for (size_t i = 0; i < wanted->n; i++) {
		c.timeout_ms = probe_left_ms(deadline_ms);
		if (!connector_runs(&c, wanted->items[i], ret))
			return 0;
	}
	if (wanted->n)
		return probe_answer(ret, PROBE_READY, "%zu connector%s RUNNING", wanted->n, wanted->n == 1 ? "" : "s");
	return probe_answer(ret, PROBE_READY, "the worker answers");
}

int probe_trino(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const struct strlist *wanted = args_list(args, "catalogs");
	scoped(trino_free_p) struct trino *t = trino_new(&(struct trino_options){
		.url = args_text(args, "url"), .user = args_text(args, "user"), .source = "platformctl probe"});
	scoped_free char *info = xstrf("%s/v1/info", args_text(args, "url"));
	scoped(json_decref_p) json_t *server = NULL, *one = NULL, *rows = NULL;
	scoped(strlist_release) struct strlist there = {0};
	json_t *row;
	size_t i;

	if (http_get_json(NULL, info, probe_left_ms(deadline_ms), &server, e))
		return -1;
	if (jsonx_bool(server, "starting", false)) {
		probe_answer(ret, PROBE_STARTING, "Trino answers and is still starting");
		return probe_remedy(ret, "wait: it loads its plugins; if it lasts, see: platformctl logs trino");
	}
	one = trino_rows(t, "SELECT 1", deadline_ms, e);
	if (!one)
		return -1;
	rows = wanted->n ? trino_rows(t, "SHOW CATALOGS", deadline_ms, e) : json_array();
	if (!rows)
		return -1;
	json_array_foreach (rows, i, row)
		strlist_add(&there, jsonx_str(row, "0", ""));
	for (i = 0; i < wanted->n; i++)
		if (!strlist_has(&there, wanted->items[i])) {
			probe_answer(ret, PROBE_DEGRADED, "catalog %s is missing", wanted->items[i]);
			return probe_remedy(ret, "see why it was not loaded: platformctl logs trino");
		}
	return probe_answer(ret, PROBE_READY, "queries run%s", wanted->n ? ", every catalog is there" : "");
}

/* What a service says of itself: {"state", "reason", "remedy"}. */
static int quote(const json_t *said, struct probe_result *ret)
{
	bool degraded = str_eq(jsonx_str(said, "state", ""), "degraded") || str_eq(jsonx_str(said, "state", ""), "failed");

	probe_answer(ret, degraded ? PROBE_DEGRADED : PROBE_STARTING, "%s",
	             jsonx_str(said, "reason", jsonx_str(said, "state", "it gives no reason")));
	return probe_remedy(ret, "%s", jsonx_str(said, "remedy", ""));
}

int probe_http(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const struct http_request req = {.url = args_text(args, "url"), .timeout_ms = probe_left_ms(deadline_ms),
	                                 .max_response_bytes = 1 << 20};
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped(json_decref_p) json_t *said = NULL;
	struct err ignored = ERR_INIT;

	if (http_do(NULL, &req, &r, e))
		return -1;
	said = jsonx_parse(r.body.buf, r.body.len, &ignored);
	if (r.status == 200)
		return probe_answer(ret, PROBE_READY, "%s", jsonx_str(said, "reason", "HTTP 200"));
	if (r.status == 503 && json_is_object(said))
		return quote(said, ret);
	return http_status_err(&req, &r, e);
}
