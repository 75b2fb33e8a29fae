/*
 * The commands: one table (command.c) that dispatch, --help, the man page and the completions are made from.
 *
 * platformctl itself links no client of any service, so it starts in a millisecond and cannot be held up by one. What
 * talks to services (probes, provisioning, SQL, the demo) is platform-agent's, a second program made from the same table;
 * platformctl hands such a command over by execv.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "err.h"
#include "platform.h"

struct option_spec {
	const char *name;     /* without the dashes: "timeout" */
	char letter;          /* 'f' for -f, 0 for none */
	const char *argument; /* placeholder of its value, NULL for a flag */
	const char *help;
};

/* The parsed command line of one command. */
struct invocation {
	const struct command *command;
	const char *const *options; /* value by the position of its spec in command->options; a set flag is ""; unset is NULL */
	struct strlist args;        /* what is no option */
	struct strlist rest;        /* after "--" */
	bool json;                  /* -o json */
	bool verbose;               /* -v: say more (log level debug) */
	bool assume_yes;            /* --yes */
	char **argv;                /* as it came, for handing over */
};

/* Returns 0, or -1 with *e filled; the exit code follows from it. p is NULL for commands with needs_platform false. */
typedef int command_fn(struct platform *p, const struct invocation *inv, struct err *e);

struct command {
	const char *name;
	const char *args;     /* synopsis of the arguments: "[service…]" */
	const char *summary;  /* one line, imperative */
	const char *detail;   /* paragraphs for `help <command>` and the man page; may be NULL */
	struct option_spec options[10]; /* ended by a NULL name */
	int min_args, max_args;         /* max -1: any number */
	const char *complete; /* what its arguments complete to: "services", "commands", NULL, or words separated by spaces */
	bool hidden;          /* the supervisor's own entry points */
	bool needs_platform;  /* load the catalogue and the site file first */
	bool source;          /* works on the catalogue as it is now, not on the copy that the last `up` staged */
	bool keeps_root;      /* as root it does not become the service user by itself */
	bool agent;           /* done by platform-agent */
	command_fn *fn;       /* NULL in the program that does not do it */
};

extern const struct command commands[]; /* ended by a NULL name */

/* The value of an option by name, NULL when it was not given; a set flag is "". */
const char *invocation_option(const struct invocation *inv, const char *name);
/* Duration option in ms ("90", "90s", "2m"), or the default; ERR_USAGE when malformed. */
int invocation_duration_ms(const struct invocation *inv, const char *name, int default_ms, int *ret_ms, struct err *e);

/* Handlers, one file each; those of platform-agent are under agent/. */
command_fn cmd_up, cmd_down, cmd_reset, cmd_restart, cmd_status, cmd_doctor, cmd_logs, cmd_fetch, cmd_endpoints, cmd_config,
	cmd_exec, cmd_finished, cmd_support_bundle, cmd_completion, cmd_version, cmd_help;
command_fn cmd_probe, cmd_provision, cmd_connectors, cmd_demo, cmd_workload, cmd_sql;

#endif
