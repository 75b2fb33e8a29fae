/*
 * A YAML document as a tree that remembers where everything stood, so that every later complaint can name
 * file:line:column. One document a file; aliases and duplicate keys are errors. Scalars are kept as text: what a value
 * means is for its reader to say.
 */
#ifndef YAMLTREE_H
#define YAMLTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP };

struct ynode {
	enum ynode_kind kind;
	const char *file; /* borrowed from the tree's root */
	int line, column; /* from 1 */
	char *key;        /* in a map: this entry's key; else NULL */
	int key_line, key_column;
	char *text;       /* scalar */
	bool quoted;      /* scalar was quoted or a block: never a number, boolean or null */
	struct ynode **items; /* list and map, in the file's order */
	size_t n;
};

/* Reads a file. ERR_MISSING when it is not there, ERR_CONFIG with file:line:column otherwise. The caller frees the tree. */
struct ynode *ynode_load(const char *path, struct err *e);
/* The same from memory; `name` stands for the file in messages. An empty document is an empty map. */
struct ynode *ynode_parse(const char *name, const char *data, size_t len, struct err *e);
void ynode_free(struct ynode *root);
/* For scoped(ynode_free_p). */
void ynode_free_p(struct ynode **root);

/* The entry of a map, or NULL when it is absent or `map` is NULL or no map. */
struct ynode *ynode_get(const struct ynode *map, const char *key);
/* The scalar text of an entry, or NULL. */
const char *ynode_text(const struct ynode *map, const char *key);
/* Sets "file:line:column: message" about a node (its key's place when `at_key`); returns -1. */
int ynode_err(const struct ynode *n, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Typed readings of a scalar; ERR_CONFIG at the node's place otherwise. */
int ynode_int(const struct ynode *n, long long min, long long max, long long *ret, struct err *e);
int ynode_bool(const struct ynode *n, bool *ret, struct err *e);
int ynode_want(const struct ynode *n, enum ynode_kind kind, struct err *e);
/* Every key of the map must be in the NULL-ended list; an unknown one is ERR_CONFIG at its place with the nearest known key as hint. */
int ynode_known_keys(const struct ynode *map, const char *const *known, struct err *e);

#endif
