/* The step that makes a database and the role that owns it. */
#include <string.h>

#include "pgconn.h"
#include "provision.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* One database step under way. */
struct making {
	const struct provision *run;
	struct pgconn_target admin; /* connected to the database that every cluster has */
	struct pgconn c;
	const char *name, *owner, *owner_password; /* the password may be NULL */
	enum provision_outcome outcome;
};

static void making_release(struct making *m)
{
	pgconn_close(&m->c);
}

static int exists(struct making *m, const char *sql, const char *name, bool *ret, struct err *e)
{
	scoped_free char *value = pgconn_value(&m->c, sql, 1, &name, provision_left_ms(m->run), e);

	if (!value && e->kind != ERR_NONE)
		return -1;
	*ret = value != NULL;
	return 0;
}

/* Adds PASSWORD '<SCRAM verifier>': hashed here, so that the password itself is in no statement that a server may log. */
static int add_password(struct making *m, struct strbuf *sql, struct err *e)
{
	char *verifier = PQencryptPasswordConn(m->c.pq, m->owner_password, m->owner, "scram-sha-256");

	if (!verifier)
		return err_set(e, ERR_FATAL, "cannot hash the password of %s", m->owner);
	strbuf_addstr(sql, " PASSWORD ");
	pgconn_add_literal(sql, verifier);
	PQfreemem(verifier);
	return 0;
}

/* CREATE ROLE or ALTER ROLE … LOGIN, with the password where there is one. */
static int put_role(struct making *m, const char *verb, struct err *e)
{
	scoped(strbuf_release) struct strbuf sql = STRBUF_INIT;

	strbuf_addf(&sql, "%s ROLE ", verb);
	pgconn_add_identifier(&sql, m->owner);
	strbuf_addstr(&sql, " LOGIN");
	if (m->owner_password && add_password(m, &sql, e))
		return -1;
	return pgconn_exec(&m->c, sql.buf, provision_left_ms(m->run), e);
}

static int make_database(struct making *m, struct err *e)
{
	scoped(strbuf_release) struct strbuf sql = STRBUF_INIT;
	bool there;

	if (exists(m, "SELECT 1 FROM pg_database WHERE datname = $1", m->name, &there, e))
		return -1;
	if (there)
		return 0;
	strbuf_addstr(&sql, "CREATE DATABASE ");
	pgconn_add_identifier(&sql, m->name);
	strbuf_addstr(&sql, " OWNER ");
	pgconn_add_identifier(&sql, m->owner);
	if (pgconn_exec(&m->c, sql.buf, provision_left_ms(m->run), e))
		return -1;
	m->outcome = PROVISION_CREATED;
	return 0;
}

/*
 * A role that was there may have another password than we have: whether it has is found by logging in with it, since what
 * the server stores cannot be compared by those who are no superuser.
 */
static int mend_password(struct making *m, struct err *e)
{
	struct pgconn_target as_owner = m->admin;
	scoped(pgconn_close) struct pgconn c = PGCONN_INIT;
	struct err refused = ERR_INIT;

	as_owner.user = m->owner;
	as_owner.password = m->owner_password;
	as_owner.database = m->name;
	if (!pgconn_open(&c, &as_owner, provision_left_ms(m->run), &refused))
		return 0;
	if (refused.kind != ERR_CONFIG) {
		*e = refused;
		return -1;
	}
	if (put_role(m, "ALTER", e))
		return -1;
	if (m->outcome == PROVISION_UNCHANGED)
		m->outcome = PROVISION_UPDATED;
	return 0;
}

static int make_all(struct making *m, struct err *e)
{
	bool role_there;

	if (pgconn_open(&m->c, &m->admin, provision_left_ms(m->run), e) ||
	    exists(m, "SELECT 1 FROM pg_roles WHERE rolname = $1", m->owner, &role_there, e))
		return -1;
	if (!role_there) {
		if (put_role(m, "CREATE", e))
			return -1;
		m->outcome = PROVISION_CREATED;
	}
	if (make_database(m, e))
		return -1;
	return role_there && m->owner_password ? mend_password(m, e) : 0;
}

int step_database(const struct provision *run, const struct args *args, struct err *e)
{
	scoped(making_release) struct making m = {
		.run = run,
		.admin = {.host = args_text(args, "host"), .port = args_text(args, "port"), .database = "postgres",
		          .user = args_text(args, "user"), .password = args_text(args, "password")},
		.name = args_text(args, "name"),
		.owner = args_text(args, "owner"),
		.owner_password = args_text(args, "owner_password"),
	};

	if (make_all(&m, e))
		return err_prefix(e, "%s", m.name);
	return provision_report(run, "database", m.name, m.outcome, e);
}
