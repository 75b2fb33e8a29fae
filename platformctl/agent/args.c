/* Expands the arguments of probes and steps. */
#include "args.h"

#include <stdlib.h>
#include <string.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static int expand_list(const struct template_scope *scope, const struct ynode *node, struct arg *a, struct err *e)
{
	for (size_t i = 0; i < node->n; i++) {
		scoped_free char *text = NULL;

		if (node->items[i]->kind != YNODE_SCALAR)
			return 0; /* nested: its reader goes through the node itself */
		text = template_node(scope, node->items[i], e);
		if (!text)
			return -1;
		strlist_add(&a->list, text);
	}
	return 0;
}

static int expand_one(const struct template_scope *scope, const struct ynode *node, struct arg *a, struct err *e)
{
	a->name = xstrdup(node->key);
	if (node->kind == YNODE_LIST)
		return expand_list(scope, node, a, e);
	if (node->kind == YNODE_MAP)
		return 0;
	a->text = template_node(scope, node, e);
	if (!a->text)
		return -1;
	a->secret = strstr(node->text, "${secret.") != NULL;
	strlist_add(&a->list, a->text);
	return 0;
}

int args_expand(const struct template_scope *scope, const struct probe_spec *spec, const struct ynode *node,
                struct args *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	if (ynode_want(node, YNODE_MAP, e))
		return -1;
	for (const char *const *name = spec->required; *name; name++)
		if (!ynode_get(node, *name)) {
			ynode_err(node, e, "%s needs '%s'", spec->kind, *name);
			return err_remedy(e, "docs/catalogue.md lists the arguments of each probe and step");
		}
	ret->node = node;
	ret->items = xcalloc(node->n + 1, sizeof(*ret->items));
	for (; ret->n < node->n; ret->n++)
		if (expand_one(scope, node->items[ret->n], &ret->items[ret->n], e)) {
			ret->n++; /* half built, and to be released */
			args_release(ret);
			return -1;
		}
	return 0;
}

void args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].name);
		free(a->items[i].text);
		strlist_release(&a->items[i].list);
	}
	free(a->items);
	memset(a, 0, sizeof(*a));
}

static const struct arg *find(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_eq(a->items[i].name, name))
			return &a->items[i];
	return NULL;
}

const char *args_text(const struct args *a, const char *name)
{
	const struct arg *found = find(a, name);

	return found ? found->text : NULL;
}

const struct strlist *args_list(const struct args *a, const char *name)
{
	static const struct strlist none = {0};
	const struct arg *found = find(a, name);

	return found ? &found->list : &none;
}

void args_mask(const struct args *a, char *text)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *secret = a->items[i].secret ? a->items[i].text : NULL;
		size_t len = secret ? strlen(secret) : 0;

		for (char *at = text; len && (at = strstr(at, secret)); at += len)
			memset(at, '*', len);
	}
}
