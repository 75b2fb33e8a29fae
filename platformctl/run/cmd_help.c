/* `platformctl --help`, `platformctl help <command>` and the manual page, all from the tables. */
#include <string.h>

#include "help_text.h"
#include "options.h"
#include "output.h"
#include "scoped.h"

#include "banned.h"

#define WIDTH       80
#define MAX_OPTIONS (sizeof(((struct command *)0)->options) / sizeof(struct option_spec))

/* A term in the left column, its meaning in the right one. */
static void add_entry(struct strbuf *out, const char *term, const char *text, int column)
{
	int len = 2 + output_width(term);

	strbuf_addf(out, "  %s", term);
	if (len + 2 > column)
		strbuf_addf(out, "\n%*s", column, "");
	else
		strbuf_addf(out, "%*s", column - len, "");
	help_wrap(out, text, column, column, WIDTH);
}

static void add_entries(struct strbuf *out, const char *title, const struct help_entry *entries, int column)
{
	strbuf_addf(out, "\n%s%s%s\n", output_paint(PAINT_BOLD), title, output_plain());
	for (; entries->term; entries++)
		add_entry(out, entries->term, entries->text, column);
}

static void add_option(struct strbuf *out, const struct option_spec *o, int column)
{
	scoped(strbuf_release) struct strbuf term = STRBUF_INIT;

	/* Long names line up behind the letters. */
	if (!o->letter)
		strbuf_addstr(&term, "    ");
	help_option(&term, o);
	add_entry(out, term.buf, o->help, column);
}

static void add_group(struct strbuf *out, const struct command_group *g)
{
	scoped(strlist_release) struct strlist names = {0};

	strlist_split(&names, g->commands, " ");
	strbuf_addf(out, "\n%s%s%s\n", output_paint(PAINT_BOLD), g->title, output_plain());
	for (size_t i = 0; i < names.n; i++)
		add_entry(out, names.items[i], help_command(names.items[i])->summary, 18);
}

static void overview(struct strbuf *out)
{
	scoped(strbuf_release) struct strbuf codes = STRBUF_INIT;

	strbuf_addstr(out, "usage: platformctl [global options] <command> [options] [arguments]\n\n"
			   "Runs the change-data-capture lakehouse: PostgreSQL to Kafka to Iceberg to Trino.\n");
	for (const struct command_group *g = command_groups; g->title; g++)
		add_group(out, g);
	strbuf_addf(out, "\n%sGlobal options%s\n", output_paint(PAINT_BOLD), output_plain());
	for (const struct option_spec *o = global_options; o->name; o++)
		add_option(out, o, 27);
	add_entries(out, "Examples", help_examples, 33);
	strbuf_addf(out, "\n%sExit status%s\n  ", output_paint(PAINT_BOLD), output_plain());
	for (const struct help_entry *code = help_exit_codes; code->term; code++)
		strbuf_addf(&codes, "%s %.*s%s", code->term, (int)strcspn(code->text, ":"), code->text,
			    code[1].term ? ", " : "");
	help_wrap(out, codes.buf, 2, 2, WIDTH);
	strbuf_addstr(out, "\nMore: platformctl help <command>, man platformctl\n");
}

static void about(const struct command *c, struct strbuf *out)
{
	bool heading = false;

	strbuf_addf(out, "usage: platformctl %s%s%s%s\n\n", c->name, c->options[0].name ? " [options]" : "",
		    *c->args ? " " : "", c->args);
	help_wrap(out, c->summary, 0, 0, WIDTH);
	if (c->detail) {
		strbuf_addch(out, '\n');
		help_wrap(out, c->detail, 0, 0, WIDTH);
	}
	for (size_t i = 0; i < MAX_OPTIONS && c->options[i].name; i++) {
		if (!heading)
			strbuf_addf(out, "\n%sOptions%s\n", output_paint(PAINT_BOLD), output_plain());
		heading = true;
		add_option(out, &c->options[i], 28);
	}
	strbuf_addstr(out, "\nGlobal options, such as -o json: platformctl --help\n");
}

static int unknown(const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	const char *near;

	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			strlist_add(&names, c->name);
	err_set(e, ERR_USAGE, "unknown command `%s`", name);
	near = strlist_nearest(&names, name);
	return near ? err_remedy(e, "did you mean `%s`?", near) : err_remedy(e, "see: platformctl --help");
}

int cmd_help(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	const struct command *c = inv->args.n ? help_command(inv->args.items[0]) : NULL;

	(void)p;
	if (inv->args.n && !c)
		return unknown(inv->args.items[0], e);
	if (invocation_option(inv, "man"))
		help_man(&out);
	else if (c)
		about(c, &out);
	else
		overview(&out);
	return output_text(out.buf, e);
}
