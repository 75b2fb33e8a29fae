/* Cuts SQL scripts into statements; the lexical rules are PostgreSQL's (manual, 4.1 "Lexical Structure") and psql's. */
#include "sqlscript.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pgconn.h"
#include "scoped.h"
#include "strbuf.h"
#include "strlist.h"

#include "banned.h"

struct cutter {
	const char *file;
	const char *p;
	int line;
	const struct sqlscript_var *vars;
	struct strbuf text; /* of the statement so far; empty until its first word */
	int start_line;
	int parens;
	int words;        /* how many words the statement has so far, up to those that matter */
	char first[4][16]; /* the first of them, upper case: CREATE OR REPLACE FUNCTION */
	int blocks;       /* open BEGIN and CASE of an SQL function's body */
	struct sqlscript *out;
	struct err *e;
};

static int fail(struct cutter *c, int line, const char *what)
{
	return err_set(c->e, ERR_CONFIG, "%s:%d: %s", c->file, line, what);
}

static bool word_start(char ch)
{
	return isalpha((unsigned char)ch) || ch == '_' || (unsigned char)ch >= 0x80;
}

static bool word_part(char ch)
{
	return word_start(ch) || isdigit((unsigned char)ch);
}

/* Takes n characters of the input into the statement. */
static void take(struct cutter *c, size_t n)
{
	if (!c->text.len)
		c->start_line = c->line;
	for (size_t i = 0; i < n; i++)
		c->line += c->p[i] == '\n';
	strbuf_add(&c->text, c->p, n);
	c->p += n;
}

/* Passes over what the statement does not need; inside of one it stays, so that places do not move. */
static void pass(struct cutter *c, size_t n)
{
	if (c->text.len) {
		take(c, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		c->line += c->p[i] == '\n';
	c->p += n;
}

/* '…' or "…" at p: a doubled quote is part of it, and in E'…' what a backslash escapes. */
static int quoted(struct cutter *c, char quote, bool backslashes)
{
	size_t n = 1;

	for (;; n++) {
		if (!c->p[n])
			return fail(c, c->line, quote == '"' ? "a quoted identifier is not closed" : "a string literal is not closed");
		if (backslashes && c->p[n] == '\\' && c->p[n + 1])
			n++;
		else if (c->p[n] == quote && c->p[n + 1] == quote)
			n++;
		else if (c->p[n] == quote)
			break;
	}
	take(c, n + 1);
	return 0;
}

/* Comments nest in PostgreSQL. */
static int block_comment(struct cutter *c)
{
	int depth = 0;
	size_t n = 0;

	do {
		if (!c->p[n])
			return fail(c, c->line, "a comment is not closed");
		if (c->p[n] == '/' && c->p[n + 1] == '*') {
			depth++;
			n += 2;
		} else if (c->p[n] == '*' && c->p[n + 1] == '/') {
			depth--;
			n += 2;
		} else {
			n++;
		}
	} while (depth);
	pass(c, n);
	return 0;
}

/* The length of the $tag$ at p, or 0 when it is none ($1 is a parameter). */
static size_t dollar_tag(const char *p)
{
	size_t n = 1;

	if (word_start(p[n]))
		while (word_part(p[n]))
			n++;
	return p[n] == '$' ? n + 1 : 0;
}

static int dollar_quoted(struct cutter *c, size_t tag_len)
{
	scoped_free char *tag = xstrndup(c->p, tag_len);
	const char *end = strstr(c->p + tag_len, tag);

	if (!end)
		return fail(c, c->line, "a dollar quote is not closed");
	take(c, (size_t)(end - c->p) + tag_len);
	return 0;
}

static int unknown_variable(struct cutter *c, const char *name)
{
	scoped(strlist_release) struct strlist known = {0};
	const char *near;

	err_set(c->e, ERR_CONFIG, "%s:%d: there is no variable '%s'", c->file, c->line, name);
	for (const struct sqlscript_var *v = c->vars; v->name; v++)
		strlist_add(&known, v->name);
	near = strlist_nearest(&known, name);
	if (near)
		return err_remedy(c->e, "did you mean '%s'?", near);
	return err_remedy(c->e, "add it to `vars` of the step, or to the script's own text");
}

/* :'name' or :"name" at p. *ret_done is false when it is something else that begins so. */
static int variable(struct cutter *c, bool *ret_done)
{
	char quote = c->p[1];
	size_t n = 2;
	scoped_free char *name = NULL;

	*ret_done = false;
	while (word_part(c->p[n]))
		n++;
	if (n == 2 || c->p[n] != quote)
		return 0;
	name = xstrndup(c->p + 2, n - 2);
	for (const struct sqlscript_var *v = c->vars; v->name; v++) {
		if (strcmp(v->name, name))
			continue;
		if (!c->text.len)
			c->start_line = c->line;
		if (quote == '\'')
			pgconn_add_literal(&c->text, v->value);
		else
			pgconn_add_identifier(&c->text, v->value);
		c->p += n + 1;
		*ret_done = true;
		return 0;
	}
	return unknown_variable(c, name);
}

/* CREATE [OR REPLACE] FUNCTION or PROCEDURE: only there do BEGIN and CASE … END hold semicolons. */
static bool makes_routine(const struct cutter *c)
{
	int at = 1;

	if (c->words < 2 || strcmp(c->first[0], "CREATE"))
		return false;
	if (c->words >= 4 && !strcmp(c->first[1], "OR") && !strcmp(c->first[2], "REPLACE"))
		at = 3;
	return !strcmp(c->first[at], "FUNCTION") || !strcmp(c->first[at], "PROCEDURE");
}

/* A key word or name; `E` before a quote belongs to the literal. */
static int word(struct cutter *c)
{
	size_t n = 0;

	while (word_part(c->p[n]) || c->p[n] == '$')
		n++;
	if (c->p[n] == '\'' && n == 1 && (*c->p == 'e' || *c->p == 'E')) {
		take(c, 1);
		return quoted(c, '\'', true);
	}
	if (c->words < 4) {
		size_t keep = n < sizeof(c->first[0]) ? n : sizeof(c->first[0]) - 1;

		for (size_t i = 0; i < keep; i++)
			c->first[c->words][i] = (char)toupper((unsigned char)c->p[i]);
		c->first[c->words++][keep] = '\0';
	}
	if (makes_routine(c) && !c->parens) {
		if (n == 5 && !strncasecmp(c->p, "begin", n))
			c->blocks++;
		else if (n == 4 && c->blocks && !strncasecmp(c->p, "case", n))
			c->blocks++;
		else if (n == 3 && c->blocks && !strncasecmp(c->p, "end", n))
			c->blocks--;
	}
	take(c, n);
	return 0;
}

/* The statement ends here: it goes onto the list, unless it is empty. */
static void finish(struct cutter *c)
{
	struct sqlscript *out = c->out;

	strbuf_rtrim(&c->text);
	if (c->text.len) {
		if (out->n == out->alloc) {
			out->alloc = out->alloc ? 2 * out->alloc : 16;
			out->items = xrealloc(out->items, out->alloc * sizeof(*out->items));
		}
		out->items[out->n++] = (struct sqlscript_statement){strbuf_detach(&c->text), c->start_line};
	}
	strbuf_reset(&c->text);
	memset(c->first, 0, sizeof(c->first));
	c->parens = c->words = c->blocks = 0;
}

/* One token, comment or blank. */
static int step(struct cutter *c)
{
	char ch = *c->p;
	size_t tag;
	bool done = false;

	if (isspace((unsigned char)ch))
		pass(c, 1);
	else if (ch == '-' && c->p[1] == '-')
		pass(c, strcspn(c->p, "\n"));
	else if (ch == '/' && c->p[1] == '*')
		return block_comment(c);
	else if (ch == '\'' || ch == '"')
		return quoted(c, ch, false);
	else if (ch == '$' && (tag = dollar_tag(c->p)))
		return dollar_quoted(c, tag);
	else if (ch == ':' && (c->p[1] == ':' || c->p[1] == '='))
		take(c, 2);
	else if (ch == ':' && (c->p[1] == '\'' || c->p[1] == '"')) {
		if (variable(c, &done))
			return -1;
		if (!done)
			take(c, 1);
	} else if (word_start(ch))
		return word(c);
	else if (isdigit((unsigned char)ch)) {
		size_t n = 1;

		while (word_part(c->p[n])) /* 1e5, 0x1F; a name cannot begin inside a number */
			n++;
		take(c, n);
	} else if (ch == '\\') {
		fail(c, c->line, "commands of psql (\\…) do not exist here");
		return err_remedy(c->e, "say it in SQL; variables come from `vars` of the step");
	} else if (ch == ';' && c->parens <= 0 && !c->blocks) {
		c->p++;
		finish(c);
	} else {
		c->parens += ch == '(' ? 1 : ch == ')' ? -1 : 0;
		take(c, 1);
	}
	return 0;
}

int sqlscript_parse(const char *file, const char *text, const struct sqlscript_var *vars, struct sqlscript *ret,
                    struct err *e)
{
	struct cutter c = {.file = file, .p = text, .line = 1, .vars = vars, .text = STRBUF_INIT, .out = ret, .e = e};
	int rc = 0;

	while (*c.p && !rc)
		rc = step(&c);
	if (!rc && c.parens > 0 && c.text.len)
		rc = fail(&c, c.start_line, "a parenthesis of the statement that begins here is not closed");
	else if (!rc && c.blocks > 0)
		rc = fail(&c, c.start_line, "the body of the routine that begins here has no END");
	else if (!rc)
		finish(&c);
	strbuf_release(&c.text);
	return rc;
}

void sqlscript_release(struct sqlscript *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].text);
	free(s->items);
	memset(s, 0, sizeof(*s));
}

int sqlscript_line(const struct sqlscript_statement *s, int position)
{
	int line = s->line;

	for (const char *p = s->text; *p && position > 1; p++) {
		line += *p == '\n';
		position -= ((unsigned char)p[1] & 0xc0) != 0x80; /* the next byte begins a character */
	}
	return line;
}
