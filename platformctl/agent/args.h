/* The arguments of a probe or a provisioning step, with their templates expanded. */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>

#include "err.h"
#include "specs.h"
#include "strlist.h"
#include "template.h"

struct arg {
	char *name;
	char *text;          /* a scalar */
	struct strlist list; /* a list of scalars */
	bool secret;         /* its template names a secret: never print it */
};

struct args {
	struct arg *items;
	size_t n;
	const struct ynode *node; /* what they came from */
};

/*
 * Expands the scalars, and the lists of scalars, of the map `node`; nested entries are left for their reader. ERR_CONFIG
 * at the place of what is wrong, also when an argument that the spec requires is not there. On failure *ret is released.
 */
int args_expand(const struct template_scope *scope, const struct probe_spec *spec, const struct ynode *node,
                struct args *ret, struct err *e);
void args_release(struct args *a);
/* Borrowed; NULL when absent. A required one is never NULL. */
const char *args_text(const struct args *a, const char *name);
/* Borrowed; an empty list when absent. A scalar is a list of one. */
const struct strlist *args_list(const struct args *a, const char *name);
/* Replaces every secret among the arguments that occurs in text by asterisks, in place. */
void args_mask(const struct args *a, char *text);

#endif
