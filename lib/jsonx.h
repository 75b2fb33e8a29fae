/*
 * What jansson leaves to its users: parsing with errors as struct err, reading by path, writing to a strbuf.
 *
 * A path names members by dots and list entries by their position: "tasks.0.state". A member whose name holds a dot is
 * out of its reach; use json_object_get() there.
 */
#ifndef JSONX_H
#define JSONX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "strbuf.h"

/* For scoped(json_decref_p): `scoped(json_decref_p) json_t *answer = NULL;` */
static inline void json_decref_p(json_t **json)
{
	json_decref(*json);
}

/*
 * Any JSON value, scalars included; the caller decrefs. NULL and ERR_DATA with line and column otherwise; the text itself is
 * not quoted, as it may be a secret or a row.
 */
json_t *jsonx_parse(const char *text, size_t len, struct err *e);

/* The value at the path, borrowed; NULL when there is none or root is NULL. "" is root itself. */
json_t *jsonx_get(const json_t *root, const char *path);
/* The string at the path, borrowed from root; fallback when there is none or it is no string. */
const char *jsonx_str(const json_t *root, const char *path, const char *fallback);
/* The integer at the path; fallback when there is none or it is no integer. */
int64_t jsonx_int(const json_t *root, const char *path, int64_t fallback);
/* The number at the path, integer or real; fallback when there is none. */
double jsonx_real(const json_t *root, const char *path, double fallback);
/* The boolean at the path; fallback when there is none or it is no boolean. */
bool jsonx_bool(const json_t *root, const char *path, bool fallback);

enum jsonx_order {
	JSONX_AS_BUILT, /* members in the order in which they were set */
	JSONX_SORTED,   /* by name: the same value is always the same bytes */
};

/* Adds the value on one line without white space or newline; reals with 17 digits, so that they survive. */
void jsonx_dump(const json_t *json, enum jsonx_order order, struct strbuf *out);

#endif
