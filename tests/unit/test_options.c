/* The command line's parser, and that the tables it works on agree with each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "help_text.h"
#include "options.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define MAX_OPTIONS (sizeof(((struct command *)0)->options) / sizeof(struct option_spec))

/* Splits a line at spaces and parses it; "platformctl" comes first by itself. The words live in `words`. */
static int parse(const char *line, struct strlist *words, struct globals *g, struct invocation *inv, struct err *e)
{
	strlist_add(words, "platformctl");
	strlist_split(words, line, " ");
	return options_parse(words->items, g, inv, e);
}

static void options_in_every_form(void **state)
{
	static const struct {
		const char *line, *option, *value;
	} cases[] = {
	    {"up --timeout 5s", "timeout", "5s"},
	    {"up --timeout=5s", "timeout", "5s"},
	    {"up --timeout= kafka", "timeout", ""},
	    {"logs -n 5", "lines", "5"},
	    {"logs -n5", "lines", "5"},
	    {"logs kafka -f", "follow", ""},
	    {"logs -f kafka", "follow", ""},
	    {"up", "timeout", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist words = {0};
		scoped(invocation_release) struct invocation inv;
		struct err e = ERR_INIT;
		struct globals g;

		assert_int_equal(parse(cases[i].line, &words, &g, &inv, &e), 0);
		if (cases[i].value)
			assert_string_equal(invocation_option(&inv, cases[i].option), cases[i].value);
		else
			assert_null(invocation_option(&inv, cases[i].option));
	}
}

static void globals_stand_anywhere(void **state)
{
	static const char *const lines[] = {
	    "--state /s -o json --port-offset 7 -y logs kafka",
	    "logs kafka --state=/s --output=json --port-offset=7 --yes",
	    "logs --state /s kafka -ojson --port-offset 7 -y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		scoped(strlist_release) struct strlist words = {0};
		scoped(invocation_release) struct invocation inv;
		struct err e = ERR_INIT;
		struct globals g;

		assert_int_equal(parse(lines[i], &words, &g, &inv, &e), 0);
		assert_string_equal(inv.command->name, "logs");
		assert_string_equal(g.state, "/s");
		assert_true(inv.json && inv.assume_yes);
		assert_int_equal(g.port_offset, 7);
		assert_int_equal(inv.args.n, 1);
		assert_string_equal(inv.args.items[0], "kafka");
	}
}

static void what_follows_two_dashes_is_no_option(void **state)
{
	scoped(strlist_release) struct strlist words = {0};
	scoped(invocation_release) struct invocation inv;
	struct err e = ERR_INIT;
	struct globals g;

	(void)state;
	assert_int_equal(parse("logs kafka -- -f x", &words, &g, &inv, &e), 0);
	assert_int_equal(inv.args.n, 1);
	assert_int_equal(inv.rest.n, 2);
	assert_string_equal(inv.rest.items[0], "-f");
	assert_null(invocation_option(&inv, "follow"));
}

static void mistakes(void **state)
{
	static const struct {
		const char *line, *msg, *remedy;
	} cases[] = {
	    {"stauts", "unknown command `stauts`", "did you mean `status`?"},
	    {"xyzzyxyzzy", "unknown command `xyzzyxyzzy`", "see: platformctl --help"},
	    {"up --timeuot 5", "unknown option --timeuot of up", "did you mean --timeout?"},
	    {"--verbsoe", "unknown option --verbsoe", "did you mean --verbose?"},
	    {"up -z", "unknown option -z of up", ""},
	    {"up --timeout", "--timeout needs a value", "--timeout DURATION: "},
	    {"up --no-wait=1", "--no-wait takes no value", "write it as --no-wait"},
	    {"logs -fx", "--follow takes no value", "write it as --follow"},
	    {"-o xml up", "unknown output form `xml`", "choose one of: text, json"},
	    {"--port-offset 50001 up", "--port-offset takes a number from 0 to 50000, not \"50001\"", ""},
	    {"--port-offset -1 up", "--port-offset takes a number from 0 to 50000, not \"-1\"", ""},
	    {"exec", "exec needs service", "see: platformctl help exec"},
	    {"exec a b", "too many arguments for exec (it takes: service)", "see: platformctl help exec"},
	    {"version a", "too many arguments for version (it takes: none)", "see: platformctl help version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist words = {0};
		scoped(invocation_release) struct invocation inv;
		struct err e = ERR_INIT;
		struct globals g;

		assert_int_equal(parse(cases[i].line, &words, &g, &inv, &e), -1);
		assert_int_equal(e.kind, ERR_USAGE);
		assert_string_equal(e.msg, cases[i].msg);
		assert_true(e.remedy[0] != '\0');
		if (!str_starts(e.remedy, cases[i].remedy))
			fail_msg("%s: \"%s\" does not begin with \"%s\"", cases[i].line, e.remedy, cases[i].remedy);
	}
}

static void help_needs_no_arguments(void **state)
{
	scoped(strlist_release) struct strlist words = {0};
	scoped(invocation_release) struct invocation inv;
	struct err e = ERR_INIT;
	struct globals g;

	(void)state;
	assert_int_equal(parse("exec --help", &words, &g, &inv, &e), 0);
	assert_true(g.help);
}

static void durations(void **state)
{
	static const struct {
		const char *line;
		int rc, ms;
	} cases[] = {{"up", 0, 900000},
		     {"up --timeout 90", 0, 90000},
		     {"up --timeout 2m", 0, 120000},
		     {"up --timeout soon", -1, 0},
		     {"up --timeout 999999h", -1, 0},
		     {"up --timeout -5", -1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist words = {0};
		scoped(invocation_release) struct invocation inv;
		struct err e = ERR_INIT;
		struct globals g;
		int ms = 0;

		assert_int_equal(parse(cases[i].line, &words, &g, &inv, &e), 0);
		assert_int_equal(invocation_duration_ms(&inv, "timeout", 900000, &ms, &e), cases[i].rc);
		assert_int_equal(ms, cases[i].ms);
	}
}

/* A letter or a name that is there twice could never be reached. */
static void no_option_hides_another(void **state)
{
	(void)state;
	for (const struct command *c = commands; c->name; c++) {
		scoped(strlist_release) struct strlist seen = {0};

		for (const struct option_spec *o = global_options; o->name; o++) {
			assert_true(strlist_add_unique(&seen, o->name));
			if (o->letter)
				strlist_addf(&seen, "%c", o->letter);
		}
		for (size_t i = 0; i < MAX_OPTIONS && c->options[i].name; i++) {
			char letter[] = {c->options[i].letter, '\0'};

			if (!strlist_add_unique(&seen, c->options[i].name) ||
			    (*letter && !strlist_add_unique(&seen, letter)))
				fail_msg("%s: --%s is there twice", c->name, c->options[i].name);
		}
		assert_null(c->options[MAX_OPTIONS - 1].name);
	}
}

static void every_command_is_in_one_group(void **state)
{
	scoped(strlist_release) struct strlist grouped = {0};

	(void)state;
	for (const struct command_group *g = command_groups; g->title; g++)
		strlist_split(&grouped, g->commands, " ");
	for (size_t i = 0; i < grouped.n; i++) {
		const struct command *c = help_command(grouped.items[i]);

		if (!c || c->hidden)
			fail_msg("the help names the command %s, which is not there", grouped.items[i]);
	}
	for (const struct command *c = commands; c->name; c++) {
		size_t n = 0;

		for (size_t i = 0; i < grouped.n; i++)
			n += str_eq(grouped.items[i], c->name);
		if (n != (c->hidden ? 0 : 1))
			fail_msg("%s is in %zu groups of the help", c->name, n);
	}
}

static void wrapping(void **state)
{
	static const struct {
		const char *text;
		int at, indent, width;
		const char *expected;
	} cases[] = {
	    {"one two three", 0, 0, 7, "one two\nthree\n"},
	    {"one two three", 2, 2, 9, "one two\n  three\n"},
	    {"one  two", 0, 0, 80, "one two\n"},
	    {"unbreakable", 0, 0, 5, "unbreakable\n"},
	    {"ééé ééé", 0, 0, 7, "ééé ééé\n"},
	    {"", 0, 0, 5, "\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

		help_wrap(&out, cases[i].text, cases[i].at, cases[i].indent, cases[i].width);
		assert_string_equal(out.buf, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_in_every_form),
	    cmocka_unit_test(globals_stand_anywhere),
	    cmocka_unit_test(what_follows_two_dashes_is_no_option),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(help_needs_no_arguments),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(no_option_hides_another),
	    cmocka_unit_test(every_command_is_in_one_group),
	    cmocka_unit_test(wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
