/*
 * `platformctl completion <shell>`: scripts made from the tables. Services and profiles are the catalogue's at this
 * moment, so completing starts no program.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "help_text.h"
#include "options.h"
#include "output.h"
#include "scoped.h"
#include "yamltree.h"

#include "banned.h"

#define MAX_OPTIONS (sizeof(((struct command *)0)->options) / sizeof(struct option_spec))

/* What the catalogue adds to the tables. */
struct names {
	char *services; /* separated by spaces */
	char *profiles;
};

static char *service_names(const char *dir)
{
	scoped(strlist_release) struct strlist names = {0};
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		scoped_free char *file = xstrf("%s/%s/service.yaml", dir, entry->d_name);

		if (service_name_valid(entry->d_name) && fsx_exists(file))
			strlist_add(&names, entry->d_name);
	}
	if (d)
		closedir(d);
	strlist_sort(&names);
	return strlist_join(&names, " ");
}

static char *profile_names(const char *dir)
{
	scoped_free char *file = fsx_join(dir, "catalogue.yaml");
	scoped(strlist_release) struct strlist names = {0};
	scoped(ynode_free_p) struct ynode *tree = NULL;
	struct err ignored = ERR_INIT;
	const struct ynode *map;

	tree = ynode_load(file, &ignored);
	map = ynode_get(tree, "profiles");
	for (size_t i = 0; map && i < map->n; i++)
		if (map->items[i]->key && service_name_valid(map->items[i]->key))
			strlist_add(&names, map->items[i]->key);
	return strlist_join(&names, " ");
}

/* Without a catalogue there is nothing to name, and the rest still completes. */
static void find_names(struct names *ret)
{
	struct err ignored = ERR_INIT;
	struct paths paths;
	scoped_free char *dir = NULL;

	if (paths_init(&paths, NULL, NULL, NULL, NULL, &ignored) == 0)
		dir = fsx_join(paths.root, "services");
	paths_release(&paths);
	ret->services = service_names(dir ? dir : "/nonexistent");
	ret->profiles = profile_names(dir ? dir : "/nonexistent");
}

static char *command_names(void)
{
	scoped(strlist_release) struct strlist names = {0};

	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			strlist_add(&names, c->name);
	return strlist_join(&names, " ");
}

/* The words that an argument completes to; caller frees. */
static char *words_of(const char *complete, const struct names *n)
{
	if (!complete)
		return xstrdup("");
	if (str_eq(complete, "services"))
		return xstrdup(n->services);
	return str_eq(complete, "commands") ? command_names() : xstrdup(complete);
}

/* The words that an option's value completes to; caller frees; NULL when it is none of a few. */
static char *values_of(const struct option_spec *o, const struct names *n)
{
	char *words;

	if (str_eq(o->name, "profile"))
		return xstrdup(n->profiles);
	if (!strchr(o->argument, '|'))
		return NULL;
	words = xstrdup(o->argument);
	for (char *c = words; *c; c++)
		if (*c == '|')
			*c = ' ';
	return words;
}

/* --- bash --- */

static void bash_option_words(struct strbuf *out, const struct option_spec *specs, size_t max)
{
	for (size_t i = 0; i < max && specs[i].name; i++) {
		if (specs[i].letter)
			strbuf_addf(out, " -%c", specs[i].letter);
		strbuf_addf(out, " --%s", specs[i].name);
	}
}

/* Cases `command option)` of the options that take a value; "*" as command: everywhere. */
static void bash_values(struct strbuf *out, const char *command, const struct option_spec *specs, size_t max,
			const struct names *n)
{
	for (size_t i = 0; i < max && specs[i].name; i++) {
		const struct option_spec *o = &specs[i];
		scoped_free char *words = o->argument ? values_of(o, n) : NULL;

		if (!o->argument)
			continue;
		strbuf_addstr(out, "\t");
		if (o->letter)
			strbuf_addf(out, "%s' -%c' | ", command, o->letter);
		strbuf_addf(out, "%s' --%s') ", command, o->name);
		if (words)
			strbuf_addf(out, "words='%s' ;;\n", words);
		else if (str_eq(o->argument, "DIR") || str_eq(o->argument, "FILE"))
			strbuf_addf(out, "mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\"); return ;;\n",
				    *o->argument == 'D' ? 'd' : 'f');
		else
			strbuf_addstr(out, "return ;;\n");
	}
}

static void bash(struct strbuf *out, const struct names *n)
{
	scoped_free char *all = command_names();

	strbuf_addstr(out,
		      "# bash completion of platformctl; made by: platformctl completion bash\n_platformctl()\n{\n"
		      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' i\n"
		      "\tCOMPREPLY=()\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	for (const struct option_spec *o = global_options, *first = o; o->name; o++) {
		if (!o->argument)
			continue;
		strbuf_addf(out, "%s--%s", o == first ? "" : " | ", o->name);
		if (o->letter)
			strbuf_addf(out, " | -%c", o->letter);
	}
	strbuf_addstr(out, ") ((i++)) ;;\n\t\t-*) ;;\n\t\t*) command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
			   "\tcase \"$command $prev\" in\n");
	for (const struct command *c = commands; c->name; c++)
		if (!c->hidden)
			bash_values(out, c->name, c->options, MAX_OPTIONS, n);
	bash_values(out, "*", global_options, SIZE_MAX, n);
	strbuf_addstr(out, "\tesac\n\tif [[ -z $words && $cur == -* ]]; then\n\t\twords='");
	bash_option_words(out, global_options, SIZE_MAX);
	strbuf_addstr(out, "'\n\t\tcase $command in\n");
	for (const struct command *c = commands; c->name; c++) {
		if (c->hidden || !c->options[0].name)
			continue;
		strbuf_addf(out, "\t\t%s) words+='", c->name);
		bash_option_words(out, c->options, MAX_OPTIONS);
		strbuf_addstr(out, "' ;;\n");
	}
	strbuf_addf(out, "\t\tesac\n\telif [[ -z $words ]]; then\n\t\tcase $command in\n\t\t'') words='%s' ;;\n", all);
	for (const struct command *c = commands; c->name; c++) {
		scoped_free char *words = words_of(c->complete, n);

		if (!c->hidden && *words)
			strbuf_addf(out, "\t\t%s) words='%s' ;;\n", c->name, words);
	}
	strbuf_addstr(out, "\t\tesac\n\tfi\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
			   "complete -F _platformctl platformctl\n");
}

/* --- zsh --- */

/* A description inside of [ ] or behind a colon: brackets and colons escaped. */
static char *zsh_text(const char *text)
{
	struct strbuf sb = STRBUF_INIT;

	for (; *text; text++) {
		if (*text == '[' || *text == ']' || *text == ':')
			strbuf_addch(&sb, '\\');
		strbuf_addch(&sb, *text);
	}
	return strbuf_detach(&sb);
}

static void zsh_option(struct strbuf *out, const struct option_spec *o, const struct names *n)
{
	scoped_free char *help = zsh_text(o->help), *value = NULL, *words = NULL, *spec = NULL;

	if (o->argument) {
		scoped_free char *name = zsh_text(o->argument);

		words = values_of(o, n);
		if (words)
			value = xstrf(":%s:(%s)", o->name, words);
		else
			value = xstrf(":%s:%s", name,
				      str_eq(o->argument, "DIR")    ? "_files -/"
				      : str_eq(o->argument, "FILE") ? "_files"
								    : " ");
	}
	spec = xstrf("--%s%s[%s]%s", o->name, o->argument ? "=" : "", help, value ? value : "");
	strbuf_addstr(out, "\t\t");
	strbuf_add_shell_quoted(out, spec);
	strbuf_addch(out, '\n');
	if (!o->letter)
		return;
	free(spec);
	spec = xstrf("-%c[%s]%s", o->letter, help, value ? value : "");
	strbuf_addstr(out, "\t\t");
	strbuf_add_shell_quoted(out, spec);
	strbuf_addch(out, '\n');
}

static void zsh(struct strbuf *out, const struct names *n)
{
	strbuf_addstr(
	    out, "#compdef platformctl\n# made by: platformctl completion zsh\n_platformctl()\n{\n"
		 "\tlocal context state line\n\tlocal -A opt_args\n\tlocal -a commands everywhere own\n\tcommands=(\n");
	for (const struct command *c = commands; c->name; c++) {
		scoped_free char *help = zsh_text(c->summary), *spec = xstrf("%s:%s", c->name, help);

		if (c->hidden)
			continue;
		strbuf_addstr(out, "\t\t");
		strbuf_add_shell_quoted(out, spec);
		strbuf_addch(out, '\n');
	}
	strbuf_addstr(out, "\t)\n\teverywhere=(\n");
	for (const struct option_spec *o = global_options; o->name; o++)
		zsh_option(out, o, n);
	strbuf_addstr(out, "\t)\n\t_arguments -C $everywhere '1: :->command' '*:: :->arguments' && return\n"
			   "\tif [[ $state == command ]]; then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
			   "\tcase $words[1] in\n");
	for (const struct command *c = commands; c->name; c++) {
		scoped_free char *words = words_of(c->complete, n);

		if (c->hidden)
			continue;
		strbuf_addf(out, "\t%s) own=(\n", c->name);
		for (size_t i = 0; i < MAX_OPTIONS && c->options[i].name; i++)
			zsh_option(out, &c->options[i], n);
		if (*words)
			strbuf_addf(out, "\t\t'*: :(%s)'\n", words);
		strbuf_addstr(out, "\t\t) ;;\n");
	}
	strbuf_addstr(out, "\tesac\n\t_arguments $everywhere $own\n}\n"
			   "if [[ $funcstack[1] == _platformctl ]]; then\n\t_platformctl \"$@\"\nelse\n\tcompdef "
			   "_platformctl platformctl\nfi\n");
}

/* --- fish --- */

static void fish_option(struct strbuf *out, const char *command, const struct option_spec *o, const struct names *n)
{
	scoped_free char *words = o->argument ? values_of(o, n) : NULL;

	strbuf_addstr(out, "complete -c platformctl");
	if (command)
		strbuf_addf(out, " -n '__fish_seen_subcommand_from %s'", command);
	if (o->letter)
		strbuf_addf(out, " -s %c", o->letter);
	strbuf_addf(out, " -l %s", o->name);
	if (words)
		strbuf_addf(out, " -x -a '%s'", words);
	else if (o->argument && str_eq(o->argument, "DIR"))
		strbuf_addstr(out, " -x -a '(__fish_complete_directories)'");
	else if (o->argument)
		strbuf_addstr(out, str_eq(o->argument, "FILE") ? " -r -F" : " -x");
	strbuf_addf(out, " -d \"%s\"\n", o->help);
}

static void fish(struct strbuf *out, const struct names *n)
{
	strbuf_addstr(
	    out,
	    "# fish completion of platformctl; made by: platformctl completion fish\ncomplete -c platformctl -f\n");
	for (const struct option_spec *o = global_options; o->name; o++)
		fish_option(out, NULL, o, n);
	for (const struct command *c = commands; c->name; c++) {
		scoped_free char *words = words_of(c->complete, n);

		if (c->hidden)
			continue;
		strbuf_addf(out, "complete -c platformctl -n __fish_use_subcommand -a %s -d \"%s\"\n", c->name,
			    c->summary);
		for (size_t i = 0; i < MAX_OPTIONS && c->options[i].name; i++)
			fish_option(out, c->name, &c->options[i], n);
		if (*words)
			strbuf_addf(out, "complete -c platformctl -n '__fish_seen_subcommand_from %s' -a '%s'\n",
				    c->name, words);
	}
}

int cmd_completion(struct platform *p, const struct invocation *inv, struct err *e)
{
	static const struct {
		const char *shell;
		void (*print)(struct strbuf *, const struct names *);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)p;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		struct names names;

		if (!str_eq(shells[i].shell, inv->args.items[0]))
			continue;
		find_names(&names);
		shells[i].print(&out, &names);
		free(names.services);
		free(names.profiles);
		return output_text(out.buf, e);
	}
	err_set(e, ERR_USAGE, "no completion for `%s`", inv->args.items[0]);
	return err_remedy(e, "choose one of: bash, zsh, fish");
}
