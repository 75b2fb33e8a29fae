/* The step that runs a folder of SQL scripts, each in one transaction and each once. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "pgconn.h"
#include "provision.h"
#include "scoped.h"
#include "sigv4.h"
#include "sqlscript.h"
#include "strbuf.h"

#include "banned.h"

/* What ran already. The schema is not among those that are captured. */
static const char register_sql[] =
	"CREATE SCHEMA IF NOT EXISTS dataflow;"
	"COMMENT ON SCHEMA dataflow IS 'Data Flow''s own notes about this database';"
	"CREATE TABLE IF NOT EXISTS dataflow.script ("
	" name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
	"COMMENT ON TABLE dataflow.script IS 'The set-up scripts that ran, and the digest of their statements'";

struct variables {
	struct sqlscript_var *items; /* ended by a NULL name; names are borrowed, values owned */
	bool *secret;
	size_t n;
};

static void variables_release(struct variables *v)
{
	for (size_t i = 0; i < v->n; i++)
		free((char *)v->items[i].value);
	free(v->items);
	free(v->secret);
}

static int variables_read(const struct provision *run, const struct ynode *map, struct variables *ret, struct err *e)
{
	const struct template_scope scope = {.platform = run->platform, .service = run->service, .use = TEMPLATE_FILE};
	size_t n = map ? map->n : 0;

	if (map && ynode_want(map, YNODE_MAP, e))
		return -1;
	ret->items = xcalloc(n + 1, sizeof(*ret->items));
	ret->secret = xcalloc(n + 1, sizeof(*ret->secret));
	for (; ret->n < n; ret->n++) {
		const struct ynode *entry = map->items[ret->n];

		ret->items[ret->n].value = template_arg(&scope, map, entry->key, e);
		if (!ret->items[ret->n].value)
			return -1;
		ret->items[ret->n].name = entry->key;
		ret->secret[ret->n] = strstr(entry->text, "${secret.") != NULL;
	}
	return 0;
}

/* PostgreSQL quotes pieces of a statement in its errors: secrets among them do not leave this program. */
static void variables_mask(const struct variables *v, char *text)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *value = v->items[i].value;
		size_t len = v->secret[i] ? strlen(value) : 0;

		for (char *at = text; len && (at = strstr(at, value)); at += len)
			memset(at, '*', len);
	}
}

/* The *.sql files of the folder in the order of their names' bytes. */
static int list_scripts(const char *folder, struct strlist *ret, struct err *e)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir) {
		err_sys(e, ERR_CONFIG, "cannot read the scripts in %s", folder);
		return err_remedy(e, "correct `path` of the step");
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && str_ends(entry->d_name, ".sql"))
			strlist_add(ret, entry->d_name);
	closedir(dir);
	strlist_sort(ret);
	return 0;
}

static void digest(const struct sqlscript *script, char ret_hex[65])
{
	scoped(strbuf_release) struct strbuf all = STRBUF_INIT;

	/* Of what is run, values included: another password runs the script again, another comment does not. */
	for (size_t i = 0; i < script->n; i++)
		strbuf_addf(&all, "%s;\n", script->items[i].text);
	sigv4_hash(all.buf, all.len, ret_hex);
}

/* One script under way. */
struct applying {
	const struct provision *run;
	const struct pgconn_target *to;
	const char *name; /* "30-roles.sql" */
	char *path;
	struct sqlscript script;
	char sha256[65];
	struct pgconn c;
};

static void applying_release(struct applying *a)
{
	pgconn_close(&a->c);
	sqlscript_release(&a->script);
	free(a->path);
}

static int exec(struct applying *a, const char *sql, struct err *e)
{
	return pgconn_exec(&a->c, sql, provision_left_ms(a->run), e);
}

/* *ret is the outcome that applying it would have now: UNCHANGED when it ran in this form. */
static int look_up(struct applying *a, enum provision_outcome *ret, struct err *e)
{
	scoped_free char *ran = pgconn_value(&a->c, "SELECT sha256 FROM dataflow.script WHERE name = $1", 1, &a->name,
	                                     provision_left_ms(a->run), e);

	if (!ran && e->kind != ERR_NONE)
		return -1;
	*ret = !ran ? PROVISION_CREATED : str_eq(ran, a->sha256) ? PROVISION_UNCHANGED : PROVISION_UPDATED;
	return 0;
}

static int run_statements(struct applying *a, struct err *e)
{
	for (size_t i = 0; i < a->script.n; i++) {
		const struct sqlscript_statement *s = &a->script.items[i];

		if (exec(a, s->text, e))
			return err_prefix(e, "%s:%d", a->path, sqlscript_line(s, a->c.error_position));
		if (PQtransactionStatus(a->c.pq) != PQTRANS_INTRANS) {
			err_set(e, ERR_CONFIG, "%s:%d: the statement ends the script's transaction", a->path, s->line);
			return err_remedy(e, "a script runs in one transaction: take its BEGIN, COMMIT and ROLLBACK out");
		}
	}
	return 0;
}

/* Runs the script and notes that it ran, both or neither. The lock keeps two provisionings from running it at once. */
static int apply(struct applying *a, enum provision_outcome *ret, struct err *e)
{
	const char *const note[] = {a->name, a->sha256};
	PGresult *noted;

	/* A statement that fails is written to the server's log in full, and some hold passwords; only a superuser may prevent it. */
	if (str_eq(PQparameterStatus(a->c.pq, "is_superuser"), "on") &&
	    exec(a, "SET log_min_error_statement = panic; SET log_statement = none; SET log_min_duration_statement = -1", e))
		return -1;
	if (exec(a, "BEGIN; SELECT pg_advisory_xact_lock(hashtext('dataflow.script'))", e) || look_up(a, ret, e))
		return -1;
	if (*ret == PROVISION_UNCHANGED)
		return 0;
	if (run_statements(a, e))
		return -1;
	noted = pgconn_query(&a->c,
	                     "INSERT INTO dataflow.script (name, sha256) VALUES ($1, $2)"
	                     " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()",
	                     2, note, provision_left_ms(a->run), e);
	if (!noted)
		return -1;
	PQclear(noted);
	return exec(a, "COMMIT", e); /* constraints that were deferred may fail here */
}

static int apply_file(const struct provision *run, const struct pgconn_target *to, const char *folder, const char *name,
                      const struct variables *vars, struct err *e)
{
	scoped(applying_release) struct applying a = {.run = run, .to = to, .name = name, .path = fsx_join(folder, name)};
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	enum provision_outcome outcome;

	if (fsx_read(a.path, &text, e) || sqlscript_parse(a.path, text.buf, vars->items, &a.script, e))
		return -1;
	digest(&a.script, a.sha256);
	/* A connection of its own: what a script sets (search_path, a role) ends with it. */
	if (pgconn_open(&a.c, to, provision_left_ms(run), e) || apply(&a, &outcome, e))
		return -1;
	return provision_report(run, "sql", name, outcome, e);
}

static int make_register(const struct provision *run, const struct pgconn_target *to, struct err *e)
{
	scoped(pgconn_close) struct pgconn c = PGCONN_INIT;
	scoped_free char *there = NULL;

	if (pgconn_open(&c, to, provision_left_ms(run), e))
		return -1;
	there = pgconn_value(&c, "SELECT to_regclass('dataflow.script')::text", 0, NULL, provision_left_ms(run), e);
	if (there || e->kind != ERR_NONE)
		return there ? 0 : -1;
	return pgconn_exec(&c, register_sql, provision_left_ms(run), e);
}

int step_sql(const struct provision *run, const struct args *args, struct err *e)
{
	const struct pgconn_target to = {
		.host = args_text(args, "host"), .port = args_text(args, "port"), .user = args_text(args, "user"),
		.password = args_text(args, "password"), .database = args_text(args, "database"),
		.application = "platformctl provision",
	};
	const char *folder = args_text(args, "path");
	scoped(variables_release) struct variables vars = {0};
	scoped(strlist_release) struct strlist names = {0};

	if (variables_read(run, ynode_get(args->node, "vars"), &vars, e) || list_scripts(folder, &names, e) ||
	    make_register(run, &to, e))
		return -1;
	for (size_t i = 0; i < names.n; i++)
		if (apply_file(run, &to, folder, names.items[i], &vars, e)) {
			variables_mask(&vars, e->msg);
			variables_mask(&vars, e->remedy);
			return -1;
		}
	return 0;
}
