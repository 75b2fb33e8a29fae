/* Groups, exit codes, files and examples for every form of the help. */
#include "help_text.h"

#include <stddef.h>
#include <string.h>

#include "output.h"
#include "scoped.h"

#include "banned.h"

const struct command_group command_groups[] = {
    {"Run", "up down restart reset"},
    {"See", "status logs endpoints doctor probe"},
    {"Data", "demo workload sql connectors provision"},
    {"Packages and configuration", "fetch config exec"},
    {"Help", "help completion support-bundle version"},
    {0},
};

const struct help_entry help_exit_codes[] = {
    {"0", "done"},
    {"1", "no: unhealthy, differs, nothing there"},
    {"2", "usage: the command line is wrong"},
    {"3", "configuration: the catalogue or the site file is wrong"},
    {"4", "prerequisite missing: tool, memory, disk, port, package"},
    {"5", "a service failed"},
    {"6", "timed out"},
    {"7", "internal error"},
    {0},
};

const struct help_entry help_files[] = {
    {"/etc/dataflow/platform.yaml", "the site file of root; others have $XDG_CONFIG_HOME/dataflow/platform.yaml"},
    {"/var/lib/dataflow", "root's state: data, secrets, logs; others have $XDG_STATE_HOME/dataflow"},
    {"/var/cache/dataflow", "root's cache of packages; others have $XDG_CACHE_HOME/dataflow"},
    {0},
};

const struct help_entry help_environment[] = {
    {"DATAFLOW_STATE", "the state folder, as --state"},
    {"DATAFLOW_CACHE", "the cache folder, as --cache"},
    {"DATAFLOW_CONFIG", "the site file, as --config"},
    {"DATAFLOW_ROOT", "the folder that holds services/, as --root"},
    {"JAVA_HOME", "a Java virtual machine that is looked at before the others"},
    {"NO_COLOR", "when set and not empty, nothing is coloured"},
    {0},
};

const struct help_entry help_examples[] = {
    {"platformctl up", "start everything, and wait until it is ready"},
    {"platformctl demo", "follow three changes from PostgreSQL to Trino"},
    {"platformctl status -o json", "the state of every service, for programs"},
    {"platformctl logs -f kafka", "follow a log"},
    {"platformctl up --profile core", "start less: one profile, without Spark"},
    {0},
};

const struct command *help_command(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

void help_wrap(struct strbuf *out, const char *text, int at, int indent, int width)
{
	bool first = true;

	while (*text) {
		size_t bytes = strcspn(text, " ");
		scoped_free char *word = xstrndup(text, bytes);
		int len = output_width(word);

		if (!first && at + 1 + len > width) {
			strbuf_addf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			strbuf_addch(out, ' ');
			at++;
		}
		strbuf_addstr(out, word);
		at += len;
		text += bytes + strspn(text + bytes, " ");
		first = false;
	}
	strbuf_addch(out, '\n');
}

void help_option(struct strbuf *out, const struct option_spec *o)
{
	if (o->letter)
		strbuf_addf(out, "-%c, ", o->letter);
	strbuf_addf(out, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
}
