/* PostgreSQL through libpq's asynchronous half, so that every wait is a poll(2) with a deadline. */
#include "pgconn.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "scoped.h"

#include "banned.h"

/* Notices ("relation exists, skipping") are no errors; libpq would print them to stderr. */
static void drop_notice(void *arg, const PGresult *res)
{
	(void)arg, (void)res;
}

/* Waits until the socket is readable or writable as asked; false at the deadline. */
static bool wait_socket(PGconn *pq, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd fd = {.fd = PQsocket(pq), .events = events};
		int left = clk_left_ms(deadline);
		int n = poll(&fd, 1, left);

		if (n > 0)
			return true;
		if (left == 0 || (n < 0 && errno != EINTR))
			return false;
	}
}

/*
 * What an SQLSTATE means for the caller: classes 08, 53, 57 and 58 pass (connection, resources, operator, system),
 * 40 wants the transaction again, 28 and 3D say that the login is wrong, all else is about the statement.
 */
static enum err_kind kind_of_sqlstate(const char *state)
{
	if (str_starts(state, "57014"))
		return ERR_TIMEOUT; /* the server's own statement_timeout, or somebody's cancel */
	if (str_starts(state, "08") || str_starts(state, "53") || str_starts(state, "57") || str_starts(state, "58"))
		return ERR_RETRY;
	if (str_starts(state, "40"))
		return ERR_CONFLICT;
	if (str_starts(state, "28") || str_starts(state, "3D"))
		return ERR_CONFIG;
	return ERR_DATA;
}

/*
 * libpq reports a failed connection only as text, in verbose form:
 *     connection to server at "127.0.0.1", port 5433 failed: FATAL:  28P01: password authentication failed for user "x"
 *     LOCATION:  auth_failed, auth.c:335
 * The server's word (FATAL) counts more than what the other addresses of a host gave.
 */
static int connect_error(struct pgconn *c, const struct pgconn_target *to, struct err *e)
{
	const char *text = PQerrorMessage(c->pq);
	const char *fatal = strstr(text, "FATAL:  ");
	const char *failed = strstr(text, " failed: ");
	const char *line = fatal ? fatal + 8 : failed ? failed + 9 : text;
	scoped(strbuf_release) struct strbuf said = STRBUF_INIT;

	strbuf_add(&said, line, strcspn(line, "\n"));
	if (fatal && said.len > 7 && said.buf[5] == ':') {
		char state[6];

		memcpy(state, said.buf, 5);
		state[5] = '\0';
		err_set(e, kind_of_sqlstate(state), "PostgreSQL at %s: %s [%s]", c->where, said.buf + 7, state);
		if (str_eq(state, "28P01"))
			err_remedy(e, "check the user's password: it is not the one that the server has");
		else if (str_starts(state, "28"))
			err_remedy(e, "let the user in: see pg_hba.conf and the user's LOGIN attribute");
		return -1;
	}
	if (strstr(text, "Connection refused")) {
		err_set(e, ERR_RETRY, "connection refused on %s:%s", to->host, to->port);
		return err_remedy(e, "see whether PostgreSQL runs there: platformctl status postgres");
	}
	return err_set(e, ERR_RETRY, "PostgreSQL at %s: %s", c->where, said.len ? said.buf : "no connection");
}

static int connect_wait(struct pgconn *c, const struct pgconn_target *to, int timeout_ms, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	if (PQstatus(c->pq) == CONNECTION_BAD)
		return connect_error(c, to, e);
	PQsetErrorVerbosity(c->pq, PQERRORS_VERBOSE); /* connect_error() wants the SQLSTATE */
	PQsetNoticeReceiver(c->pq, drop_notice, NULL);
	while (state != PGRES_POLLING_OK) {
		if (!wait_socket(c->pq, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
			return err_set(e, ERR_TIMEOUT, "PostgreSQL at %s did not answer within %d ms", c->where, timeout_ms);
		state = PQconnectPoll(c->pq);
		if (state == PGRES_POLLING_FAILED)
			return connect_error(c, to, e);
	}
	if (PQsetnonblocking(c->pq, 1))
		return err_set(e, ERR_FATAL, "PostgreSQL at %s: %s", c->where, PQerrorMessage(c->pq));
	return 0;
}

int pgconn_open(struct pgconn *c, const struct pgconn_target *to, int timeout_ms, struct err *e)
{
	const char *const keys[] = {"host", "port",   "dbname",   "user", "application_name", "client_encoding",
	                            "password", NULL};
	const char *const values[] = {to->host, to->port, to->database, to->user,
	                              to->application ? to->application : "platformctl", "UTF8", to->password, NULL};
	scoped_free char *where = xstrf("%s:%s/%s as %s", to->host, to->port, to->database, to->user);

	memset(c, 0, sizeof(*c));
	memcpy(c->where, where, strnlen(where, sizeof(c->where) - 1));
	c->pq = PQconnectStartParams(keys, values, 0);
	if (!c->pq)
		abort(); /* out of memory */
	if (!connect_wait(c, to, timeout_ms, e))
		return 0;
	pgconn_close(c);
	return -1;
}

void pgconn_close(struct pgconn *c)
{
	if (c->pq)
		PQfinish(c->pq);
	c->pq = NULL;
}

bool pgconn_alive(const struct pgconn *c)
{
	return c->pq && PQstatus(c->pq) == CONNECTION_OK;
}

void pgconn_clear_p(PGresult **r)
{
	PQclear(*r);
}

/* The connection broke or ran late: it is closed, since nobody knows where its conversation stands. */
static int lost(struct pgconn *c, enum err_kind kind, const char *what, struct err *e)
{
	scoped(strbuf_release) struct strbuf said = STRBUF_INIT;

	strbuf_add(&said, what, strcspn(what, "\n"));
	err_set(e, kind, "PostgreSQL at %s: %s", c->where, said.len ? said.buf : "connection lost");
	pgconn_close(c);
	return -1;
}

static int sql_error(struct pgconn *c, const PGresult *res, struct err *e)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
	const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);

	if (!state || strlen(state) != 5)
		return lost(c, ERR_RETRY, PQresultErrorMessage(res), e);
	memcpy(c->sqlstate, state, 6);
	c->error_position = position ? atoi(position) : 0;
	err_set(e, kind_of_sqlstate(state), "%s%s%s%s [%s]", primary ? primary : "SQL error", detail ? " (" : "",
	        detail ? detail : "", detail ? ")" : "", state);
	for (char *p = e->msg; *p; p++) /* PostgreSQL's texts may have several lines, ours have one */
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	if (hint)
		err_remedy(e, "%.*s", (int)strcspn(hint, "\n"), hint);
	return -1;
}

/* Sends what libpq still holds, reading meanwhile, so that neither side waits for the other. */
static int flush(struct pgconn *c, int64_t deadline, struct err *e)
{
	int more;

	while ((more = PQflush(c->pq)) == 1) {
		if (!wait_socket(c->pq, POLLIN | POLLOUT, deadline))
			return lost(c, ERR_TIMEOUT, "no answer in time", e);
		if (!PQconsumeInput(c->pq))
			return lost(c, ERR_RETRY, PQerrorMessage(c->pq), e);
	}
	return more < 0 ? lost(c, ERR_RETRY, PQerrorMessage(c->pq), e) : 0;
}

/* Reads every answer of what was sent; the last one stays. The first error wins. */
static PGresult *answers(struct pgconn *c, int64_t deadline, struct err *e)
{
	scoped(pgconn_clear_p) PGresult *last = NULL;
	bool failed = false;

	if (flush(c, deadline, e))
		return NULL;
	for (;;) {
		PGresult *res;

		while (PQisBusy(c->pq)) {
			if (!wait_socket(c->pq, POLLIN, deadline)) {
				lost(c, ERR_TIMEOUT, "no answer in time", e);
				return NULL;
			}
			if (!PQconsumeInput(c->pq)) {
				lost(c, ERR_RETRY, PQerrorMessage(c->pq), e);
				return NULL;
			}
		}
		res = PQgetResult(c->pq);
		if (!res)
			break;
		PQclear(last);
		last = res;
		switch (PQresultStatus(res)) {
		case PGRES_FATAL_ERROR:
		case PGRES_BAD_RESPONSE:
			if (!failed)
				sql_error(c, res, e);
			failed = true;
			break;
		case PGRES_COPY_IN:
		case PGRES_COPY_OUT:
		case PGRES_COPY_BOTH:
			if (!failed)
				lost(c, ERR_DATA, "COPY to or from the client is not possible here", e);
			return NULL;
		default:
			break;
		}
		if (!c->pq)
			return NULL;
	}
	return failed ? NULL : take_ptr(&last);
}

static bool usable(struct pgconn *c, struct err *e)
{
	c->sqlstate[0] = '\0';
	c->error_position = 0;
	if (c->pq)
		return true;
	err_set(e, ERR_RETRY, "PostgreSQL at %s: the connection is closed", c->where);
	return false;
}

PGresult *pgconn_query(struct pgconn *c, const char *sql, int n_params, const char *const *params, int timeout_ms,
                       struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;

	if (!usable(c, e))
		return NULL;
	if (!PQsendQueryParams(c->pq, sql, n_params, NULL, params, NULL, NULL, 0)) {
		lost(c, ERR_RETRY, PQerrorMessage(c->pq), e);
		return NULL;
	}
	return answers(c, deadline, e);
}

int pgconn_exec(struct pgconn *c, const char *sql, int timeout_ms, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	PGresult *res;

	if (!usable(c, e))
		return -1;
	if (!PQsendQuery(c->pq, sql))
		return lost(c, ERR_RETRY, PQerrorMessage(c->pq), e);
	res = answers(c, deadline, e);
	if (!res)
		return -1;
	PQclear(res);
	return 0;
}

char *pgconn_value(struct pgconn *c, const char *sql, int n_params, const char *const *params, int timeout_ms,
                   struct err *e)
{
	scoped(pgconn_clear_p) PGresult *res = pgconn_query(c, sql, n_params, params, timeout_ms, e);

	if (!res)
		return NULL;
	e->kind = ERR_NONE;
	if (PQntuples(res) == 0 || PQnfields(res) == 0 || PQgetisnull(res, 0, 0))
		return NULL;
	return xstrdup(PQgetvalue(res, 0, 0));
}

static void add_doubling(struct strbuf *sb, const char *s, char quote, bool backslashes)
{
	strbuf_addch(sb, quote);
	for (; *s; s++) {
		if (*s == quote || (backslashes && *s == '\\'))
			strbuf_addch(sb, *s);
		strbuf_addch(sb, *s);
	}
	strbuf_addch(sb, quote);
}

void pgconn_add_literal(struct strbuf *sb, const char *s)
{
	bool backslashes = strchr(s, '\\') != NULL;

	if (backslashes)
		strbuf_addstr(sb, " E"); /* the blank keeps the E from joining a word before it, as libpq does */
	add_doubling(sb, s, '\'', backslashes);
}

void pgconn_add_identifier(struct strbuf *sb, const char *s)
{
	add_doubling(sb, s, '"', false);
}
