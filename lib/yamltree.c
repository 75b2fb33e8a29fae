/* libyaml's events, collected into a tree with positions. */
#include "yamltree.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"
#include "strlist.h"

#include "banned.h"

/* Deeper nesting than any real file; bounds the recursion on hostile input. */
#define MAX_DEPTH 64

struct parser {
	yaml_parser_t yaml;
	const char *file;
};

static int parse_node(struct parser *p, const yaml_event_t *ev, int depth, struct ynode **ret, struct err *e);

static void event_delete_p(yaml_event_t *ev)
{
	yaml_event_delete(ev);
}

static int mark_err(const struct parser *p, yaml_mark_t at, struct err *e, const char *what)
{
	err_set(e, ERR_CONFIG, "%s:%zu:%zu: %s", p->file, at.line + 1, at.column + 1, what);
	return err_remedy(e, "correct the YAML there; docs/catalogue.md shows the form");
}

static int next_event(struct parser *p, yaml_event_t *ev, struct err *e)
{
	if (yaml_parser_parse(&p->yaml, ev))
		return 0;
	memset(ev, 0, sizeof(*ev));
	return mark_err(p, p->yaml.problem_mark, e, p->yaml.problem ? p->yaml.problem : "not valid YAML");
}

static struct ynode *node_new(const struct parser *p, enum ynode_kind kind, yaml_mark_t at)
{
	struct ynode *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->file = p->file;
	n->line = (int)at.line + 1;
	n->column = (int)at.column + 1;
	return n;
}

static void node_add(struct ynode *parent, struct ynode *child)
{
	/* Doubles at powers of two, so no capacity has to be kept. */
	if ((parent->n & (parent->n - 1)) == 0)
		parent->items = xrealloc(parent->items, (parent->n ? parent->n * 2 : 1) * sizeof(struct ynode *));
	parent->items[parent->n++] = child;
}

static int parse_scalar(const struct parser *p, const yaml_event_t *ev, struct ynode **ret, struct err *e)
{
	const char *text = (const char *)ev->data.scalar.value;

	if (memchr(text, '\0', ev->data.scalar.length))
		return mark_err(p, ev->start_mark, e, "a NUL character");
	*ret = node_new(p, YNODE_SCALAR, ev->start_mark);
	(*ret)->text = xstrndup(text, ev->data.scalar.length);
	(*ret)->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int parse_list(struct parser *p, struct ynode *list, int depth, struct err *e)
{
	for (;;) {
		scoped(event_delete_p) yaml_event_t ev = {0};
		struct ynode *item = NULL;

		if (next_event(p, &ev, e))
			return -1;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (parse_node(p, &ev, depth + 1, &item, e))
			return -1;
		node_add(list, item);
	}
}

static int parse_map(struct parser *p, struct ynode *map, int depth, struct err *e)
{
	for (;;) {
		scoped(event_delete_p) yaml_event_t key = {0}, value = {0};
		struct ynode *item = NULL;

		if (next_event(p, &key, e))
			return -1;
		if (key.type == YAML_MAPPING_END_EVENT)
			return 0;
		if (key.type != YAML_SCALAR_EVENT)
			return mark_err(p, key.start_mark, e, "a key must be a plain word");
		if (memchr(key.data.scalar.value, '\0', key.data.scalar.length))
			return mark_err(p, key.start_mark, e, "a NUL character");
		if (ynode_get(map, (const char *)key.data.scalar.value)) {
			scoped_free char *what = xstrf("the key %s is there twice", (const char *)key.data.scalar.value);

			return mark_err(p, key.start_mark, e, what);
		}
		if (next_event(p, &value, e) || parse_node(p, &value, depth + 1, &item, e))
			return -1;
		item->key = xstrdup((const char *)key.data.scalar.value);
		item->key_line = (int)key.start_mark.line + 1;
		item->key_column = (int)key.start_mark.column + 1;
		node_add(map, item);
	}
}

static int parse_node(struct parser *p, const yaml_event_t *ev, int depth, struct ynode **ret, struct err *e)
{
	scoped(ynode_free_p) struct ynode *n = NULL;

	if (depth > MAX_DEPTH)
		return mark_err(p, ev->start_mark, e, "nested too deeply");
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return parse_scalar(p, ev, ret, e);
	case YAML_SEQUENCE_START_EVENT:
		n = node_new(p, YNODE_LIST, ev->start_mark);
		if (parse_list(p, n, depth, e))
			return -1;
		break;
	case YAML_MAPPING_START_EVENT:
		n = node_new(p, YNODE_MAP, ev->start_mark);
		if (parse_map(p, n, depth, e))
			return -1;
		break;
	default:
		return mark_err(p, ev->start_mark, e, "an alias; write the value out");
	}
	*ret = take_ptr(&n);
	return 0;
}

/* The document of a stream; nothing at all is an empty map. */
static struct ynode *parse_document(struct parser *p, struct err *e)
{
	scoped(ynode_free_p) struct ynode *root = NULL;
	bool empty = true;

	for (;;) {
		scoped(event_delete_p) yaml_event_t ev = {0};

		if (next_event(p, &ev, e))
			return NULL;
		switch (ev.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (!empty) {
				mark_err(p, ev.start_mark, e, "a second document; one file holds one");
				return NULL;
			}
			empty = false;
			break;
		case YAML_STREAM_END_EVENT:
			if (!root)
				root = node_new(p, YNODE_MAP, (yaml_mark_t){0});
			return take_ptr(&root);
		default:
			if (parse_node(p, &ev, 0, &root, e))
				return NULL;
		}
	}
}

/* File names outlive the trees that point at them: a handful a run, kept until exit. */
static const char *intern(const char *name)
{
	static struct strlist names;

	strlist_add_unique(&names, name);
	for (size_t i = 0; i < names.n; i++)
		if (str_eq(names.items[i], name))
			return names.items[i];
	return name;
}

struct ynode *ynode_parse(const char *name, const char *data, size_t len, struct err *e)
{
	struct parser p = {.file = intern(name)};
	struct ynode *root;

	if (!yaml_parser_initialize(&p.yaml)) {
		err_set(e, ERR_FATAL, "libyaml cannot be initialised");
		return NULL;
	}
	yaml_parser_set_input_string(&p.yaml, (const unsigned char *)data, len);
	root = parse_document(&p, e);
	yaml_parser_delete(&p.yaml);
	/* "key:" with nothing, or a file of comments: a null document is an empty map. */
	if (root && root->kind == YNODE_SCALAR && !root->quoted && root->text[0] == '\0') {
		free(root->text);
		root->text = NULL;
		root->kind = YNODE_MAP;
	}
	return root;
}

struct ynode *ynode_load(const char *path, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (fsx_read(path, &text, e))
		return NULL;
	return ynode_parse(path, text.buf, text.len, e);
}

void ynode_free(struct ynode *root)
{
	if (!root)
		return;
	for (size_t i = 0; i < root->n; i++)
		ynode_free(root->items[i]);
	free(root->items);
	free(root->key);
	free(root->text);
	free(root);
}

void ynode_free_p(struct ynode **root)
{
	ynode_free(*root);
}

struct ynode *ynode_get(const struct ynode *map, const char *key)
{
	if (!map || map->kind != YNODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->items[i]->key, key))
			return map->items[i];
	return NULL;
}

const char *ynode_text(const struct ynode *map, const char *key)
{
	const struct ynode *n = ynode_get(map, key);

	return n && n->kind == YNODE_SCALAR ? n->text : NULL;
}

int ynode_err(const struct ynode *n, struct err *e, const char *fmt, ...)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	err_set(e, ERR_CONFIG, "%s:%d:%d: %s", n->file, n->line, n->column, sb.buf);
	return err_remedy(e, "docs/catalogue.md has the form; check again with: platformctl config check");
}

int ynode_want(const struct ynode *n, enum ynode_kind kind, struct err *e)
{
	static const char *const names[] = {"a single value", "a list", "a map"};

	if (n->kind == kind)
		return 0;
	return ynode_err(n, e, "%s%s%s must be %s, not %s", n->key ? "`" : "this", n->key ? n->key : "", n->key ? "`" : "",
	                 names[kind], names[n->kind]);
}

int ynode_int(const struct ynode *n, long long min, long long max, long long *ret, struct err *e)
{
	char *end;
	long long v;

	if (ynode_want(n, YNODE_SCALAR, e))
		return -1;
	errno = 0;
	v = strtoll(n->text, &end, 10);
	if (errno || end == n->text || *end)
		return ynode_err(n, e, "`%s` must be an integer, not \"%s\"", n->key ? n->key : "this", n->text);
	if (v < min || v > max)
		return ynode_err(n, e, "`%s` must be between %lld and %lld, not %lld", n->key ? n->key : "this", min, max, v);
	*ret = v;
	return 0;
}

int ynode_bool(const struct ynode *n, bool *ret, struct err *e)
{
	if (ynode_want(n, YNODE_SCALAR, e))
		return -1;
	if (str_eq(n->text, "true"))
		*ret = true;
	else if (str_eq(n->text, "false"))
		*ret = false;
	else
		return ynode_err(n, e, "`%s` must be true or false, not \"%s\"", n->key ? n->key : "this", n->text);
	return 0;
}

int ynode_known_keys(const struct ynode *map, const char *const *known, struct err *e)
{
	if (ynode_want(map, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; i < map->n; i++) {
		scoped(strlist_release) struct strlist names = {0};
		scoped_free char *all = NULL;
		const char *near;

		for (const char *const *k = known; *k; k++)
			strlist_add(&names, *k);
		if (strlist_has(&names, map->items[i]->key))
			continue;
		err_set(e, ERR_CONFIG, "%s:%d:%d: unknown key `%s`", map->file, map->items[i]->key_line, map->items[i]->key_column,
		        map->items[i]->key);
		near = strlist_nearest(&names, map->items[i]->key);
		if (near)
			return err_remedy(e, "did you mean `%s`?", near);
		all = strlist_join(&names, ", ");
		return err_remedy(e, "known here: %s", all);
	}
	return 0;
}
