/* The manual page platformctl(1), in mdoc(7). */
#include <string.h>

#include "help_text.h"
#include "options.h"
#include "scoped.h"

#include "banned.h"

#define MAX_OPTIONS (sizeof(((struct command *)0)->options) / sizeof(struct option_spec))

/* Text as roff wants it: backslashes and hyphens escaped, and no line that begins with a control character. */
static void add_text(struct strbuf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		strbuf_addstr(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			strbuf_addstr(out, "\\e");
		else if (*text == '-')
			strbuf_addstr(out, "\\-");
		else if ((text[0] == '.' || text[0] == '?' || text[0] == '!') && text[1] == ' ')
			/* A sentence ends: a new line, as mdoc has it. */
			strbuf_addf(out, "%c\n", *text), text++;
		else
			strbuf_addch(out, *text);
	}
	strbuf_addch(out, '\n');
}

/* An argument of a macro: quoted, with nothing in it that could be a macro or a delimiter. */
static void add_word(struct strbuf *out, const char *text)
{
	strbuf_addstr(out, " \"");
	for (; *text; text++) {
		if (*text == '-')
			strbuf_addstr(out, "\\-");
		else if (*text == '|')
			strbuf_addstr(out, "\\*(Ba");
		else if (*text == '"')
			strbuf_addstr(out, "\\(dq");
		else if ((unsigned char)*text < 0x80)
			strbuf_addch(out, *text);
		else if (str_starts(text, "…"))
			strbuf_addstr(out, "..."), text += strlen("…") - 1;
	}
	strbuf_addch(out, '"');
}

static void add_option(struct strbuf *out, const struct option_spec *o)
{
	scoped_free char *name = xstrf("-%s", o->name);

	strbuf_addstr(out, ".It");
	if (o->letter)
		strbuf_addf(out, " Fl %c , Fl", o->letter);
	else
		strbuf_addstr(out, " Fl");
	add_word(out, name);
	if (o->argument) {
		strbuf_addstr(out, " Ar");
		add_word(out, o->argument);
	}
	strbuf_addch(out, '\n');
	add_text(out, o->help);
}

static void add_command(struct strbuf *out, const struct command *c)
{
	strbuf_addstr(out, ".It Cm");
	add_word(out, c->name);
	if (*c->args) {
		strbuf_addstr(out, " Ar");
		add_word(out, c->args);
	}
	strbuf_addch(out, '\n');
	add_text(out, c->summary);
	if (c->detail) {
		strbuf_addstr(out, ".Pp\n");
		add_text(out, c->detail);
	}
	if (!c->options[0].name)
		return;
	strbuf_addstr(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < MAX_OPTIONS && c->options[i].name; i++)
		add_option(out, &c->options[i]);
	strbuf_addstr(out, ".El\n");
}

static void add_list(struct strbuf *out, const char *section, const char *macro, const struct help_entry *entries)
{
	strbuf_addf(out, ".Sh %s\n.Bl -tag -width Ds\n", section);
	for (; entries->term; entries++) {
		strbuf_addf(out, ".It %s", macro);
		add_word(out, entries->term);
		strbuf_addch(out, '\n');
		add_text(out, entries->text);
	}
	strbuf_addstr(out, ".El\n");
}

void help_man(struct strbuf *out)
{
	strbuf_addstr(
	    out,
	    ".Dd November 22, 2026\n.Dt PLATFORMCTL 1\n.Os \"Data Flow " VERSION "\"\n.Sh NAME\n.Nm platformctl\n"
	    ".Nd provision, run and watch a change-data-capture lakehouse\n.Sh SYNOPSIS\n.Nm\n.Op Ar global options\n"
	    ".Ar command\n.Op Ar options\n.Op Ar arguments\n.Sh DESCRIPTION\n.Nm\n"
	    "starts PostgreSQL, Kafka, a schema registry, Debezium, an object store, the Hive Metastore, Trino and "
	    "Spark,\n"
	    "connects them, and proves that a change made in the one is seen in the other.\n"
	    "What it runs is described by a catalogue; a site file says what is otherwise here.\n"
	    ".Pp\nGlobal options may stand anywhere:\n.Bl -tag -width Ds\n");
	for (const struct option_spec *o = global_options; o->name; o++)
		add_option(out, o);
	strbuf_addstr(out, ".El\n.Sh COMMANDS\n");
	for (const struct command_group *g = command_groups; g->title; g++) {
		scoped(strlist_release) struct strlist names = {0};

		strlist_split(&names, g->commands, " ");
		strbuf_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", g->title);
		for (size_t i = 0; i < names.n; i++)
			add_command(out, help_command(names.items[i]));
		strbuf_addstr(out, ".El\n");
	}
	add_list(out, "ENVIRONMENT", "Ev", help_environment);
	add_list(out, "FILES", "Pa", help_files);
	add_list(out, "EXIT STATUS", "Li", help_exit_codes);
	strbuf_addstr(out, "The same in every command.\nErrors name their cause and a remedy on standard error; with\n"
			   ".Fl o Ar json\nas one JSON object.\n");
	add_list(out, "EXAMPLES", "Li", help_examples);
}
