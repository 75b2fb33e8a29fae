/* HTTP requests through libcurl. */
#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 5000
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_MAX_RESPONSE_BYTES ((size_t)64 << 20)

struct http_client {
	CURL *curl;
};

/* One request on its way. */
struct exchange {
	const struct http_request *req;
	struct http_response response;
	size_t max_bytes;
	bool too_large;
	bool aborted;
	long os_errno; /* of a failed connect; 0: unknown */
};

static void curl_slist_free_p(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static void curl_url_cleanup_p(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void curl_free_p(char **s)
{
	curl_free(*s);
}

static void global_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort(); /* memory, or a library that does not fit */
}

struct http_client *http_client_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *c = xcalloc(1, sizeof(*c));

	pthread_once(&once, global_init);
	c->curl = curl_easy_init();
	if (!c->curl)
		abort();
	return c;
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

void http_client_free_p(struct http_client **c)
{
	http_client_free(*c);
}

void http_response_release(struct http_response *r)
{
	strbuf_release(&r->body);
	strlist_release(&r->headers);
	r->status = 0;
}

const char *http_response_header(const struct http_response *r, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < r->headers.n; i++) {
		const char *line = r->headers.items[i];

		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

bool http_ok(const struct http_response *r)
{
	return r->status >= 200 && r->status < 300;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * n;

	if (len > x->max_bytes - x->response.body.len) {
		x->too_large = true;
		return 0;
	}
	strbuf_add(&x->response.body, data, len);
	return len;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * n;
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

	strbuf_add(&line, data, len);
	strbuf_rtrim(&line);
	/* Each status line begins anew: an interim answer (100) may have come before. */
	if (str_starts(line.buf, "HTTP/"))
		strlist_release(&x->response.headers);
	else if (line.len > 0)
		strlist_add(&x->response.headers, line.buf);
	return len;
}

static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct exchange *x = arg;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	if (!x->req->aborted || !x->req->aborted(x->req->abort_arg))
		return 0;
	x->aborted = true;
	return 1;
}

static const char *method_of(const struct http_request *req)
{
	return req->method ? req->method : "GET";
}

static bool is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || str_starts(host, "127.") || strcmp(host, "[::1]") == 0;
}

/* What messages may say about a URL: scheme, host with port, path. */
struct target {
	char *text; /* http://host:port/path */
	char *peer; /* host:port */
	bool loopback;
};

static void target_release(struct target *t)
{
	free(t->text);
	free(t->peer);
}

static int target_parse(const char *url, struct target *ret, struct err *e)
{
	scoped(curl_url_cleanup_p) CURLU *u = curl_url();
	scoped(curl_free_p) char *scheme = NULL;
	scoped(curl_free_p) char *host = NULL;
	scoped(curl_free_p) char *port = NULL;
	scoped(curl_free_p) char *path = NULL;

	if (!u)
		abort();
	if (!url || curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK || !str_starts(scheme, "http"))
		return err_set(e, ERR_CONFIG, "not an http or https URL");
	ret->peer = xstrf("%s:%s", host, port);
	ret->text = xstrf("%s://%s%s", scheme, ret->peer, path);
	ret->loopback = is_loopback(host);
	return 0;
}

static void add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		abort();
	*list = longer;
}

static bool has_header(const char *const *headers, const char *name)
{
	size_t len = strlen(name);

	for (; headers && *headers; headers++) {
		if (strncasecmp(*headers, name, len) == 0 && (*headers)[len] == ':')
			return true;
	}
	return false;
}

static struct curl_slist *headers_of(const struct http_request *req)
{
	struct curl_slist *list = NULL;

	for (const char *const *h = req->headers; h && *h; h++)
		add_header(&list, *h);
	/* libcurl would add a form's content type, and hold large bodies back for a "100 Continue". */
	if (!has_header(req->headers, "Content-Type"))
		add_header(&list, "Content-Type:");
	add_header(&list, "Expect:");
	if (req->bearer) {
		scoped_free char *line = xstrf("Authorization: Bearer %s", req->bearer);

		add_header(&list, line);
	}
	return list;
}

static void set_body(CURL *curl, const struct http_request *req)
{
	const char *method = method_of(req);
	bool sends = req->body || str_eq(method, "POST") || str_eq(method, "PUT") || str_eq(method, "PATCH");

	if (sends) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(req->body ? req->body_len : 0));
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, req->body ? req->body : "");
	} else if (str_eq(method, "HEAD")) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static void set_options(CURL *curl, const struct http_request *req, const struct target *t, struct exchange *x,
                        char *why)
{
	int connect_ms = req->connect_timeout_ms ? req->connect_timeout_ms : DEFAULT_CONNECT_TIMEOUT_MS;
	int total_ms = req->timeout_ms ? req->timeout_ms : DEFAULT_TIMEOUT_MS;

	curl_easy_setopt(curl, CURLOPT_URL, req->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "dataflow");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)total_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	if (t->loopback)
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (req->aborted) {
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, x);
	}
	if (req->user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, req->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, req->password ? req->password : "");
	}
	set_body(curl, req);
}

static int transport_err(CURLcode code, const struct exchange *x, const struct target *t, const char *why,
                         struct err *e)
{
	const char *method = method_of(x->req);

	if (x->aborted)
		return err_set(e, ERR_TIMEOUT, "%s %s: interrupted", method, t->text);
	if (x->too_large)
		return err_set(e, ERR_DATA, "%s %s: the answer is larger than %zu bytes", method, t->text, x->max_bytes);
	switch (code) {
	case CURLE_COULDNT_CONNECT: {
		char text[128];

		if (x->os_errno == ECONNREFUSED)
			return err_set(e, ERR_RETRY, "connection refused on %s", t->peer);
		return err_set(e, ERR_RETRY, "cannot connect to %s: %s", t->peer,
		               x->os_errno ? strerror_r((int)x->os_errno, text, sizeof(text)) : why);
	}
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(e, ERR_RETRY, "cannot find the host of %s", t->peer);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_RETRY, "%s %s: no answer in time", method, t->text);
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return err_set(e, ERR_RETRY, "%s %s: the connection was cut off (%s)", method, t->text, why);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(e, ERR_DATA, "%s does not speak HTTP (%s)", t->peer, why);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return err_set(e, ERR_DATA, "%s %s: malformed answer (%s)", method, t->text, why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		err_set(e, ERR_CONFIG, "the certificate of %s is not trusted (%s)", t->peer, why);
		return err_remedy(e, "add its issuer to the system's certificates (update-ca-certificates)");
	default:
		return err_set(e, ERR_RETRY, "%s %s: %s", method, t->text, why);
	}
}

static void exchange_release(struct exchange *x)
{
	http_response_release(&x->response);
}

int http_do(struct http_client *c, const struct http_request *req, struct http_response *ret, struct err *e)
{
	scoped(http_client_free_p) struct http_client *own = c ? NULL : http_client_new();
	CURL *curl = c ? c->curl : own->curl;
	scoped(target_release) struct target t = {0};
	scoped(exchange_release) struct exchange x = {
		.req = req,
		.response = HTTP_RESPONSE_INIT,
		.max_bytes = req->max_response_bytes ? req->max_response_bytes : DEFAULT_MAX_RESPONSE_BYTES,
	};
	scoped(curl_slist_free_p) struct curl_slist *headers = NULL;
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	if (target_parse(req->url, &t, e) < 0)
		return -1;
	headers = headers_of(req);
	set_options(curl, req, &t, &x, why);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &x.os_errno);
	/* Keeps the connections, forgets everything that points into this call. */
	curl_easy_reset(curl);
	if (code != CURLE_OK)
		return transport_err(code, &x, &t, why[0] ? why : curl_easy_strerror(code), e);
	http_response_release(ret);
	*ret = x.response;
	ret->status = (int)status;
	x.response = (struct http_response)HTTP_RESPONSE_INIT;
	return 0;
}

/* The reason in the body of an error: JSON's usual members, else its first line. */
static void add_reason(struct strbuf *out, const struct http_response *r)
{
	static const char *const members[] = {"message", "error.message", "detail", "title", "error", "reason"};
	struct err ignored = ERR_INIT;
	scoped(json_decref_p) json_t *json = jsonx_parse(r->body.buf, r->body.len, &ignored);
	size_t len = strcspn(r->body.buf, "\r\n");

	for (size_t i = 0; json && i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text = jsonx_str(json, members[i], NULL);

		if (text) {
			strbuf_addf(out, ": %s", text);
			return;
		}
	}
	/* A page of markup or a whole document explains nothing. */
	if (!json && len > 0 && r->body.buf[0] != '<')
		strbuf_addf(out, ": %.*s", len > 300 ? 300 : (int)len, r->body.buf);
}

int http_status_err(const struct http_request *req, const struct http_response *r, struct err *e)
{
	scoped(target_release) struct target t = {0};
	scoped(strbuf_release) struct strbuf reason = STRBUF_INIT;
	enum err_kind kind = ERR_DATA;

	if (target_parse(req->url, &t, e) < 0)
		return -1;
	add_reason(&reason, r);
	if (r->status >= 500 || r->status == 408 || r->status == 429)
		kind = ERR_RETRY;
	else if (r->status == 409 || r->status == 412)
		kind = ERR_CONFLICT;
	else if (r->status == 401 || r->status == 403)
		kind = ERR_CONFIG;
	return err_set(e, kind, "%s %s: HTTP %d%s", method_of(req), t.text, r->status, reason.buf);
}

/* The answer was to be JSON and is not; *e says where. */
static int malformed_err(const struct http_request *req, const struct http_response *r, struct err *e)
{
	scoped(target_release) struct target t = {0};

	/* An error page of a server or a proxy: the status says more than its markup. */
	if (!http_ok(r))
		return http_status_err(req, r, e);
	if (target_parse(req->url, &t, e) < 0)
		return -1;
	return err_prefix(e, "%s %s", method_of(req), t.text);
}

int http_json(struct http_client *c, const struct http_request *req, const json_t *body, int *ret_status,
              json_t **ret_json, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped(strlist_release) struct strlist headers = {0};
	struct http_request full = *req;
	json_t *json = NULL;

	for (const char *const *h = req->headers; h && *h; h++)
		strlist_add(&headers, *h);
	if (!has_header(req->headers, "Accept"))
		strlist_add(&headers, "Accept: application/json");
	if (body) {
		if (!has_header(req->headers, "Content-Type"))
			strlist_add(&headers, "Content-Type: application/json");
		jsonx_dump(body, JSONX_AS_BUILT, &text);
		full.body = text.buf;
		full.body_len = text.len;
	}
	full.headers = (const char *const *)headers.items;
	if (http_do(c, &full, &r, e) < 0)
		return -1;
	if (!ret_status && !http_ok(&r))
		return http_status_err(req, &r, e);
	if (ret_json && r.body.len > 0) {
		json = jsonx_parse(r.body.buf, r.body.len, e);
		if (!json)
			return malformed_err(&full, &r, e);
	}
	if (ret_status)
		*ret_status = r.status;
	if (ret_json)
		*ret_json = json;
	return 0;
}

int http_get_json(struct http_client *c, const char *url, int timeout_ms, json_t **ret_json, struct err *e)
{
	struct http_request req = {.url = url, .timeout_ms = timeout_ms};

	return http_json(c, &req, NULL, NULL, ret_json, e);
}

int http_put_json(struct http_client *c, const char *url, const json_t *body, int timeout_ms, json_t **ret_json,
                  struct err *e)
{
	struct http_request req = {.method = "PUT", .url = url, .timeout_ms = timeout_ms};

	return http_json(c, &req, body, NULL, ret_json, e);
}

void http_add_urlencoded(struct strbuf *sb, const char *text, const char *keep)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++) {
		if (strchr(unreserved, *text) || strchr(keep, *text))
			strbuf_addch(sb, *text);
		else
			strbuf_addf(sb, "%%%02X", (unsigned char)*text);
	}
}
