/*
 * A schema registry with Confluent's API: subjects, and the schema of an id. An id's schema never changes, so each is
 * fetched once and kept, decoded, for the life of the handle.
 *
 * The base address is what Confluent's paths are put behind, e.g. http://127.0.0.1:8085/apis/ccompat/v7. One handle belongs to one thread.
 * Errors: ERR_RETRY when the registry is away or answers 429 or 5xx, ERR_MISSING for an unknown id or subject,
 * ERR_DATA for an answer or schema that cannot be read.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdint.h>

#include "avrox.h"
#include "err.h"
#include "strlist.h"

struct registry;

/* Copies the address; does not connect. timeout_ms bounds each request. */
struct registry *registry_new(const char *base_url, int timeout_ms);
/* Accepts NULL. */
void registry_free(struct registry *r);
void registry_free_p(struct registry **r); /* for scoped() */

/* Adds the names of all subjects. Blocks up to the timeout. */
int registry_subjects(struct registry *r, struct strlist *out, struct err *e);
/* The Avro schema of an id, borrowed until registry_free(); NULL on error. Blocks up to the timeout when it is new. */
const struct avrox_schema *registry_schema(struct registry *r, uint32_t id, struct err *e);
/* Decodes a framed message (avrox.h) with the schema that it names. New reference. */
json_t *registry_decode(struct registry *r, const void *data, size_t len, struct err *e);

#endif
