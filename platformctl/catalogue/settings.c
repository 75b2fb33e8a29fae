/* Settings: parsing of their descriptions and checking of their values. */
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* The type follows from the default: true and false, an integer, or else text. */
static enum setting_type type_of(const struct ynode *def)
{
	char *end;

	if (def->quoted)
		return SETTING_TEXT;
	if (str_eq(def->text, "true") || str_eq(def->text, "false"))
		return SETTING_BOOL;
	if (*def->text) {
		strtoll(def->text, &end, 10);
		if (!*end)
			return SETTING_INT;
	}
	return SETTING_TEXT;
}

static int parse_one(struct setting *s, const struct ynode *n, struct err *e)
{
	static const char *const keys[] = {"default", "min", "max", "one_of", "help", NULL};
	const struct ynode *def, *v;

	if (ynode_known_keys(n, keys, e))
		return -1;
	def = ynode_get(n, "default");
	if (!def || def->kind != YNODE_SCALAR || !ynode_text(n, "help"))
		return ynode_err(n, e, "the setting `%s` needs `default` and `help`", n->key);
	s->name = xstrdup(n->key);
	s->type = type_of(def);
	s->help = xstrdup(ynode_text(n, "help"));
	s->min = LLONG_MIN;
	s->max = LLONG_MAX;
	if ((v = ynode_get(n, "min")) && ynode_int(v, LLONG_MIN, LLONG_MAX, &s->min, e))
		return -1;
	if ((v = ynode_get(n, "max")) && ynode_int(v, LLONG_MIN, LLONG_MAX, &s->max, e))
		return -1;
	v = ynode_get(n, "one_of");
	if (v && ynode_want(v, YNODE_LIST, e))
		return -1;
	for (size_t i = 0; v && i < v->n; i++) {
		if (ynode_want(v->items[i], YNODE_SCALAR, e))
			return -1;
		strlist_add(&s->one_of, v->items[i]->text);
	}
	if (setting_set(s, def->text, e)) {
		struct err cause = *e;

		return ynode_err(def, e, "%s", cause.msg);
	}
	s->default_value = xstrdup(s->value);
	return 0;
}

int settings_parse(struct settings *l, const struct ynode *map, struct err *e)
{
	if (!map)
		return 0;
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	l->items = xcalloc(map->n + 1, sizeof(*l->items));
	for (size_t i = 0; i < map->n; i++)
		if (parse_one(&l->items[l->n++], map->items[i], e))
			return -1;
	return 0;
}

void settings_release(struct settings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].value);
		free(l->items[i].default_value);
		free(l->items[i].help);
		strlist_release(&l->items[i].one_of);
	}
	free(l->items);
	*l = (struct settings){0};
}

struct setting *settings_find(const struct settings *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

static int check_int(const struct setting *s, const char *text, struct err *e)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return err_set(e, ERR_CONFIG, "`%s` must be an integer, not \"%s\"", s->name, text);
	if (v >= s->min && v <= s->max)
		return 0;
	err_set(e, ERR_CONFIG, "`%s` is out of bounds: %lld", s->name, v);
	if (s->min != LLONG_MIN && s->max != LLONG_MAX)
		return err_remedy(e, "choose a value from %lld to %lld", s->min, s->max);
	return s->min != LLONG_MIN ? err_remedy(e, "choose at least %lld", s->min) : err_remedy(e, "choose at most %lld", s->max);
}

int setting_set(struct setting *s, const char *text, struct err *e)
{
	if (s->type == SETTING_INT && check_int(s, text, e))
		return -1;
	if (s->type == SETTING_BOOL && !str_eq(text, "true") && !str_eq(text, "false"))
		return err_set(e, ERR_CONFIG, "`%s` must be true or false, not \"%s\"", s->name, text);
	if (s->one_of.n && !strlist_has(&s->one_of, text)) {
		scoped_free char *known = strlist_join(&s->one_of, ", ");

		err_set(e, ERR_CONFIG, "`%s` cannot be \"%s\"", s->name, text);
		return err_remedy(e, "choose one of: %s", known);
	}
	free(s->value);
	s->value = xstrdup(text);
	return 0;
}
