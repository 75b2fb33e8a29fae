/* Checks across services, and every template before any of them is needed. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "scoped.h"
#include "strbuf.h"
#include "template.h"

#include "banned.h"

static int check_profile_names(const struct platform *p, struct err *e)
{
	for (size_t i = 0; i < p->n_services; i++) {
		const struct service *s = p->services[i];
		bool known = false;

		if (!service_name_valid(s->name))
			return ynode_err(s->tree, e, "`%s` is no name: use a-z, 0-9, _ and -", s->name);
		for (size_t k = 0; k < p->n_profiles; k++)
			known |= str_eq(p->profiles[k].name, s->profile);
		if (!known)
			return ynode_err(ynode_get(s->tree, "profile"), e, "catalogue.yaml has no profile `%s`", s->profile);
		for (size_t k = 0; k < s->secrets.n; k++)
			if (!service_name_valid(s->secrets.items[k]))
				return ynode_err(s->tree, e, "`%s` is no name for a secret: use a-z, 0-9, _ and -", s->secrets.items[k]);
	}
	return 0;
}

/* Depth-first search; `path` holds the services on the way down. */
static int check_needs(const struct platform *p, const struct service *s, struct strlist *path, struct err *e)
{
	if (strlist_has(path, s->name)) {
		scoped_free char *way = strlist_join(path, " → ");

		return ynode_err(s->tree, e, "a circle of needs: %s → %s", way, s->name);
	}
	strlist_add(path, s->name);
	for (size_t i = 0; i < s->needs.n; i++) {
		const struct service *need = platform_service(p, s->needs.items[i], e);

		if (!need) {
			e->kind = ERR_CONFIG;
			return err_prefix(e, "%s:%d:%d: `needs` of %s", s->tree->file, s->tree->line, s->tree->column, s->name);
		}
		if (check_needs(p, need, path, e))
			return -1;
	}
	free(path->items[--path->n]);
	path->items[path->n] = NULL;
	return 0;
}

/* The same for where packages come from: a folder's name is made from its sources' names. */
static int check_sources(const struct platform *p, const struct service *s, struct strlist *path, struct err *e)
{
	strlist_add(path, s->name);
	for (size_t i = 0; i < s->n_packages; i++) {
		const struct package *pkg = &s->packages[i];
		const struct service *from;

		if (pkg->kind != PACKAGE_FROM)
			continue;
		from = platform_service(p, pkg->manifest, e);
		if (!from) {
			e->kind = ERR_CONFIG;
			return err_prefix(e, "%s:%d:%d: `from`", pkg->where->file, pkg->where->line, pkg->where->column);
		}
		if (strlist_has(path, from->name))
			return ynode_err(pkg->where, e, "a circle of packages: %s has them from %s", s->name, from->name);
		if (check_sources(p, from, path, e))
			return -1;
	}
	free(path->items[--path->n]);
	path->items[path->n] = NULL;
	return 0;
}

static int check_ports(const struct platform *p, struct err *e)
{
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t k = 0; k < p->services[i]->n_ports; k++)
			for (size_t j = 0; j <= i; j++)
				for (size_t m = 0; m < (j == i ? k : p->services[j]->n_ports); m++) {
					const struct service *a = p->services[i], *b = p->services[j];

					if (a->external || b->external || a->ports[k].number != b->ports[m].number)
						continue;
					err_set(e, ERR_CONFIG, "port %d is both %s.%s and %s.%s", a->ports[k].number, a->name,
					        a->ports[k].name, b->name, b->ports[m].name);
					return err_remedy(e, "move one of them in the site file: services: {%s: {ports: {%s: …}}}", a->name,
					                  a->ports[k].name);
				}
	return 0;
}

static int check_tree(const struct template_scope *sc, const struct ynode *n, struct err *e)
{
	if (!n)
		return 0;
	if (n->kind == YNODE_SCALAR) {
		scoped_free char *text = template_node(sc, n, e);

		return text ? 0 : -1;
	}
	for (size_t i = 0; i < n->n; i++)
		if (check_tree(sc, n->items[i], e))
			return -1;
	return 0;
}

static int check_templates(const struct platform *p, const struct service *s, struct err *e)
{
	struct template_scope text = {p, s, TEMPLATE_CHECK, NULL}, script = {p, s, TEMPLATE_CHECK_SCRIPT, NULL};

	if (check_tree(&text, s->env, e) || check_tree(&text, s->ready, e) || check_tree(&text, s->provision, e) ||
	    check_tree(&script, s->train, e) || check_tree(&script, s->setup, e) || check_tree(&script, s->run, e))
		return -1;
	for (size_t i = 0; i < s->n_endpoints; i++)
		if (check_tree(&script, s->endpoints[i].url, e) || check_tree(&script, s->endpoints[i].user, e))
			return -1;
	for (size_t i = 0; s->files && i < s->files->n; i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		scoped_free char *name = template_node(&text, s->files->items[i], e);

		if (!name || template_file(&text, name, &out, e))
			return -1;
	}
	return 0;
}

int platform_check(const struct platform *p, struct err *e)
{
	if (check_profile_names(p, e) || check_ports(p, e))
		return -1;
	/* Before the templates, which ask for package folders. */
	for (size_t i = 0; i < p->n_services; i++) {
		scoped(strlist_release) struct strlist path = {0};

		if (check_sources(p, p->services[i], &path, e))
			return -1;
	}
	for (size_t i = 0; i < p->n_services; i++) {
		scoped(strlist_release) struct strlist path = {0};

		if (check_needs(p, p->services[i], &path, e) || check_templates(p, p->services[i], e))
			return -1;
	}
	return 0;
}
