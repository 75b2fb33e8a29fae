/* Reads the site file and applies it to the catalogue. */
#include "site.h"

#include <stdlib.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

int site_load(struct platform *p, struct err *e)
{
	static const char *const keys[] = {"profiles", "port_offset", "platform", "services", "secrets", NULL};

	if (!p->paths.site_given && !fsx_exists(p->paths.site))
		p->site_tree = ynode_parse(p->paths.site, "", 0, e);
	else
		p->site_tree = ynode_load(p->paths.site, e);
	if (!p->site_tree) {
		if (e->kind == ERR_MISSING) {
			e->kind = ERR_CONFIG;
			err_remedy(e, "name a site file that exists: --config FILE");
		}
		return -1;
	}
	return ynode_known_keys(p->site_tree, keys, e);
}

const char *site_engine(const struct platform *p, const char *service)
{
	return ynode_text(ynode_get(ynode_get(p->site_tree, "services"), service), "engine");
}

static int apply_settings(struct settings *l, const struct ynode *map, struct err *e)
{
	if (!map)
		return 0;
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		const struct ynode *n = map->items[i];
		struct setting *s = settings_find(l, n->key);
		scoped(strlist_release) struct strlist names = {0};

		for (size_t k = 0; !s && k < l->n; k++)
			strlist_add(&names, l->items[k].name);
		if (!s && !names.n)
			return ynode_err(n, e, "unknown setting `%s`; there is none here", n->key);
		if (!s)
			return ynode_known_keys(map, (const char *const *)names.items, e);
		if (ynode_want(n, YNODE_SCALAR, e))
			return -1;
		if (setting_set(s, n->text, e))
			return err_prefix(e, "%s:%d:%d", n->file, n->line, n->column);
		s->from_site = true;
	}
	return 0;
}

static int apply_ports(struct service *s, const struct ynode *map, struct err *e)
{
	if (!map)
		return 0;
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		struct port *port = NULL;
		long long v;

		for (size_t k = 0; k < s->n_ports; k++)
			if (str_eq(s->ports[k].name, map->items[i]->key))
				port = &s->ports[k];
		if (!port)
			return ynode_err(map->items[i], e, "%s has no port `%s`", s->name, map->items[i]->key);
		if (ynode_int(map->items[i], 1, 65535, &v, e))
			return -1;
		port->number = (int)v;
	}
	return 0;
}

static int apply_service(struct service *s, const struct ynode *n, struct err *e)
{
	static const char *const keys[] = {"settings", "ports", "engine", "external", "host", NULL};

	if (ynode_known_keys(n, keys, e))
		return -1;
	if (ynode_get(n, "external") && ynode_bool(ynode_get(n, "external"), &s->external, e))
		return -1;
	if (ynode_get(n, "host")) {
		if (!s->external)
			return ynode_err(ynode_get(n, "host"), e, "`host` goes with `external: true`; local services bind 127.0.0.1");
		if (ynode_want(ynode_get(n, "host"), YNODE_SCALAR, e))
			return -1;
		free(s->host);
		s->host = xstrdup(ynode_text(n, "host"));
	}
	return apply_settings(&s->settings, ynode_get(n, "settings"), e) || apply_ports(s, ynode_get(n, "ports"), e) ? -1 : 0;
}

static int apply_services(struct platform *p, struct err *e)
{
	const struct ynode *map = ynode_get(p->site_tree, "services");

	if (!map)
		return 0;
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		struct service *s = platform_service(p, map->items[i]->key, e);

		if (!s) {
			e->kind = ERR_CONFIG;
			return err_prefix(e, "%s:%d:%d", map->file, map->items[i]->key_line, map->items[i]->key_column);
		}
		if (apply_service(s, map->items[i], e))
			return -1;
	}
	return 0;
}

static int apply_secrets(struct platform *p, struct err *e)
{
	static const char *const keys[] = {"file", NULL};
	const struct ynode *map = ynode_get(p->site_tree, "secrets");

	if (!map)
		return 0;
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	p->secret_sources = xcalloc(map->n + 1, sizeof(*p->secret_sources));
	for (size_t i = 0; i < map->n; i++) {
		if (ynode_known_keys(map->items[i], keys, e))
			return -1;
		if (!ynode_text(map->items[i], "file"))
			return ynode_err(map->items[i], e, "the secret `%s` needs `file`; a value never stands in the site file",
			                 map->items[i]->key);
		p->secret_sources[p->n_secret_sources++] = (struct secret_source){
			xstrdup(map->items[i]->key),
			xstrdup(ynode_text(map->items[i], "file")),
		};
	}
	return 0;
}

static int apply_profiles(struct platform *p, struct err *e)
{
	const struct ynode *list = ynode_get(p->site_tree, "profiles");

	if (!list)
		return 0;
	if (ynode_want(list, YNODE_LIST, e))
		return -1;
	strlist_release(&p->default_profiles);
	for (size_t i = 0; i < list->n; i++) {
		if (ynode_want(list->items[i], YNODE_SCALAR, e))
			return -1;
		strlist_add(&p->default_profiles, list->items[i]->text);
	}
	return 0;
}

int site_apply(struct platform *p, int port_offset, struct err *e)
{
	const struct ynode *n = ynode_get(p->site_tree, "port_offset");
	long long v = 0;

	if (apply_settings(&p->settings, ynode_get(p->site_tree, "platform"), e) || apply_services(p, e) || apply_secrets(p, e) ||
	    apply_profiles(p, e))
		return -1;
	if (n && ynode_int(n, 0, 50000, &v, e))
		return -1;
	p->port_offset = port_offset >= 0 ? port_offset : (int)v;
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t k = 0; k < p->services[i]->n_ports; k++) {
			struct port *port = &p->services[i]->ports[k];

			if (p->services[i]->external)
				continue;
			port->number += p->port_offset;
			if (port->number > 65535) {
				err_set(e, ERR_CONFIG, "port %s of %s would be %d", port->name, p->services[i]->name, port->number);
				return err_remedy(e, "choose a smaller port offset");
			}
		}
	return 0;
}
