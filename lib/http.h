/*
 * A small HTTP client on libcurl: one request, one answer in memory, always with a deadline.
 *
 *     scoped(http_client_free_p) struct http_client *c = http_client_new();
 *     scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
 *
 *     if (http_do(c, &(struct http_request){.url = url, .timeout_ms = 5000}, &r, e) < 0)
 *             return -1;
 *     if (!http_ok(&r))
 *             return http_status_err(&(struct http_request){.url = url}, &r, e);
 *
 * A client keeps its connections open between requests. It belongs to one thread at a time; threads that work at the same
 * time have one each. Redirects are not followed. Proxies are the environment's, but never for loopback hosts. No signal
 * is used or changed. What is written into errors is scheme, host, port and path: never user, password, query or header.
 */
#ifndef HTTP_H
#define HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "strbuf.h"
#include "strlist.h"

struct http_client;

struct http_client *http_client_new(void);
/* Closes the connections. NULL is fine. */
void http_client_free(struct http_client *c);
/* For scoped(http_client_free_p). */
void http_client_free_p(struct http_client **c);

/* Everything is borrowed for the time of the call; what is 0 or NULL has the default named here. */
struct http_request {
	const char *method;         /* "GET" */
	const char *url;            /* http or https; the path is sent as it stands */
	const char *const *headers; /* "Name: value", NULL-ended; none */
	const void *body;           /* none; POST, PUT and PATCH then send an empty one */
	size_t body_len;
	const char *user;           /* basic authentication; none */
	const char *password;
	const char *bearer;         /* token; none */
	int connect_timeout_ms;     /* 5000 */
	int timeout_ms;             /* 30000, for the whole exchange */
	size_t max_response_bytes;  /* 64 MiB */
	bool (*aborted)(void *arg); /* asked at least once a second while it runs; true ends the request; never */
	void *abort_arg;
};

struct http_response {
	int status;             /* 200, 404, … */
	struct strbuf body;
	struct strlist headers; /* "Name: value", as they came */
};

#define HTTP_RESPONSE_INIT {.body = STRBUF_INIT}
void http_response_release(struct http_response *r);
/* A header's value by its name in any case, borrowed from r; NULL when there is none. */
const char *http_response_header(const struct http_response *r, const char *name);
/* True for a status of 200 to 299. */
bool http_ok(const struct http_response *r);

/*
 * Sends the request and reads the whole answer; any status is success. c may be NULL: a connection for this one request.
 * *ret (initialised or filled before) is replaced on success only. Blocks, at most timeout_ms.
 * ERR_RETRY: refused, unreachable, unknown host, deadline passed, cut off. ERR_TIMEOUT: aborted() said so.
 * ERR_DATA: the answer is too large or is not HTTP. ERR_CONFIG: malformed URL, certificate not trusted.
 */
int http_do(struct http_client *c, const struct http_request *req, struct http_response *ret, struct err *e);

/*
 * Makes an error of an answer that is not what was hoped for: "PUT http://h:1/p: HTTP 409: <what the body says>".
 * 408, 429 and 5xx are ERR_RETRY, 409 and 412 ERR_CONFLICT, 401 and 403 ERR_CONFIG, the rest ERR_DATA. Returns -1.
 */
int http_status_err(const struct http_request *req, const struct http_response *r, struct err *e);

/*
 * req with a JSON body (NULL: req's own body) and an answer in JSON. With ret_status the status is the caller's to judge,
 * else one that is not 2xx is an error as in http_status_err(). *ret_json (may be NULL: not wanted) is the answer, or NULL when
 * the body is empty; the caller decrefs. ERR_DATA also when the answer is no JSON.
 */
int http_json(struct http_client *c, const struct http_request *req, const json_t *body, int *ret_status,
              json_t **ret_json, struct err *e);
/* The two common cases of http_json(), with a deadline in ms (0: 30000) and an error for every status but 2xx. */
int http_get_json(struct http_client *c, const char *url, int timeout_ms, json_t **ret_json, struct err *e);
int http_put_json(struct http_client *c, const char *url, const json_t *body, int timeout_ms, json_t **ret_json,
                  struct err *e);

/*
 * Adds text percent-encoded (RFC 3986): letters, digits, "-._~" and the bytes in `keep` stay as they are ("" for a path
 * segment or a query value, "/" for a whole path).
 */
void http_add_urlencoded(struct strbuf *sb, const char *text, const char *keep);

#endif
