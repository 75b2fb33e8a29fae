/* The calls of hive_metastore.thrift (Hive 4.0) that the platform makes; field numbers are those of that file. */
#include "metastore.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"
#include "tcp.h"
#include "thrift.h"

#include "banned.h"

#define MAX_ANSWER_BYTES ((size_t)64 << 20)

struct metastore {
	int fd; /* -1: lost */
	uint32_t sequence;
	char *where; /* "host:port" */
};

struct metastore *metastore_open(const char *host, const char *port, int timeout_ms, struct err *e)
{
	int fd = tcp_connect(host, port, clk_mono_ms() + timeout_ms, e);
	struct metastore *m;

	if (fd < 0)
		return NULL;
	m = xcalloc(1, sizeof(*m));
	m->fd = fd;
	m->where = xstrf("%s:%s", host, port);
	return m;
}

void metastore_close(struct metastore *m)
{
	if (!m)
		return;
	if (m->fd >= 0)
		close(m->fd);
	free(m->where);
	free(m);
}

void metastore_close_p(struct metastore **m)
{
	metastore_close(*m);
}

static int lost(struct metastore *m, enum err_kind kind, const char *what, struct err *e)
{
	close(m->fd);
	m->fd = -1;
	return err_set(e, kind, "metastore at %s: %s", m->where, what);
}

static int wait_for(struct metastore *m, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = {.fd = m->fd, .events = events};

	for (;;) {
		int left = clk_left_ms(deadline);
		int n = poll(&p, 1, left);

		if (n > 0)
			return 0;
		if (left == 0)
			return lost(m, ERR_TIMEOUT, "no answer in time", e);
		if (n < 0 && errno != EINTR)
			return lost(m, ERR_RETRY, strerror(errno), e);
	}
}

static bool try_again(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static int send_all(struct metastore *m, const struct strbuf *out, int64_t deadline, struct err *e)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = send(m->fd, out->buf + done, out->len - done, MSG_NOSIGNAL);

		if (n >= 0)
			done += (size_t)n;
		else if (!try_again())
			return lost(m, ERR_RETRY, strerror(errno), e);
		else if (wait_for(m, POLLOUT, deadline, e))
			return -1;
	}
	return 0;
}

/* The head of an answer. False when it is malformed; running short sets r->bad. */
static bool read_head(struct reader *r, enum thrift_message *ret_kind)
{
	uint32_t version = reader_u32(r);
	uint32_t len = reader_u32(r);

	if (!r->bad && ((version & 0xffff0000u) != 0x80010000u || len > 256))
		return false;
	*ret_kind = version & 0xff;
	reader_bytes(r, len); /* the method's name; one call is under way at a time, so it is known */
	reader_u32(r);        /* and so is its number */
	return true;
}

enum progress { ANSWER_PARTIAL, ANSWER_WHOLE, ANSWER_MALFORMED };

/* The transport has no frames: an answer is whole when a walk over it reaches its end. */
static enum progress progress_of(const struct strbuf *in)
{
	enum thrift_message kind;
	struct reader r;

	reader_init(&r, in->buf, in->len);
	if (!read_head(&r, &kind) || !thrift_skip(&r, THRIFT_STRUCT))
		return ANSWER_MALFORMED;
	return r.bad ? ANSWER_PARTIAL : ANSWER_WHOLE;
}

static int receive(struct metastore *m, struct strbuf *in, int64_t deadline, struct err *e)
{
	char chunk[65536];

	for (;;) {
		ssize_t n = recv(m->fd, chunk, sizeof(chunk), 0);

		if (n > 0) {
			strbuf_add(in, chunk, (size_t)n);
			if (in->len > MAX_ANSWER_BYTES)
				return lost(m, ERR_DATA, "an answer of more than 64 MiB", e);
			continue;
		}
		if (n == 0)
			return progress_of(in) == ANSWER_WHOLE ? 0 : lost(m, ERR_RETRY, "it closed the connection", e);
		if (!try_again())
			return lost(m, ERR_RETRY, strerror(errno), e);
		/* Only when the socket is drained, so that a long answer is not walked once a chunk. */
		switch (progress_of(in)) {
		case ANSWER_WHOLE:
			return 0;
		case ANSWER_MALFORMED:
			lost(m, ERR_DATA, "its answer is not Thrift's binary protocol", e);
			return err_remedy(e, "see that the port is the metastore's and that it uses neither SASL nor HTTP transport");
		default:
			if (wait_for(m, POLLIN, deadline, e))
				return -1;
		}
	}
}

/* The text of an exception, whose struct comes next: all of Hive's and Thrift's own have it as field 1. */
static char *exception_text(struct reader *r)
{
	scoped_free char *text = NULL;
	enum thrift_type type;
	uint16_t id;

	while (thrift_next(r, &type, &id)) {
		if (id == 1 && type == THRIFT_STRING && !text)
			text = thrift_text(r);
		else
			thrift_skip(r, type);
	}
	for (char *p = text; p && *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return text ? take_ptr(&text) : xstrdup("no reason given");
}

/*
 * Calls a method and leaves r (over *in) before its value, if it has one. `kinds` has the meaning of the exceptions
 * 1, 2, … that the method declares, ended by ERR_NONE.
 */
static int call(struct metastore *m, const char *method, const struct strbuf *args, const enum err_kind *kinds,
                int timeout_ms, struct strbuf *in, struct reader *r, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped_free char *text = NULL;
	enum thrift_message kind;
	enum thrift_type type;
	uint16_t id;

	if (m->fd < 0)
		return err_set(e, ERR_RETRY, "metastore at %s: the connection is closed", m->where);
	thrift_call(&out, method, ++m->sequence);
	strbuf_add(&out, args->buf, args->len);
	thrift_stop(&out);
	if (send_all(m, &out, deadline, e) || receive(m, in, deadline, e))
		return -1;

	reader_init(r, in->buf, in->len);
	read_head(r, &kind);
	if (kind == THRIFT_EXCEPTION) {
		text = exception_text(r);
		return err_set(e, ERR_DATA, "metastore at %s: %s: %s", m->where, method, text);
	}
	if (!thrift_next(r, &type, &id) || id == 0)
		return 0;
	text = exception_text(r);
	for (uint16_t i = 1; *kinds != ERR_NONE; i++, kinds++)
		if (i == id)
			return err_set(e, *kinds, "metastore at %s: %s: %s", m->where, method, text);
	return err_set(e, ERR_DATA, "metastore at %s: %s: %s", m->where, method, text);
}

/* A list of strings, the value of a call. */
static int read_names(struct metastore *m, struct reader *r, struct strlist *ret, struct err *e)
{
	scoped(strlist_release) struct strlist found = {0};
	enum thrift_type type;
	uint32_t n = thrift_list(r, &type);

	for (uint32_t i = 0; i < n && type == THRIFT_STRING && !r->bad; i++) {
		scoped_free char *name = thrift_text(r);

		strlist_add(&found, name);
	}
	if (r->bad || (n && type != THRIFT_STRING))
		return lost(m, ERR_DATA, "its answer is no list of names", e);
	for (size_t i = 0; i < found.n; i++)
		strlist_add(ret, found.items[i]);
	return 0;
}

int metastore_databases(struct metastore *m, int timeout_ms, struct strlist *ret, struct err *e)
{
	static const enum err_kind kinds[] = {ERR_DATA, ERR_NONE};
	scoped(strbuf_release) struct strbuf args = STRBUF_INIT, in = STRBUF_INIT;
	struct reader r;

	if (call(m, "get_all_databases", &args, kinds, timeout_ms, &in, &r, e))
		return -1;
	return read_names(m, &r, ret, e);
}

int metastore_create_database(struct metastore *m, const char *name, const char *location, int timeout_ms,
                              bool *ret_created, struct err *e)
{
	/* AlreadyExistsException, InvalidObjectException, MetaException */
	static const enum err_kind kinds[] = {ERR_CONFLICT, ERR_CONFIG, ERR_DATA, ERR_NONE};
	scoped(strbuf_release) struct strbuf args = STRBUF_INIT, in = STRBUF_INIT;
	scoped(strlist_release) struct strlist there = {0};
	struct reader r;

	/* Asked first: the metastore makes the folder of a database before it finds that the name is taken. */
	if (metastore_databases(m, timeout_ms, &there, e))
		return -1;
	if (strlist_has(&there, name)) {
		*ret_created = false;
		return 0;
	}
	thrift_field(&args, THRIFT_STRUCT, 1);
	thrift_string(&args, 1, name);
	thrift_string(&args, 3, location);
	thrift_stop(&args);
	if (!call(m, "create_database", &args, kinds, timeout_ms, &in, &r, e)) {
		*ret_created = true;
		return 0;
	}
	if (e->kind != ERR_CONFLICT)
		return -1;
	*ret_created = false; /* somebody made it in between */
	return 0;
}

int metastore_tables(struct metastore *m, const char *database, int timeout_ms, struct strlist *ret, struct err *e)
{
	static const enum err_kind kinds[] = {ERR_DATA, ERR_NONE};
	scoped(strbuf_release) struct strbuf args = STRBUF_INIT, in = STRBUF_INIT;
	struct reader r;

	thrift_string(&args, 1, database);
	if (call(m, "get_all_tables", &args, kinds, timeout_ms, &in, &r, e))
		return -1;
	return read_names(m, &r, ret, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct metastore_param *)a)->name, ((const struct metastore_param *)b)->name);
}

void metastore_table_release(struct metastore_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->params[i].name);
		free(t->params[i].value);
	}
	free(t->params);
	memset(t, 0, sizeof(*t));
}

const char *metastore_table_param(const struct metastore_table *t, const char *name)
{
	const struct metastore_param key = {.name = (char *)name};
	const struct metastore_param *found = t->n ? bsearch(&key, t->params, t->n, sizeof(key), by_name) : NULL;

	return found ? found->value : NULL;
}

static void read_params(struct reader *r, struct metastore_table *t)
{
	enum thrift_type key, value;
	uint32_t n = thrift_map(r, &key, &value);

	if (n && (key != THRIFT_STRING || value != THRIFT_STRING))
		r->bad = true;
	metastore_table_release(t); /* a field that comes twice: the last one counts */
	t->params = xcalloc(n + 1, sizeof(*t->params));
	for (; t->n < n && !r->bad; t->n++) {
		t->params[t->n].name = thrift_text(r);
		t->params[t->n].value = thrift_text(r);
	}
}

/* Passes over a struct's fields up to field `id` of type `type`; false when it has none. */
static bool find_field(struct reader *r, enum thrift_type type, uint16_t id)
{
	enum thrift_type found;
	uint16_t at;

	while (thrift_next(r, &found, &at)) {
		if (at == id && found == type)
			return true;
		thrift_skip(r, found);
	}
	return false;
}

int metastore_table(struct metastore *m, const char *database, const char *table, int timeout_ms,
                    struct metastore_table *ret, struct err *e)
{
	/* MetaException, NoSuchObjectException */
	static const enum err_kind kinds[] = {ERR_DATA, ERR_MISSING, ERR_NONE};
	scoped(strbuf_release) struct strbuf args = STRBUF_INIT, in = STRBUF_INIT;
	scoped(metastore_table_release) struct metastore_table found = {0};
	struct reader r;

	thrift_field(&args, THRIFT_STRUCT, 1); /* GetTableRequest: get_table itself is gone from Hive 4 */
	thrift_string(&args, 1, database);
	thrift_string(&args, 2, table);
	thrift_stop(&args);
	if (call(m, "get_table_req", &args, kinds, timeout_ms, &in, &r, e))
		return -1;
	/* Before r: GetTableResult, whose field 1 is the Table, whose field 9 are the parameters. */
	if (find_field(&r, THRIFT_STRUCT, 1) && find_field(&r, THRIFT_MAP, 9))
		read_params(&r, &found);
	if (r.bad || !found.params)
		return lost(m, ERR_DATA, "its answer describes no table", e);
	qsort(found.params, found.n, sizeof(*found.params), by_name);
	*ret = found;
	found = (struct metastore_table){0}; /* the caller's now */
	return 0;
}
