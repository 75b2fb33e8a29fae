/* Parses the command line against the tables of options; every mistake names the nearest right word. */
#include "options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define MAX_OPTIONS (sizeof(((struct command *)0)->options) / sizeof(struct option_spec))

const struct option_spec global_options[] = {
	{"output", 'o', "text|json", "form of the output"},
	{"state", 0, "DIR", "where data, secrets and logs live (DATAFLOW_STATE)"},
	{"cache", 0, "DIR", "where fetched packages live (DATAFLOW_CACHE)"},
	{"config", 0, "FILE", "the site file, platform.yaml (DATAFLOW_CONFIG)"},
	{"root", 0, "DIR", "the folder that holds services/ (DATAFLOW_ROOT)"},
	{"port-offset", 0, "N", "move every port by N; remembered until reset"},
	{"yes", 'y', NULL, "answer yes to every question"},
	{"verbose", 'v', NULL, "say more"},
	{"help", 'h', NULL, "help about the command"},
	{"version", 0, NULL, "print the version"},
	{0},
};


static const struct option_spec *find(const struct option_spec *specs, size_t max, const char *name, size_t len, char letter)
{
	for (size_t i = 0; i < max && specs[i].name; i++) {
		if (letter && specs[i].letter == letter)
			return &specs[i];
		if (!letter && strlen(specs[i].name) == len && !strncmp(specs[i].name, name, len))
			return &specs[i];
	}
	return NULL;
}

static int unknown_option(const struct command *c, const char *text, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	const char *near;

	for (const struct option_spec *s = global_options; s->name; s++)
		strlist_addf(&names, "--%s", s->name);
	for (size_t i = 0; c && i < MAX_OPTIONS && c->options[i].name; i++)
		strlist_addf(&names, "--%s", c->options[i].name);
	err_set(e, ERR_USAGE, "unknown option %s%s%s", text, c ? " of " : "", c ? c->name : "");
	near = strlist_nearest(&names, text);
	if (near)
		return err_remedy(e, "did you mean %s?", near);
	return c ? err_remedy(e, "see: platformctl help %s", c->name) : err_remedy(e, "see: platformctl --help");
}

static int set_global(struct globals *g, struct invocation *inv, const char *name, const char *value, struct err *e)
{
	if (str_eq(name, "output")) {
		if (!str_eq(value, "json") && !str_eq(value, "text")) {
			err_set(e, ERR_USAGE, "unknown output form `%s`", value);
			return err_remedy(e, "choose one of: text, json");
		}
		inv->json = str_eq(value, "json");
	} else if (str_eq(name, "state")) {
		g->state = value;
	} else if (str_eq(name, "cache")) {
		g->cache = value;
	} else if (str_eq(name, "config")) {
		g->config = value;
	} else if (str_eq(name, "root")) {
		g->root = value;
	} else if (str_eq(name, "port-offset")) {
		char *end;
		long v = strtol(value, &end, 10);

		if (end == value || *end || v < 0 || v > 50000) {
			err_set(e, ERR_USAGE, "--port-offset takes a number from 0 to 50000, not \"%s\"", value);
			return err_remedy(e, "for example: --port-offset 1000");
		}
		g->port_offset = (int)v;
	} else if (str_eq(name, "yes")) {
		inv->assume_yes = true;
	} else if (str_eq(name, "verbose")) {
		inv->verbose = true;
	} else if (str_eq(name, "help")) {
		g->help = true;
	} else if (str_eq(name, "version")) {
		g->version = true;
	}
	return 0;
}

/* One option at argv[*i]: --name, --name=value, --name value, -x, -x value, -xvalue. */
static int parse_option(char **argv, int *i, struct globals *g, struct invocation *inv, struct err *e)
{
	const char *text = argv[*i];
	bool is_long = text[1] == '-';
	const char *name = text + (is_long ? 2 : 1), *eq = is_long ? strchr(name, '=') : NULL;
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	char letter = is_long ? 0 : *name;
	const struct option_spec *own = inv->command ? find(inv->command->options, MAX_OPTIONS, name, len, letter) : NULL;
	const struct option_spec *spec = own ? own : find(global_options, SIZE_MAX, name, len, letter);
	const char *value = "";

	if (!spec)
		return unknown_option(inv->command, text, e);
	if (!spec->argument && (eq || (!is_long && name[1]))) {
		err_set(e, ERR_USAGE, "--%s takes no value", spec->name);
		return err_remedy(e, "write it as --%s", spec->name);
	}
	if (spec->argument) {
		if (eq)
			value = eq + 1;
		else if (!is_long && name[1])
			value = name + 1;
		else if (argv[*i + 1])
			value = argv[++*i];
		else {
			err_set(e, ERR_USAGE, "--%s needs a value", spec->name);
			return err_remedy(e, "--%s %s: %s", spec->name, spec->argument, spec->help);
		}
	}
	if (!own)
		return set_global(g, inv, spec->name, value, e);
	((const char **)inv->options)[own - inv->command->options] = value;
	return 0;
}

static int find_command(const char *name, struct invocation *inv, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	const char *near;

	for (const struct command *c = commands; c->name; c++) {
		if (str_eq(c->name, name)) {
			inv->command = c;
			return 0;
		}
		if (!c->hidden)
			strlist_add(&names, c->name);
	}
	err_set(e, ERR_USAGE, "unknown command `%s`", name);
	near = strlist_nearest(&names, name);
	return near ? err_remedy(e, "did you mean `%s`?", near) : err_remedy(e, "see: platformctl --help");
}

int options_parse(char **argv, struct globals *g, struct invocation *inv, struct err *e)
{
	const struct command *c;
	int n;

	*g = (struct globals){.port_offset = -1};
	*inv = (struct invocation){.argv = argv, .options = xcalloc(MAX_OPTIONS, sizeof(char *))};
	for (int i = 1; argv[i]; i++) {
		if (str_eq(argv[i], "--")) {
			while (argv[++i])
				strlist_add(&inv->rest, argv[i]);
			break;
		}
		if (argv[i][0] == '-' && argv[i][1]) {
			if (parse_option(argv, &i, g, inv, e))
				return -1;
		} else if (!inv->command) {
			if (find_command(argv[i], inv, e))
				return -1;
		} else {
			strlist_add(&inv->args, argv[i]);
		}
	}
	c = inv->command;
	if (!c || g->help)
		return 0;
	n = (int)inv->args.n;
	if (n >= c->min_args && (c->max_args < 0 || n <= c->max_args))
		return 0;
	err_set(e, ERR_USAGE, n < c->min_args ? "%s needs %s" : "too many arguments for %s (it takes: %s)", c->name,
	        *c->args ? c->args : "none");
	return err_remedy(e, "see: platformctl help %s", c->name);
}

void invocation_release(struct invocation *inv)
{
	free((void *)inv->options);
	strlist_release(&inv->args);
	strlist_release(&inv->rest);
	*inv = (struct invocation){0};
}

const char *invocation_option(const struct invocation *inv, const char *name)
{
	for (size_t i = 0; i < MAX_OPTIONS && inv->command->options[i].name; i++)
		if (str_eq(inv->command->options[i].name, name))
			return inv->options[i];
	return NULL;
}

int invocation_duration_ms(const struct invocation *inv, const char *name, int default_ms, int *ret_ms, struct err *e)
{
	const char *text = invocation_option(inv, name);
	int64_t ms = text ? clk_parse_duration_ms(text) : default_ms;

	if (ms < 0 || ms > INT_MAX) {
		err_set(e, ERR_USAGE, "--%s takes a duration, not \"%s\"", name, text);
		return err_remedy(e, "for example 90s, 5m or 1h30m");
	}
	*ret_ms = (int)ms;
	return 0;
}
