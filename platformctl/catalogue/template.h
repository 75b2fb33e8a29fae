/*
 * ${…} in catalogue texts: `$${` is a literal `${`, anything else after a `$` is left alone (the shell's). docs/catalogue.md lists the names.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include "platform.h"
#include "strbuf.h"

enum template_use {
	TEMPLATE_CHECK,  /* names are checked, secrets and JVMs need not exist; the result is of no use */
	TEMPLATE_CHECK_SCRIPT, /* the same for a script: secrets refused */
	TEMPLATE_FILE,   /* a rendered file, the environment, a probe or a provisioning step: secrets allowed */
	TEMPLATE_SCRIPT, /* run and setup: secrets refused */
	TEMPLATE_TRAIN,  /* as TEMPLATE_SCRIPT, with ${scratch}, and ${java.startup} records */
};

/* What a text may refer to. */
struct template_scope {
	const struct platform *platform;
	const struct service *service; /* NULL: only platform-wide names */
	enum template_use use;
	const char *scratch;           /* TEMPLATE_TRAIN; else NULL */
};

/* Expands text (which stood at file:line:column) onto out. ERR_CONFIG at the place of the bad name, with a hint. */
int template_expand(const struct template_scope *scope, const char *file, int line, int column, const char *text,
                    struct strbuf *out, struct err *e);
/* The same for a scalar node; caller frees. */
char *template_node(const struct template_scope *scope, const struct ynode *n, struct err *e);
/* The expanded text of args' entry `key`: NULL with e->kind == ERR_NONE when it is absent. Caller frees. */
char *template_arg(const struct template_scope *scope, const struct ynode *args, const char *key, struct err *e);
/* Renders a template file of the service's folder; content goes onto out. */
int template_file(const struct template_scope *scope, const char *name, struct strbuf *out, struct err *e);

#endif
