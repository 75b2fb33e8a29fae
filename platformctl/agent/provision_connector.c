/* The step that gives Kafka Connect a connector with the catalogue's configuration, and waits until it runs. */
#include <ctype.h>
#include <string.h>

#include "clk.h"
#include "connect_client.h"
#include "http.h"
#include "jsonx.h"
#include "provision.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define RUNNING_TIMEOUT_MS 60000 /* until all tasks run */
#define STALE_MS 5000            /* how long after a change a task's old failure may still be shown */
#define SETTLE_MS 1500           /* and how long an old success; a task that fails does so soon after its start, too */

/* One connector step under way. */
struct registering {
	const struct provision *run;
	const char *name;
	char *url; /* …/connectors/<name>/config */
	json_t *config; /* as the catalogue wants it */
	struct connect_client client;
};

static void registering_release(struct registering *g)
{
	free(g->url);
	json_decref(g->config);
	connect_client_release(&g->client);
}

/* Connect keeps every value as text: `"tasks.max": 1` is "1" there. New reference, NULL for a nested value. */
static json_t *as_text(const json_t *value)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (json_is_string(value))
		return json_string(json_string_value(value));
	if (!json_is_number(value) && !json_is_boolean(value))
		return NULL;
	jsonx_dump(value, JSONX_AS_BUILT, &text);
	return json_string(text.buf);
}

/* Renders the template and makes it comparable with what Connect answers. */
static int read_config(struct registering *g, const char *file, struct err *e)
{
	const struct template_scope scope = {
		.platform = g->run->platform, .service = g->run->service, .use = TEMPLATE_FILE};
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped(json_decref_p) json_t *raw = NULL, *flat = json_object();
	const char *key;
	json_t *value;

	if (template_file(&scope, file, &text, e))
		return -1;
	raw = jsonx_parse(text.buf, text.len, e);
	if (!raw) {
		e->kind = ERR_CONFIG;
		return err_prefix(e, "%s/%s", g->run->service->dir, file);
	}
	if (!json_is_object(raw))
		return err_set(e, ERR_CONFIG, "%s/%s is no JSON object", g->run->service->dir, file);
	json_object_foreach (raw, key, value) {
		json_t *kept = as_text(value);

		if (!kept) {
			err_set(e, ERR_CONFIG, "%s/%s: \"%s\" is neither text, number nor boolean", g->run->service->dir, file, key);
			return err_remedy(e, "the file holds the flat configuration only, without \"name\" and \"config\" around it");
		}
		json_object_set_new(flat, key, kept);
	}
	json_object_set_new(flat, "name", json_string(g->name));
	g->config = take_ptr(&flat);
	return 0;
}

/* Connect's words on a refusal, in one line and without what the configuration keeps secret. */
static void add_refusal(const struct registering *g, const json_t *answer, struct strbuf *out)
{
	static const char *const secret_words[] = {"password", "secret", "token", "credential"};
	const char *message = jsonx_str(answer, "message", "no reason given");
	const char *pointer = strstr(message, "\nYou can also find the above list"); /* to an interface that people do not call */
	const char *key;
	json_t *value;

	strbuf_add(out, message, pointer ? (size_t)(pointer - message) : strlen(message));
	for (size_t i = 0; i < out->len; i++)
		if (iscntrl((unsigned char)out->buf[i]))
			out->buf[i] = ' ';
	json_object_foreach (g->config, key, value) {
		size_t len = json_string_length(value);
		bool secret = false;

		for (size_t i = 0; i < sizeof(secret_words) / sizeof(secret_words[0]); i++)
			secret = secret || strstr(key, secret_words[i]);
		for (char *at = out->buf; secret && len && (at = strstr(at, json_string_value(value))); at += len)
			memset(at, '*', len);
	}
}

/* GET or PUT of the configuration, tried again while the worker rebalances. The status is the caller's to judge. */
static int config_call(struct registering *g, const char *method, const json_t *body, int *ret_status, json_t **ret_json,
                       struct err *e)
{
	struct backoff wait = {.first_ms = 100, .max_ms = 1000};

	for (;;) {
		const struct http_request req = {.method = method, .url = g->url, .timeout_ms = provision_left_ms(g->run)};
		json_t *answer = NULL;
		int status;

		if (http_json(g->client.http, &req, body, &status, &answer, e))
			return -1;
		if ((status != 409 && status != 503) || clk_left_ms(g->run->deadline_ms) == 0) {
			*ret_status = status;
			*ret_json = answer;
			return 0;
		}
		json_decref(answer);
		clk_sleep_ms(backoff_next_ms(&wait));
	}
}

static int refused(const struct registering *g, int status, const json_t *answer, struct err *e)
{
	scoped(strbuf_release) struct strbuf said = STRBUF_INIT;

	add_refusal(g, answer, &said);
	err_set(e, status == 409 || status >= 500 ? ERR_RETRY : ERR_CONFIG, "Kafka Connect refuses connector %s: HTTP %d: %s",
	        g->name, status, said.buf);
	if (status == 400)
		err_remedy(e, "correct what it names: in the connector's configuration, or where it points to");
	return -1;
}

/* Registers the configuration unless it is registered already. */
static int put_config(struct registering *g, enum provision_outcome *ret, struct err *e)
{
	scoped(json_decref_p) json_t *there = NULL, *answer = NULL;
	int status;

	if (config_call(g, "GET", NULL, &status, &there, e))
		return -1;
	if (status != 200 && status != 404)
		return refused(g, status, there, e);
	if (status == 200 && json_equal(there, g->config)) {
		*ret = PROVISION_UNCHANGED;
		return 0;
	}
	*ret = status == 404 ? PROVISION_CREATED : PROVISION_UPDATED;
	if (config_call(g, "PUT", g->config, &status, &answer, e))
		return -1;
	return status == 200 || status == 201 ? 0 : refused(g, status, answer, e);
}

/* Waits while the connector or a task is shown as failed, which may be from before our change. */
static void let_stale_failure_pass(struct registering *g)
{
	int64_t until_ms = clk_mono_ms() + STALE_MS;

	while (clk_left_ms(until_ms) && clk_left_ms(g->run->deadline_ms)) {
		struct err ignored = ERR_INIT;
		scoped(json_decref_p) json_t *status = connect_status(&g->client, g->name, &ignored);

		if (status && !str_eq(connect_state(status), "FAILED"))
			return;
		clk_sleep_ms(200);
	}
}

/* A connector that is right but failed gets another try; one that somebody paused is left to them. */
static int mend(struct registering *g, enum provision_outcome *outcome, struct err *e)
{
	scoped(json_decref_p) json_t *status = connect_status(&g->client, g->name, e);
	const char *state = connect_state(status);

	if (!status)
		return e->kind == ERR_MISSING ? 0 : -1; /* just registered: not known yet */
	if (str_eq(state, "PAUSED") || str_eq(state, "STOPPED")) {
		err_set(e, ERR_SERVICE, "connector %s is %s", g->name, state);
		return err_remedy(e, "platformctl connectors resume %s", g->name);
	}
	if (!str_eq(state, "FAILED"))
		return 0;
	if (*outcome == PROVISION_UNCHANGED) {
		if (connect_act(&g->client, "POST", g->name, "/restart?includeTasks=true&onlyFailed=true", e))
			return -1;
		*outcome = PROVISION_UPDATED;
	}
	let_stale_failure_pass(g);
	return 0;
}

static int wait_running(struct registering *g, struct err *e)
{
	json_t *status = NULL;
	int left = provision_left_ms(g->run);
	int rc = connect_wait(&g->client, g->name, "RUNNING", left < RUNNING_TIMEOUT_MS ? left : RUNNING_TIMEOUT_MS, &status, e);

	json_decref(status);
	return rc;
}

int step_connector(const struct provision *run, const struct args *args, struct err *e)
{
	scoped(registering_release) struct registering g = {.run = run, .name = args_text(args, "name")};
	scoped(strbuf_release) struct strbuf url = STRBUF_INIT;
	enum provision_outcome outcome = PROVISION_UNCHANGED;

	strbuf_addf(&url, "%s/connectors/", args_text(args, "url"));
	http_add_urlencoded(&url, g.name, "");
	strbuf_addstr(&url, "/config");
	g.url = strbuf_detach(&url);
	connect_client_init(&g.client, args_text(args, "url"), provision_left_ms(run));
	if (read_config(&g, args_text(args, "config"), e) || put_config(&g, &outcome, e) || mend(&g, &outcome, e))
		return -1;
	if (wait_running(&g, e))
		return -1;
	if (outcome != PROVISION_UNCHANGED) {
		clk_sleep_ms(SETTLE_MS);
		if (wait_running(&g, e))
			return -1;
	}
	return provision_report(run, "connector", g.name, outcome, e);
}
