/* Speaks Trino's statement protocol (Trino's documentation: "Trino client REST API"). */
#include "trino.h"

#include <string.h>

#include "clk.h"
#include "http.h"
#include "jsonx.h"
#include "scoped.h"
#include "strbuf.h"
#include "strlist.h"

#include "banned.h"

struct trino {
	struct http_client *http;
	char *url, *user, *source, *catalog, *schema;
	struct strlist session; /* name=value, encoded as Trino sent them */
	bool (*interrupted)(void *arg);
	void *interrupted_arg;
	int error_line, error_column;
};

struct trino_query {
	struct trino *t;
	int64_t deadline_ms;
	char *next_uri; /* NULL: it has ended */
	json_t *answer; /* the last one that named the columns; the columns borrow from it */
	json_t *rows;   /* rows that came with the first answer, not handed out yet */
	struct trino_column *columns;
	size_t n_columns;
	char *update_type;
	int64_t update_rows;
};

struct trino *trino_new(const struct trino_options *o)
{
	struct trino *t = xcalloc(1, sizeof(*t));

	t->http = http_client_new();
	t->url = xstrdup(o->url);
	t->user = xstrdup(o->user);
	t->source = xstrdup(o->source);
	t->catalog = o->catalog ? xstrdup(o->catalog) : NULL;
	t->schema = o->schema ? xstrdup(o->schema) : NULL;
	t->interrupted = o->interrupted;
	t->interrupted_arg = o->interrupted_arg;
	return t;
}

void trino_free(struct trino *t)
{
	if (!t)
		return;
	http_client_free(t->http);
	free(t->url);
	free(t->user);
	free(t->source);
	free(t->catalog);
	free(t->schema);
	strlist_release(&t->session);
	free(t);
}

void trino_free_p(struct trino **t)
{
	trino_free(*t);
}

void trino_error_place(const struct trino *t, int *ret_line, int *ret_column)
{
	*ret_line = t->error_line;
	*ret_column = t->error_column;
}

static void add_header(struct strlist *headers, const char *name, const char *value)
{
	if (value)
		strlist_addf(headers, "%s: %s", name, value);
}

static void replace(char **p, const char *value)
{
	free(*p);
	*p = xstrdup(value);
}

/* name=value replaces an entry of the same name; a bare name removes it. */
static void change_session(struct strlist *session, const char *entry)
{
	struct strlist kept = {0};
	size_t name_len = strcspn(entry, "=");

	for (size_t i = 0; i < session->n; i++)
		if (strncmp(session->items[i], entry, name_len) != 0 || session->items[i][name_len] != '=')
			strlist_add(&kept, session->items[i]);
	if (entry[name_len])
		strlist_add(&kept, entry);
	strlist_release(session);
	*session = kept;
}

/* USE and SET SESSION answer by headers what the client has to send from now on. */
static void follow_session(struct trino *t, const struct http_response *r)
{
	static const char set[] = "x-trino-set-session: ", clear[] = "x-trino-clear-session: ";
	const char *catalog = http_response_header(r, "X-Trino-Set-Catalog");
	const char *schema = http_response_header(r, "X-Trino-Set-Schema");

	if (catalog)
		replace(&t->catalog, catalog);
	if (schema)
		replace(&t->schema, schema);
	for (size_t i = 0; i < r->headers.n; i++) {
		const char *h = r->headers.items[i];

		if (strncasecmp(h, set, strlen(set)) == 0)
			change_session(&t->session, h + strlen(set));
		else if (strncasecmp(h, clear, strlen(clear)) == 0)
			change_session(&t->session, h + strlen(clear));
	}
}

static bool is_interrupted(const struct trino *t)
{
	return t->interrupted && t->interrupted(t->interrupted_arg);
}

static int refuse_interrupted(struct err *e)
{
	return err_set(e, ERR_NO, "the query was interrupted");
}

static int refuse_late(struct err *e)
{
	err_set(e, ERR_TIMEOUT, "the query was not done at its deadline and was cancelled");
	return err_remedy(e, "give it more time with --timeout");
}

/* One request, tried again while Trino says that it is busy (429, 502 to 504). *ret_json gets the answer, a new reference. */
static int exchange(struct trino *t, struct http_request *req, int64_t deadline_ms, json_t **ret_json, struct err *e)
{
	struct backoff wait = {.first_ms = 50, .max_ms = 1000};

	for (;;) {
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
		int left_ms = clk_left_ms(deadline_ms);

		if (is_interrupted(t))
			return refuse_interrupted(e);
		if (left_ms == 0)
			return refuse_late(e);
		req->timeout_ms = left_ms;
		req->connect_timeout_ms = left_ms < 5000 ? left_ms : 5000;
		req->aborted = t->interrupted;
		req->abort_arg = t->interrupted_arg;
		if (http_do(t->http, req, &r, e) != 0) {
			/* ERR_TIMEOUT: the hook said stop while the request ran; it may say so only once. */
			if (e->kind == ERR_TIMEOUT || is_interrupted(t))
				return refuse_interrupted(e);
			return clk_left_ms(deadline_ms) == 0 ? refuse_late(e) : err_prefix(e, "Trino");
		}
		if (r.status == 429 || (r.status >= 502 && r.status <= 504)) {
			int pause_ms = backoff_next_ms(&wait);

			clk_sleep_ms(pause_ms < left_ms ? pause_ms : left_ms);
			continue;
		}
		if (!http_ok(&r)) {
			http_status_err(req, &r, e);
			return err_prefix(e, "Trino");
		}
		follow_session(t, &r);
		*ret_json = jsonx_parse(r.body.buf, r.body.len, e);
		return *ret_json ? 0 : err_prefix(e, "Trino's answer");
	}
}

/* The error of a failed query: what the statement did wrong is data, what Trino could not do is the service's. */
static int query_error(struct trino *t, const json_t *error, struct err *e)
{
	const char *name = jsonx_str(error, "errorName", "UNKNOWN");
	const char *type = jsonx_str(error, "errorType", "");
	enum err_kind kind = strcmp(name, "SERVER_STARTING_UP") == 0 ? ERR_RETRY : strcmp(type, "USER_ERROR") == 0 ? ERR_DATA : ERR_SERVICE;

	t->error_line = (int)jsonx_int(error, "errorLocation.lineNumber", 0);
	t->error_column = (int)jsonx_int(error, "errorLocation.columnNumber", 0);
	return err_set(e, kind, "%s: %s", name, jsonx_str(error, "message", "no message"));
}

static void learn_columns(struct trino_query *q, json_t *answer)
{
	const json_t *columns = json_object_get(answer, "columns");

	if (q->columns || !json_is_array(columns) || json_array_size(columns) == 0)
		return;
	q->n_columns = json_array_size(columns);
	q->columns = xcalloc(q->n_columns, sizeof(*q->columns));
	for (size_t i = 0; i < q->n_columns; i++) {
		const json_t *column = json_array_get(columns, i);

		q->columns[i].name = jsonx_str(column, "name", "");
		q->columns[i].type = jsonx_str(column, "type", "");
	}
	q->answer = json_incref(answer);
}

/* Takes in one answer: where to go on, columns, rows, error. */
static int digest(struct trino_query *q, json_t *answer, struct err *e)
{
	const char *next = jsonx_str(answer, "nextUri", NULL);
	const char *update = jsonx_str(answer, "updateType", NULL);
	const json_t *error = json_object_get(answer, "error");
	json_t *rows = json_object_get(answer, "data");

	free(q->next_uri);
	q->next_uri = next ? xstrdup(next) : NULL;
	if (error)
		return query_error(q->t, error, e);
	learn_columns(q, answer);
	if (update)
		replace(&q->update_type, update);
	q->update_rows = jsonx_int(answer, "updateCount", q->update_rows);
	if (json_is_array(rows) && json_array_size(rows) > 0)
		q->rows = json_incref(rows);
	return 0;
}

struct trino_query *trino_start(struct trino *t, const char *sql, int64_t deadline_ms, struct err *e)
{
	scoped(strlist_release) struct strlist headers = {0};
	scoped_free char *session = strlist_join(&t->session, ",");
	scoped_free char *url = xstrf("%s/v1/statement", t->url);
	scoped(json_decref_p) json_t *answer = NULL;
	scoped(trino_query_free_p) struct trino_query *q = xcalloc(1, sizeof(*q));
	struct http_request req = {.method = "POST", .url = url, .body = sql, .body_len = strlen(sql)};

	q->t = t;
	q->deadline_ms = deadline_ms;
	q->update_rows = -1;
	t->error_line = t->error_column = 0;
	add_header(&headers, "Content-Type", "text/plain; charset=utf-8");
	add_header(&headers, "X-Trino-User", t->user);
	add_header(&headers, "X-Trino-Source", t->source);
	add_header(&headers, "X-Trino-Catalog", t->catalog);
	add_header(&headers, "X-Trino-Schema", t->schema);
	add_header(&headers, "X-Trino-Session", t->session.n ? session : NULL);
	req.headers = (const char *const *)headers.items;
	if (exchange(t, &req, deadline_ms, &answer, e) != 0 || digest(q, answer, e) != 0)
		return NULL;
	return take_ptr(&q);
}

int trino_next(struct trino_query *q, json_t **ret_rows, struct err *e)
{
	while (!q->rows) {
		scoped(json_decref_p) json_t *answer = NULL;
		scoped_free char *url = NULL;

		if (!q->next_uri)
			return 0;
		url = xstrdup(q->next_uri);
		if (exchange(q->t, &(struct http_request){.url = url}, q->deadline_ms, &answer, e) != 0 || digest(q, answer, e) != 0)
			return -1;
	}
	*ret_rows = take_ptr(&q->rows);
	return 1;
}

const struct trino_column *trino_columns(const struct trino_query *q, size_t *ret_n)
{
	*ret_n = q->n_columns;
	return q->columns;
}

const char *trino_update_type(const struct trino_query *q, int64_t *ret_rows)
{
	*ret_rows = q->update_rows;
	return q->update_type;
}

void trino_query_free(struct trino_query *q)
{
	if (!q)
		return;
	if (q->next_uri) {
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
		struct err ignored = ERR_INIT;

		/* Whether Trino heard it or not, nobody waits for this query any more. */
		http_do(q->t->http, &(struct http_request){.method = "DELETE", .url = q->next_uri, .timeout_ms = 2000}, &r, &ignored);
	}
	json_decref(q->answer);
	json_decref(q->rows);
	free(q->columns);
	free(q->next_uri);
	free(q->update_type);
	free(q);
}

void trino_query_free_p(struct trino_query **q)
{
	trino_query_free(*q);
}

json_t *trino_rows(struct trino *t, const char *sql, int64_t deadline_ms, struct err *e)
{
	scoped(trino_query_free_p) struct trino_query *q = trino_start(t, sql, deadline_ms, e);
	scoped(json_decref_p) json_t *all = NULL;
	json_t *rows;
	int got;

	if (!q)
		return NULL;
	all = json_array();
	while ((got = trino_next(q, &rows, e)) > 0) {
		json_array_extend(all, rows);
		json_decref(rows);
	}
	return got == 0 ? take_ptr(&all) : NULL;
}
