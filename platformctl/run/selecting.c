/* Selections by what was asked for and by what was started. */
#include "selecting.h"

#include <stdlib.h>

#include "s6.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

int selecting_wanted(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e)
{
	scoped(strlist_release) struct strlist profiles = {0};
	const char *text = invocation_option(inv, "profile");

	if (text)
		strlist_split(&profiles, text, ", ");
	return platform_select(p, &inv->args, &profiles, ret, e);
}

/* All services in an order in which each stands behind what it needs. */
static void select_everything(const struct platform *p, struct selection *ret)
{
	scoped(strlist_release) struct strlist names = {0};
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < p->n_services; i++)
		strlist_add(&names, p->services[i]->name);
	*ret = (struct selection){0};
	platform_select(p, &names, NULL, ret, &ignored);
}

void selecting_all_installed(const struct platform *p, struct selection *ret)
{
	size_t n = 0;

	select_everything(p, ret);
	for (size_t i = 0; i < ret->n; i++)
		if (s6_installed(p, ret->items[i]))
			ret->items[n++] = ret->items[i];
	ret->n = n;
}

int selecting_installed(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e)
{
	scoped(selection_release) struct selection all = {0};
	struct selection some = {0};

	if (inv->args.n) {
		some.items = xcalloc(inv->args.n + 1, sizeof(struct service *));
		for (size_t i = 0; i < inv->args.n; i++) {
			struct service *s = platform_service(p, inv->args.items[i], e);

			if (!s) {
				selection_release(&some);
				return -1;
			}
			if (!selection_has(&some, s))
				some.items[some.n++] = s;
		}
		*ret = some;
		return 0;
	}
	selecting_all_installed(p, &all);
	if (!all.n)
		return platform_select(p, NULL, NULL, ret, e);
	*ret = all;
	all = (struct selection){0};
	return 0;
}

static bool needs_any(const struct service *s, const struct selection *some)
{
	for (size_t i = 0; i < s->needs.n; i++)
		for (size_t k = 0; k < some->n; k++)
			if (str_eq(some->items[k]->name, s->needs.items[i]))
				return true;
	return false;
}

void selecting_dependents(const struct selection *all, const struct selection *some, struct selection *ret)
{
	*ret = (struct selection){.items = xcalloc(all->n + 1, sizeof(struct service *))};
	/* In the order of start, what is needed comes first: one pass finds the dependents of dependents. */
	for (size_t i = 0; i < all->n; i++)
		if (selection_has(some, all->items[i]) || needs_any(all->items[i], ret))
			ret->items[ret->n++] = all->items[i];
}
