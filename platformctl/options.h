/* The command line: global options, the command, its options and arguments. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "command.h"

/* Options that every command takes; NULL and -1 mean not given. */
struct globals {
	const char *state, *cache, *config, *root;
	int port_offset;
	bool help, version;
};

/* The specs of the global options, for --help, the man page and the completions; ended by a NULL name. */
extern const struct option_spec global_options[];

/*
 * Reads argv into *g and *inv. inv->command stays NULL when no command is named (then --help, --version or nothing was).
 * ERR_USAGE with a hint on anything unknown. Values are borrowed from argv; release *inv.
 */
int options_parse(char **argv, struct globals *g, struct invocation *inv, struct err *e);
void invocation_release(struct invocation *inv);

#endif
