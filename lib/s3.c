/* S3's REST interface, the part that a table format and its set-up need. */
#include "s3.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http.h"
#include "scoped.h"
#include "sigv4.h"

#include "banned.h"

#define MAX_OBJECT_BYTES ((size_t)1 << 30)

struct s3 {
	char *endpoint;
	const char *host; /* the endpoint's "host:port" */
	char *region, *access_key, *secret_key;
	struct http_client *http;
};

struct s3 *s3_new(const struct s3_target *to, struct err *e)
{
	const char *scheme_end = strstr(to->endpoint, "://");
	size_t len = strlen(to->endpoint);
	struct s3 *s;

	while (len && to->endpoint[len - 1] == '/')
		len--;
	if ((!str_starts(to->endpoint, "http://") && !str_starts(to->endpoint, "https://")) ||
	    memchr(scheme_end + 3, '/', len - (size_t)(scheme_end + 3 - to->endpoint))) {
		err_set(e, ERR_CONFIG, "the S3 endpoint '%s' is not of the form http://host:port", to->endpoint);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->endpoint = xstrndup(to->endpoint, len);
	s->host = strstr(s->endpoint, "://") + 3;
	s->region = xstrdup(to->region);
	s->access_key = xstrdup(to->access_key);
	s->secret_key = xstrdup(to->secret_key);
	s->http = http_client_new();
	return s;
}

void s3_free(struct s3 *s)
{
	if (!s)
		return;
	http_client_free(s->http);
	free(s->endpoint);
	free(s->region);
	free(s->access_key);
	free(s->secret_key);
	free(s);
}

void s3_free_p(struct s3 **s)
{
	s3_free(*s);
}

void s3_object_release(struct s3_object *o)
{
	free(o->key);
	free(o->etag);
	memset(o, 0, sizeof(*o));
}

void s3_listing_release(struct s3_listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		s3_object_release(&l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}

/* One entity at p ("&amp;", "&#34;", "&#x22;"): adds what it stands for and returns its length, or 0 when it is none. */
static size_t add_entity(struct strbuf *out, const char *p)
{
	static const char *const names[][2] = {
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"},
	};
	unsigned long code;
	char *end;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(p, names[i][0])) {
			strbuf_addstr(out, names[i][1]);
			return strlen(names[i][0]);
		}
	if (p[1] != '#')
		return 0;
	code = p[2] == 'x' ? strtoul(p + 3, &end, 16) : strtoul(p + 2, &end, 10);
	if (*end != ';' || code == 0 || code > 127) /* beyond ASCII a store sends UTF-8 as it is */
		return 0;
	strbuf_addch(out, (int)code);
	return (size_t)(end + 1 - p);
}

char *s3_xml_next(const char **pos, const char *tag)
{
	scoped_free char *open = xstrf("<%s>", tag);
	scoped_free char *close = xstrf("</%s>", tag);
	const char *from = strstr(*pos, open);
	const char *to = from ? strstr(from, close) : NULL;
	struct strbuf text = STRBUF_INIT;

	if (!to)
		return NULL;
	for (const char *p = from + strlen(open); p < to;) {
		size_t len = *p == '&' ? add_entity(&text, p) : 0;

		if (!len)
			strbuf_addch(&text, (unsigned char)*p);
		p += len ? len : 1;
	}
	*pos = to + strlen(close);
	return strbuf_detach(&text);
}

/* One request. */
struct call {
	const char *method;
	const char *path;               /* "/bucket/key", not encoded */
	const struct sigv4_pair *query; /* may be NULL */
	const struct sigv4_pair *extra; /* one header to sign besides the usual ones (they sort behind "host", before "x-amz-"), or NULL */
	const void *body;
	size_t body_len;
	int timeout_ms;
};

static void amz_date(char ret[17])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(ret, 17, "%Y%m%dT%H%M%SZ", &tm);
}

static int send_call(struct s3 *s, const struct call *c, struct http_response *ret, struct err *e)
{
	scoped(strbuf_release) struct strbuf url = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf authorization = STRBUF_INIT;
	scoped(strlist_release) struct strlist lines = {0};
	struct sigv4_pair headers[5] = {{"host", s->host}};
	size_t n = 1;
	char hash[65], date[17];

	sigv4_hash(c->body ? c->body : "", c->body_len, hash);
	amz_date(date);
	if (c->extra) {
		headers[n++] = *c->extra;
		strlist_addf(&lines, "%s: %s", c->extra->name, c->extra->value);
	}
	headers[n++] = (struct sigv4_pair){"x-amz-content-sha256", hash};
	headers[n++] = (struct sigv4_pair){"x-amz-date", date};

	strbuf_addstr(&url, s->endpoint);
	sigv4_add_path(&url, c->path);
	if (c->query && c->query->name) {
		strbuf_addch(&url, '?');
		sigv4_add_query(&url, c->query);
	}
	sigv4_authorization(&(struct sigv4_request){.method = c->method, .path = c->path, .query = c->query, .headers = headers,
	                                            .payload_hash = hash, .date = date, .region = s->region,
	                                            .access_key = s->access_key, .secret_key = s->secret_key},
	                    &authorization);
	strlist_addf(&lines, "Host: %s", s->host); /* as signed: curl itself leaves out a scheme's usual port */
	strlist_addf(&lines, "x-amz-content-sha256: %s", hash);
	strlist_addf(&lines, "x-amz-date: %s", date);
	strlist_addf(&lines, "Authorization: %s", authorization.buf);
	return http_do(s->http,
	               &(struct http_request){.method = c->method, .url = url.buf, .headers = (const char *const *)lines.items,
	                                      .body = c->body, .body_len = c->body_len,
	                                      .timeout_ms = c->timeout_ms > 0 ? c->timeout_ms : 1,
	                                      .max_response_bytes = MAX_OBJECT_BYTES},
	               ret, e);
}

static enum err_kind kind_of_status(int status)
{
	switch (status) {
	case 404:
		return ERR_MISSING;
	case 409: /* a conditional write met another one */
	case 412:
		return ERR_CONFLICT;
	case 400: /* among others a wrong region, a clock that is off */
	case 401:
	case 403:
		return ERR_CONFIG;
	case 408:
	case 429:
		return ERR_RETRY;
	default:
		return status >= 500 ? ERR_RETRY : ERR_DATA;
	}
}

/* The error of an answer that is not 2xx: S3's own code and message where there is a body. */
static int refused(struct s3 *s, const struct call *c, const struct http_response *r, struct err *e)
{
	const char *pos = r->body.buf;
	scoped_free char *code = s3_xml_next(&pos, "Code");
	const char *again = r->body.buf; /* the order of the two is nowhere promised */
	scoped_free char *message = s3_xml_next(&again, "Message");

	if (message && str_ends(message, "."))
		message[strlen(message) - 1] = '\0';
	err_set(e, kind_of_status(r->status), "%s %s%s: HTTP %d%s%s%s%s", c->method, s->endpoint, c->path, r->status,
	        code ? " " : "", code ? code : "", message ? ": " : "", message ? message : "");
	if (r->status == 403)
		err_remedy(e, "check the access key and the secret key: the object store does not take them");
	else if (code && str_eq(code, "RequestTimeTooSkewed"))
		err_remedy(e, "set this machine's clock");
	return -1;
}

/* Sends and wants 2xx. */
static int do_call(struct s3 *s, const struct call *c, struct http_response *ret, struct err *e)
{
	if (send_call(s, c, ret, e))
		return -1;
	return http_ok(ret) ? 0 : refused(s, c, ret, e);
}

int s3_list_buckets(struct s3 *s, int timeout_ms, struct strlist *ret, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	const char *pos;

	if (do_call(s, &(struct call){.method = "GET", .path = "/", .timeout_ms = timeout_ms}, &r, e))
		return -1;
	pos = strstr(r.body.buf, "<Buckets>");
	while (pos) {
		scoped_free char *name = s3_xml_next(&pos, "Name");

		if (!name)
			break;
		strlist_add(ret, name);
	}
	return 0;
}

int s3_create_bucket(struct s3 *s, const char *bucket, int timeout_ms, bool *ret_created, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped(strbuf_release) struct strbuf body = STRBUF_INIT;
	scoped_free char *path = xstrf("/%s", bucket);
	struct call call = {.method = "HEAD", .path = path, .timeout_ms = timeout_ms};

	/* Asked first: whether creating one's own bucket again is an error differs from store to store and by region. */
	if (send_call(s, &call, &r, e))
		return -1;
	if (http_ok(&r)) {
		*ret_created = false;
		return 0;
	}
	if (r.status != 404)
		return refused(s, &call, &r, e);
	if (!str_eq(s->region, "us-east-1")) /* the one region that must not be named */
		strbuf_addf(&body, "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
		            "<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>", s->region);
	call.method = "PUT";
	call.body = body.buf;
	call.body_len = body.len;
	if (send_call(s, &call, &r, e))
		return -1;
	if (!http_ok(&r) && !strstr(r.body.buf, "BucketAlreadyOwnedByYou")) /* somebody made it in between */
		return refused(s, &call, &r, e);
	*ret_created = http_ok(&r);
	return 0;
}

static char *object_path(const char *bucket, const char *key)
{
	return xstrf("/%s/%s", bucket, key);
}

static char *etag_of(const struct http_response *r)
{
	const char *etag = http_response_header(r, "ETag");

	return xstrdup(etag ? etag : "");
}

int s3_head(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct s3_object *ret, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *path = object_path(bucket, key);
	const char *length;

	if (do_call(s, &(struct call){.method = "HEAD", .path = path, .timeout_ms = timeout_ms}, &r, e))
		return -1;
	length = http_response_header(&r, "Content-Length");
	ret->key = xstrdup(key);
	ret->etag = etag_of(&r);
	ret->bytes = length ? strtoll(length, NULL, 10) : 0;
	return 0;
}

int s3_get(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct strbuf *out, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *path = object_path(bucket, key);

	if (do_call(s, &(struct call){.method = "GET", .path = path, .timeout_ms = timeout_ms}, &r, e))
		return -1;
	strbuf_add(out, r.body.buf, r.body.len);
	return 0;
}

int s3_put(struct s3 *s, const char *bucket, const char *key, const void *data, size_t len,
           const struct s3_condition *condition, int timeout_ms, char **ret_etag, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *path = object_path(bucket, key);
	struct sigv4_pair extra = {NULL, NULL};

	if (condition && condition->if_absent)
		extra = (struct sigv4_pair){"if-none-match", "*"};
	else if (condition && condition->if_etag)
		extra = (struct sigv4_pair){"if-match", condition->if_etag};
	if (do_call(s, &(struct call){.method = "PUT", .path = path, .extra = extra.name ? &extra : NULL, .body = data,
	                              .body_len = len, .timeout_ms = timeout_ms}, &r, e))
		return -1;
	if (ret_etag)
		*ret_etag = etag_of(&r);
	return 0;
}

int s3_delete(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct err *e)
{
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *path = object_path(bucket, key);
	struct call call = {.method = "DELETE", .path = path, .timeout_ms = timeout_ms};

	if (send_call(s, &call, &r, e))
		return -1;
	/* Some stores answer 404 for an object that is not there; a bucket that is not there is an error everywhere. */
	if (http_ok(&r) || (r.status == 404 && !strstr(r.body.buf, "NoSuchBucket")))
		return 0;
	return refused(s, &call, &r, e);
}

/* Takes the <Contents> of one page. */
static void listing_add_page(struct s3_listing *l, const char *xml)
{
	const char *pos = xml;

	for (;;) {
		scoped_free char *raw = NULL, *bytes = NULL;
		const char *from = strstr(pos, "<Contents>");
		const char *to = from ? strstr(from, "</Contents>") : NULL;
		const char *at_key, *at_etag, *at_size;
		struct s3_object *o;

		if (!to)
			return;
		raw = xstrndup(from, (size_t)(to - from));
		pos = to;
		if (l->n == l->alloc) {
			l->alloc = l->alloc ? 2 * l->alloc : 64;
			l->items = xrealloc(l->items, l->alloc * sizeof(*l->items));
		}
		at_key = at_etag = at_size = raw;
		o = &l->items[l->n];
		o->key = s3_xml_next(&at_key, "Key");
		o->etag = s3_xml_next(&at_etag, "ETag");
		if (!o->etag)
			o->etag = xstrdup("");
		bytes = s3_xml_next(&at_size, "Size");
		o->bytes = bytes ? strtoll(bytes, NULL, 10) : 0;
		if (o->key)
			l->n++;
		else
			s3_object_release(o);
	}
}

int s3_list(struct s3 *s, const char *bucket, const char *prefix, int timeout_ms, struct s3_listing *ret, struct err *e)
{
	scoped(s3_listing_release) struct s3_listing found = {0};
	scoped_free char *path = xstrf("/%s", bucket);
	scoped_free char *token = NULL;

	do {
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
		struct sigv4_pair query[4] = {{"list-type", "2"}, {"prefix", prefix}};
		const char *pos;

		if (token)
			query[2] = (struct sigv4_pair){"continuation-token", token};
		if (do_call(s, &(struct call){.method = "GET", .path = path, .query = query, .timeout_ms = timeout_ms}, &r, e))
			return -1;
		listing_add_page(&found, r.body.buf);
		pos = r.body.buf;
		free(token);
		token = s3_xml_next(&pos, "NextContinuationToken");
	} while (token);

	/* Onto what the caller has already. */
	ret->items = xrealloc(ret->items, (ret->n + found.n + 1) * sizeof(*ret->items));
	if (found.n)
		memcpy(ret->items + ret->n, found.items, found.n * sizeof(*found.items));
	ret->n += found.n;
	ret->alloc = ret->n + 1;
	found.n = 0; /* the objects are the caller's now */
	return 0;
}
