/* What --help, the manual page and the completions say beyond the tables of commands and options. */
#ifndef HELP_TEXT_H
#define HELP_TEXT_H

#include "command.h"
#include "strbuf.h"

/* Commands by use. Every command that is not hidden is in one group. */
struct command_group {
	const char *title;
	const char *commands; /* names, separated by spaces */
};
extern const struct command_group command_groups[]; /* ended by a NULL title */

/* A line that stands for itself: term and meaning. Lists are ended by a NULL term. */
struct help_entry {
	const char *term;
	const char *text;
};
extern const struct help_entry help_exit_codes[];
extern const struct help_entry help_files[];
extern const struct help_entry help_environment[];
extern const struct help_entry help_examples[];

/* The command of that name, or NULL. */
const struct command *help_command(const char *name);
/* Adds text broken at spaces, so that no line is longer than width; the first begins at column `at`, the others at
 * `indent`. */
void help_wrap(struct strbuf *out, const char *text, int at, int indent, int width);
/* An option as it is written: "-n, --lines N". */
void help_option(struct strbuf *out, const struct option_spec *o);
/* The manual page in mdoc(7). */
void help_man(struct strbuf *out);

#endif
