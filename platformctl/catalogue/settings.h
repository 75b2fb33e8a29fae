/* The settings of a service and of the platform: typed, bounded, documented; the site file overrides them. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "strlist.h"
#include "yamltree.h"

enum setting_type { SETTING_INT, SETTING_BOOL, SETTING_TEXT };

struct setting {
	char *name;
	enum setting_type type;
	char *value; /* the default, or what the site file says */
	char *default_value;
	long long min, max; /* SETTING_INT */
	struct strlist one_of; /* SETTING_TEXT; empty: anything */
	char *help;
	bool from_site;
};

struct settings {
	struct setting *items;
	size_t n;
};

/* NULL when there is none of that name. */
struct setting *settings_find(const struct settings *l, const char *name);
/* Checks type, bounds and one_of, then sets. ERR_CONFIG without a place: the caller prefixes it. */
int setting_set(struct setting *s, const char *text, struct err *e);
/* Reads a map of setting descriptions (services and catalogue.yaml have the same form). */
int settings_parse(struct settings *l, const struct ynode *map, struct err *e);
void settings_release(struct settings *l);
#endif
