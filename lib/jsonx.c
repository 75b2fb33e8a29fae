/* JSON helpers over jansson. */
#include "jsonx.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

json_t *jsonx_parse(const char *text, size_t len, struct err *e)
{
	json_error_t where;
	json_t *json = json_loadb(text, len, JSON_DECODE_ANY, &where);
	char *near;

	if (json)
		return json;
	/* jansson ends its reason with the piece of text at which it stumbled. */
	near = strstr(where.text, " near ");
	if (near)
		*near = '\0';
	err_set(e, ERR_DATA, "malformed JSON at line %d, column %d: %s", where.line, where.column, where.text);
	return NULL;
}

/* The entry of one step of a path; step is not NUL-terminated. */
static json_t *entry(const json_t *parent, const char *step, size_t len)
{
	json_t *found = NULL;

	if (json_is_object(parent)) {
		char *key = xstrndup(step, len);

		found = json_object_get(parent, key);
		free(key);
	} else if (json_is_array(parent) && len > 0 && len < 10 && strspn(step, "0123456789") >= len) {
		found = json_array_get(parent, strtoul(step, NULL, 10));
	}
	return found;
}

json_t *jsonx_get(const json_t *root, const char *path)
{
	/* jansson's getters lend what their const parent owns in the same way. */
	json_t *at = (json_t *)root;

	while (at && *path) {
		size_t len = strcspn(path, ".");

		at = entry(at, path, len);
		path += len;
		if (*path == '.')
			path++;
	}
	return at;
}

const char *jsonx_str(const json_t *root, const char *path, const char *fallback)
{
	const json_t *json = jsonx_get(root, path);

	return json_is_string(json) ? json_string_value(json) : fallback;
}

int64_t jsonx_int(const json_t *root, const char *path, int64_t fallback)
{
	const json_t *json = jsonx_get(root, path);

	return json_is_integer(json) ? json_integer_value(json) : fallback;
}

double jsonx_real(const json_t *root, const char *path, double fallback)
{
	const json_t *json = jsonx_get(root, path);

	return json_is_number(json) ? json_number_value(json) : fallback;
}

bool jsonx_bool(const json_t *root, const char *path, bool fallback)
{
	const json_t *json = jsonx_get(root, path);

	return json_is_boolean(json) ? json_is_true(json) : fallback;
}

static int add_piece(const char *data, size_t len, void *out)
{
	strbuf_add(out, data, len);
	return 0;
}

void jsonx_dump(const json_t *json, enum jsonx_order order, struct strbuf *out)
{
	size_t flags = JSON_COMPACT | JSON_ENCODE_ANY | (order == JSONX_SORTED ? JSON_SORT_KEYS : 0);

	/* Fails only for values that jansson itself would not have made: a cycle, or a string that is no UTF-8. */
	if (json_dump_callback(json, add_piece, out, flags) < 0)
		abort();
}
