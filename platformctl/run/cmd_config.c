/* `platformctl config`: the settings that are in force and where each comes from. That they are right, loading has
 * checked. */
#include <stdlib.h>

#include "command.h"
#include "fsx.h"
#include "output.h"
#include "scoped.h"
#include "site.h"
#include "strbuf.h"

#include "banned.h"

static bool is_asked_for(const struct strlist *names, const char *name)
{
	return names->n == 0 || strlist_has(names, name);
}

static json_t *setting_value(const struct setting *s)
{
	if (s->type == SETTING_INT)
		return json_integer(atoll(s->value));
	return s->type == SETTING_BOOL ? json_boolean(str_eq(s->value, "true")) : json_string(s->value);
}

static void add_entry(struct table *t, json_t *map, const char *owner, const char *name, json_t *value,
		      const char *text, const char *from, const char *help)
{
	table_row(t);
	table_cell(t, PAINT_NONE, "%s.%s", owner, name);
	table_cell(t, PAINT_NONE, "%s", text);
	table_cell(t, str_eq(from, "default") ? PAINT_DIM : PAINT_BOLD, "%s", from);
	table_cell(t, PAINT_NONE, "%s", help);
	json_object_set_new(map, name, json_pack("{s:o, s:s}", "value", value, "from", from));
}

static json_t *add_settings(struct table *t, const char *owner, const struct settings *l)
{
	json_t *map = json_object();

	for (size_t i = 0; i < l->n; i++)
		add_entry(t, map, owner, l->items[i].name, setting_value(&l->items[i]), l->items[i].value,
			  l->items[i].from_site ? "site" : "default", l->items[i].help);
	return map;
}

/* What the catalogue's own number has become. */
static const char *port_from(const struct platform *p, const struct service *s, const struct port *port)
{
	const char *text = ynode_text(ynode_get(s->tree, "ports"), port->name);
	int catalogue = text ? atoi(text) : 0;

	if (port->number == catalogue)
		return "default";
	return port->number == catalogue + p->port_offset ? "offset" : "site";
}

static json_t *add_ports(const struct platform *p, const struct service *s, struct table *t)
{
	json_t *map = json_object();

	for (size_t i = 0; i < s->n_ports; i++) {
		scoped_free char *number = xstrf("%d", s->ports[i].number);

		add_entry(t, map, s->name, s->ports[i].name, json_integer(s->ports[i].number), number,
			  port_from(p, s, &s->ports[i]), "TCP port");
	}
	return map;
}

static json_t *add_service(const struct platform *p, const struct service *s, struct table *t)
{
	scoped_free char *packages = platform_packages_dir(p, s);
	json_t *o = json_pack("{s:s, s:s, s:b, s:s}", "name", s->name, "profile", s->profile, "external", s->external,
			      "host", s->host);
	json_t *choice = json_object();

	if (s->external)
		add_entry(t, choice, s->name, "external", json_true(), s->host, "site",
			  "Run elsewhere: only probed and provisioned");
	if (s->engine) {
		scoped_free char *engines = strlist_join(&s->engines, ", "),
				 *help = xstrf("Engine, one of: %s", engines);

		add_entry(t, choice, s->name, "engine", json_string(s->engine), s->engine,
			  site_engine(p, s->name) ? "site" : "default", help);
		json_object_set(o, "engine", json_object_get(choice, "engine"));
	}
	json_decref(choice);
	json_object_set_new(o, "packages", json_string(packages));
	json_object_set_new(o, "ports", add_ports(p, s, t));
	json_object_set_new(o, "settings", add_settings(t, s->name, &s->settings));
	return o;
}

static int print_places(const struct platform *p, struct err *e)
{
	scoped_free char *profiles = strlist_join(&p->default_profiles, ", ");

	return output_line(
	    e, "profiles   %s\nsite file  %s%s\ncatalogue  %s\nstate      %s\ncache      %s\noffset     %d\n\n",
	    profiles, p->paths.site, fsx_exists(p->paths.site) ? "" : " (not there: all is default)", p->paths.root,
	    p->paths.state, p->paths.cache, p->port_offset);
}

static json_t *places_json(const struct platform *p)
{
	json_t *doc = output_json_new(), *profiles = json_array();

	for (size_t i = 0; i < p->default_profiles.n; i++)
		json_array_append_new(profiles, json_string(p->default_profiles.items[i]));
	json_object_set_new(doc, "profiles", profiles);
	json_object_set_new(doc, "site_file", json_string(p->paths.site));
	json_object_set_new(doc, "catalogue", json_string(p->paths.root));
	json_object_set_new(doc, "state", json_string(p->paths.state));
	json_object_set_new(doc, "cache", json_string(p->paths.cache));
	json_object_set_new(doc, "port_offset", json_integer(p->port_offset));
	return doc;
}

static int show(const struct platform *p, const struct invocation *inv, const struct strlist *names, struct err *e)
{
	scoped(table_release) struct table t = {0};
	json_t *doc = places_json(p), *services = json_array(), *platform;

	table_add(&t, "NAME", "VALUE", "FROM", "MEANING", NULL);
	platform = names->n ? NULL : add_settings(&t, "platform", &p->settings);
	for (size_t i = 0; i < p->n_services; i++)
		if (is_asked_for(names, p->services[i]->name))
			json_array_append_new(services, add_service(p, p->services[i], &t));
	if (platform)
		json_object_set_new(doc, "platform", platform);
	json_object_set_new(doc, "services", services);
	if (inv->json)
		return output_json(doc, e);
	json_decref(doc);
	return print_places(p, e) || table_print(&t, e) ? -1 : 0;
}

static int check(const struct platform *p, const struct invocation *inv, struct err *e)
{
	json_t *doc;

	if (!inv->json)
		return output_line(e, "catalogue and site file are in order: %zu services\n", p->n_services);
	doc = output_json_new();
	json_object_set_new(doc, "ok", json_true());
	json_object_set_new(doc, "services", json_integer((json_int_t)p->n_services));
	return output_json(doc, e);
}

int cmd_config(struct platform *p, const struct invocation *inv, struct err *e)
{
	const char *what = inv->args.items[0];
	scoped(strlist_release) struct strlist names = {0};

	for (size_t i = 1; i < inv->args.n; i++) {
		if (!platform_service(p, inv->args.items[i], e))
			return -1;
		strlist_add(&names, inv->args.items[i]);
	}
	if (str_eq(what, "show"))
		return show(p, inv, &names, e);
	if (str_eq(what, "check"))
		return check(p, inv, e);
	err_set(e, ERR_USAGE, "config cannot `%s`", what);
	return err_remedy(e, "choose one of: show, check");
}
