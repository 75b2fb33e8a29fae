/* Calls Kafka Connect and reads its answers. */
#include "connect_client.h"

#include <string.h>

#include "clk.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

#define FAILED_GRACE_MS 3000

void connect_client_init(struct connect_client *c, const char *url, int timeout_ms)
{
	*c = (struct connect_client){.http = http_client_new(), .url = xstrdup(url), .timeout_ms = timeout_ms};
}

void connect_client_release(struct connect_client *c)
{
	http_client_free(c->http);
	free(c->url);
	memset(c, 0, sizeof(*c));
}

/* One call, tried again while the worker rebalances or starts; *ret_status is the HTTP status, *ret_json the answer or NULL. */
static int call(struct connect_client *c, const char *method, const char *path, int *ret_status, json_t **ret_json,
                struct err *e)
{
	scoped_free char *url = xstrf("%s%s", c->url, path);
	int64_t deadline_ms = clk_mono_ms() + c->timeout_ms;
	struct backoff wait = {.first_ms = 100, .max_ms = 1000};

	for (;;) {
		scoped(json_decref_p) json_t *answer = NULL;
		int left_ms = clk_left_ms(deadline_ms), status;
		struct http_request req = {.method = method, .url = url, .timeout_ms = left_ms > 0 ? left_ms : 1};

		if (http_json(c->http, &req, NULL, &status, &answer, e) != 0) {
			if (e->kind == ERR_RETRY)
				err_remedy(e, "see `platformctl status connect`; start it with `platformctl up`");
			return err_prefix(e, "Kafka Connect");
		}
		if ((status == 409 || status == 503) && clk_left_ms(deadline_ms) > 0) {
			clk_sleep_ms(backoff_next_ms(&wait));
			continue;
		}
		*ret_status = status;
		*ret_json = take_ptr(&answer);
		return 0;
	}
}

static int refuse(int status, const json_t *answer, struct err *e)
{
	err_set(e, status == 409 || status >= 500 ? ERR_RETRY : ERR_DATA, "Kafka Connect: HTTP %d: %s", status,
	        jsonx_str(answer, "message", "no reason given"));
	if (status == 409)
		err_remedy(e, "the worker is busy with a rebalance: try again in a few seconds");
	return -1;
}

static int refuse_unknown(struct connect_client *c, const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	scoped_free char *all = NULL;
	const char *near;
	struct err ignored = ERR_INIT;

	err_set(e, ERR_MISSING, "there is no connector '%s'", name);
	if (connect_names(c, &names, &ignored) != 0)
		return -1;
	near = strlist_nearest(&names, name);
	if (near)
		return err_remedy(e, "did you mean '%s'?", near);
	if (names.n == 0)
		return err_remedy(e, "none is registered: `platformctl connectors register`");
	all = strlist_join(&names, ", ");
	return err_remedy(e, "there is %s", all);
}

/* call() about one connector, with a status that is not 2xx made an error. */
static int call_connector(struct connect_client *c, const char *method, const char *name, const char *suffix,
                          json_t **ret_json, struct err *e)
{
	scoped(strbuf_release) struct strbuf path = STRBUF_INIT;
	scoped(json_decref_p) json_t *answer = NULL;
	int status;

	strbuf_addstr(&path, "/connectors/");
	http_add_urlencoded(&path, name, "");
	strbuf_addstr(&path, suffix);
	if (call(c, method, path.buf, &status, &answer, e) != 0)
		return -1;
	if (status == 404)
		return refuse_unknown(c, name, e);
	if (status < 200 || status > 299)
		return refuse(status, answer, e);
	*ret_json = take_ptr(&answer);
	return 0;
}

int connect_names(struct connect_client *c, struct strlist *out, struct err *e)
{
	scoped(json_decref_p) json_t *answer = NULL;
	json_t *name;
	size_t i;
	int status;

	if (call(c, "GET", "/connectors", &status, &answer, e) != 0)
		return -1;
	if (status != 200)
		return refuse(status, answer, e);
	json_array_foreach (answer, i, name)
		if (json_is_string(name))
			strlist_add(out, json_string_value(name));
	strlist_sort(out);
	return 0;
}

json_t *connect_status(struct connect_client *c, const char *name, struct err *e)
{
	json_t *status = NULL;

	if (call_connector(c, "GET", name, "/status", &status, e) != 0)
		return NULL;
	if (!status)
		err_set(e, ERR_DATA, "Kafka Connect gave an empty status of %s", name);
	return status;
}

int connect_act(struct connect_client *c, const char *method, const char *name, const char *suffix, struct err *e)
{
	json_t *answer = NULL;
	int result = call_connector(c, method, name, suffix, &answer, e);

	json_decref(answer);
	return result;
}

const char *connect_state(const json_t *status)
{
	const char *own = jsonx_str(status, "connector.state", "UNKNOWN"), *state = own;
	const json_t *tasks = json_object_get(status, "tasks"), *task;
	size_t i;

	if (strcmp(own, "RUNNING") == 0 && json_array_size(tasks) == 0)
		return "UNASSIGNED";
	json_array_foreach (tasks, i, task) {
		const char *task_state = jsonx_str(task, "state", "UNKNOWN");

		if (strcmp(task_state, "FAILED") == 0)
			return "FAILED";
		if (strcmp(task_state, own) != 0)
			state = task_state;
	}
	return strcmp(own, "FAILED") == 0 ? own : state;
}

/* A Java stack trace in one line: what it says first, and the root cause, which stands last. */
static void add_trace(struct strbuf *out, const char *trace)
{
	static const char mark[] = "\nCaused by: ";
	const char *root = NULL;

	strbuf_add(out, trace, strcspn(trace, "\r\n"));
	for (const char *p = trace; (p = strstr(p, mark)); p += strlen(mark))
		root = p + strlen(mark);
	if (root)
		strbuf_addf(out, "; caused by %.*s", (int)strcspn(root, "\r\n"), root);
}

void connect_add_cause(const json_t *status, struct strbuf *out)
{
	const json_t *task;
	size_t i;

	if (strcmp(jsonx_str(status, "connector.state", ""), "FAILED") == 0) {
		add_trace(out, jsonx_str(status, "connector.trace", "no trace"));
		return;
	}
	json_array_foreach (json_object_get(status, "tasks"), i, task) {
		if (strcmp(jsonx_str(task, "state", ""), "FAILED") != 0)
			continue;
		strbuf_addf(out, "task %d: ", (int)jsonx_int(task, "id", (int)i));
		add_trace(out, jsonx_str(task, "trace", "no trace"));
		return;
	}
}

int connect_wait(struct connect_client *c, const char *name, const char *state, int timeout_ms, json_t **ret_status,
                 struct err *e)
{
	int64_t began_ms = clk_mono_ms(), deadline_ms = began_ms + timeout_ms;
	scoped(strbuf_release) struct strbuf cause = STRBUF_INIT;

	for (;;) {
		scoped(json_decref_p) json_t *status = connect_status(c, name, e);
		const char *seen = connect_state(status);

		/* Right after registration the worker may not know the status yet. */
		if (!status && (e->kind != ERR_MISSING || clk_left_ms(deadline_ms) == 0))
			return -1;
		if (status && strcmp(seen, state) == 0) {
			*ret_status = take_ptr(&status);
			return 0;
		}
		/* A failure from before the call is still told for a moment after it. */
		if (strcmp(seen, "FAILED") == 0 && (clk_mono_ms() - began_ms >= FAILED_GRACE_MS || clk_left_ms(deadline_ms) == 0)) {
			connect_add_cause(status, &cause);
			err_set(e, ERR_SERVICE, "connector %s FAILED: %s", name, cause.buf);
			return err_remedy(e, "mend the cause, then `platformctl connectors restart %s`; more in `platformctl logs connect`", name);
		}
		if (clk_left_ms(deadline_ms) == 0) {
			err_set(e, ERR_TIMEOUT, "connector %s is %s, not %s, after %d s", name, seen, state, timeout_ms / 1000);
			return err_remedy(e, "see `platformctl logs connect`");
		}
		clk_sleep_ms(200);
	}
}
