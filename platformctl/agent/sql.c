/*
 * `platformctl sql`: statements from the arguments, a file, standard input or a prompt, run one after the other. The first
 * that fails ends it, with the place of the error; at the prompt it goes on.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "fsx.h"
#include "scoped.h"
#include "sql_engine.h"

#include "banned.h"

struct session {
	struct sql_engine engine;
	struct sql_printer *printer;
	bool json;
};

/* Prints the line that the error is in, and a caret under the place. */
static void point_at(const char *sql, int line, int column)
{
	for (; line > 1 && strchr(sql, '\n'); line--)
		sql = strchr(sql, '\n') + 1;
	fprintf(stderr, "  %.*s\n  ", (int)strcspn(sql, "\n"), sql);
	for (int i = 1; i < column; i++) {
		/* A tab stays a tab, so that the caret stands where the text does. */
		fputc(*sql == '\t' ? '\t' : ' ', stderr);
		do
			sql++;
		while (((unsigned char)*sql & 0xc0) == 0x80);
	}
	fputs("^\n", stderr);
}

/* Runs one piece. `name` and the line it begins at stand before the error when there is a file to name. */
static int run_piece(struct session *s, const struct sql_piece *piece, const char *name, int first_line, struct err *e)
{
	scoped_free char *sql = xstrndup(piece->text, piece->len);
	int line = 0, column = 0;

	if (sql_engine_run(&s->engine, sql, s->printer, &line, &column, e) == 0)
		return 0;
	if (line > 0 && column > 0 && !s->json)
		point_at(sql, line, column);
	if (name && line > 0)
		return err_prefix(e, "%s:%d", name, first_line + line - 1);
	return name ? err_prefix(e, "%s:%d", name, first_line) : -1;
}

static int count_lines(const char *from, const char *to)
{
	int n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/* Runs every statement of a text. */
static int run_text(struct session *s, const char *text, size_t len, const char *name, struct err *e)
{
	int line = 1;

	for (size_t at = 0; at < len;) {
		struct sql_piece piece = sql_split(s->engine.dialect, text + at, len - at);

		if (piece.len && run_piece(s, &piece, name, line + count_lines(text + at, piece.text), e) != 0)
			return -1;
		line += count_lines(text + at, text + at + piece.next);
		at += piece.next;
	}
	return 0;
}

static int read_all(FILE *f, struct strbuf *out, struct err *e)
{
	char buf[65536];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		strbuf_add(out, buf, n);
	return ferror(f) ? err_sys(e, ERR_FATAL, "standard input") : 0;
}

/* "-" is standard input. */
static int run_file(struct session *s, const char *path, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool input = strcmp(path, "-") == 0;

	if (input ? read_all(stdin, &text, e) : fsx_read(path, &text, e))
		return -1;
	return run_text(s, text.buf, text.len, input ? "standard input" : path, e);
}

static void ignore_signal(int signal)
{
	(void)signal;
}

/* One line from the terminal; an interrupt leaves *ret_interrupted true. False at the end of input. */
static bool read_line(const char *prompt, char **line, size_t *size, bool *ret_interrupted)
{
	struct sigaction quiet = {.sa_handler = ignore_signal}, before_action; /* no SA_RESTART: the read ends */
	sigset_t interrupt, before_mask;
	ssize_t n;
	int error;

	fputs(prompt, stdout);
	fflush(stdout);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigaction(SIGINT, &quiet, &before_action);
	sigprocmask(SIG_UNBLOCK, &interrupt, &before_mask);
	errno = 0;
	n = getline(line, size, stdin);
	error = errno;
	sigprocmask(SIG_SETMASK, &before_mask, NULL);
	sigaction(SIGINT, &before_action, NULL);
	*ret_interrupted = n < 0 && error == EINTR;
	if (*ret_interrupted) {
		clearerr(stdin);
		putchar('\n');
	}
	return n >= 0 || *ret_interrupted;
}

/* Runs the statements that are complete and drops them from what was typed. */
static void run_typed(struct session *s, struct strbuf *typed)
{
	for (;;) {
		struct sql_piece piece = sql_split(s->engine.dialect, typed->buf, typed->len);
		scoped_free char *rest = NULL;
		struct err e = ERR_INIT;

		if (!piece.ended)
			return;
		if (piece.len && run_piece(s, &piece, NULL, 1, &e) != 0) {
			fprintf(stderr, "error: %s\n", e.msg);
			if (e.remedy[0])
				fprintf(stderr, "  remedy: %s\n", e.remedy);
		}
		rest = xstrdup(typed->buf + piece.next);
		strbuf_reset(typed);
		if (rest[strspn(rest, " \t\r\n")])
			strbuf_addstr(typed, rest);
	}
}

static bool is_farewell(const char *line)
{
	static const char *const words[] = {"quit", "quit;", "exit", "exit;", "\\q"};
	size_t len = strcspn(line, "\r\n");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == len && strncmp(line, words[i], len) == 0)
			return true;
	return false;
}

static void run_prompt(struct session *s)
{
	scoped(strbuf_release) struct strbuf typed = STRBUF_INIT;
	scoped_free char *first = xstrf("%s> ", s->engine.prompt);
	scoped_free char *more = xstrf("%*s> ", (int)strlen(s->engine.prompt), "");
	scoped_free char *line = NULL;
	size_t size = 0;
	bool interrupted;

	puts("A semicolon ends a statement; Ctrl-C drops or cancels it; quit or Ctrl-D leaves.");
	while (read_line(typed.len ? more : first, &line, &size, &interrupted)) {
		if (interrupted) {
			strbuf_reset(&typed);
			continue;
		}
		if (!typed.len && is_farewell(line))
			return;
		if (typed.len || line[strspn(line, " \t\r\n")])
			strbuf_addstr(&typed, line);
		run_typed(s, &typed);
	}
	putchar('\n');
}

static int run_arguments(struct session *s, const struct strlist *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (run_text(s, l->items[i], strlen(l->items[i]), NULL, e) != 0)
			return -1;
	return 0;
}

static void release_session(struct session *s)
{
	sql_printer_free(s->printer);
	sql_engine_close(&s->engine);
}

int cmd_sql(struct platform *p, const struct invocation *inv, struct err *e)
{
	const char *file = invocation_option(inv, "file");
	bool csv = invocation_option(inv, "csv");
	scoped(release_session) struct session s = {.engine = {.conn = PGCONN_INIT}, .json = inv->json};
	int timeout_ms;

	if (csv && inv->json)
		return err_set(e, ERR_USAGE, "sql: --csv and -o json exclude each other");
	if (file && (inv->args.n || inv->rest.n))
		return err_set(e, ERR_USAGE, "sql: give statements or --file, not both");
	if (invocation_duration_ms(inv, "timeout", 300000, &timeout_ms, e) != 0 ||
	    sql_engine_open(&s.engine, p, invocation_option(inv, "source"), timeout_ms, e) != 0)
		return -1;
	s.printer = sql_printer_new(inv->json ? SQL_JSON : csv ? SQL_CSV : isatty(STDOUT_FILENO) ? SQL_TABLE : SQL_TSV);
	if (file)
		return run_file(&s, file, e);
	if (inv->args.n || inv->rest.n)
		return run_arguments(&s, &inv->args, e) != 0 ? -1 : run_arguments(&s, &inv->rest, e);
	if (!isatty(STDIN_FILENO))
		return run_file(&s, "-", e);
	run_prompt(&s);
	return 0;
}
