/*
 * Any bytes as a YAML file: the tree is well-formed or the error has a place, and no reading of any node goes wrong.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "yamltree.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold, in every build. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_have_a_place(const struct err *e)
{
	must(e->kind == ERR_CONFIG && strncmp(e->msg, "fuzz:", 5) == 0);
}

static void read_node(const struct ynode *n)
{
	static const char *const known[] = {"name", "ports", "settings", NULL};
	struct err e = ERR_INIT;
	long long number;
	bool yes;

	must(n->line >= 1 && n->column >= 1);
	must((n->kind == YNODE_SCALAR) == (n->text != NULL));
	if (ynode_int(n, -100, 100, &number, &e) == 0)
		must(number >= -100 && number <= 100);
	else
		must_have_a_place(&e);
	if (ynode_bool(n, &yes, &e) < 0)
		must_have_a_place(&e);
	if (ynode_known_keys(n, known, &e) < 0)
		must_have_a_place(&e);
	for (size_t i = 0; i < n->n; i++) {
		const struct ynode *child = n->items[i];

		must((n->kind == YNODE_MAP) == (child->key != NULL));
		if (child->key) {
			must(ynode_get(n, child->key) == child); /* no key is there twice */
			must(child->key_line >= 1 && child->key_column >= 1);
		}
		read_node(child);
	}
}

static void read_settings(const struct ynode *root)
{
	struct settings settings = {0};
	struct err e = ERR_INIT;

	if (settings_parse(&settings, root, &e) < 0)
		must_have_a_place(&e);
	settings_release(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct ynode *root = ynode_parse("fuzz", (const char *)data, size, &e);

	if (root) {
		read_node(root);
		read_settings(root);
	} else {
		must_have_a_place(&e);
	}
	ynode_free(root);
	return 0;
}
