/* Asks a registry by HTTP and keeps the schemas that it answered with. */
#include "registry.h"

#include <string.h>

#include "http.h"
#include "jsonx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

struct known_schema {
	uint32_t id;
	struct avrox_schema *schema;
};

struct registry {
	struct http_client *http;
	char *base_url;
	int timeout_ms;
	struct known_schema *known; /* a handful: one a table and version */
	size_t n_known;
};

struct registry *registry_new(const char *base_url, int timeout_ms)
{
	struct registry *r = xcalloc(1, sizeof(*r));

	r->http = http_client_new();
	r->base_url = xstrdup(base_url);
	while (str_ends(r->base_url, "/"))
		r->base_url[strlen(r->base_url) - 1] = '\0';
	r->timeout_ms = timeout_ms;
	return r;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_known; i++)
		avrox_schema_free(r->known[i].schema);
	free(r->known);
	http_client_free(r->http);
	free(r->base_url);
	free(r);
}

void registry_free_p(struct registry **r)
{
	registry_free(*r);
}

/* GET base/path; 404 is ERR_MISSING with what was asked for. */
static json_t *get(struct registry *r, const char *path, struct err *e)
{
	scoped_free char *url = xstrf("%s%s", r->base_url, path);
	struct http_request req = {.url = url, .timeout_ms = r->timeout_ms};
	scoped(json_decref_p) json_t *answer = NULL;
	int status;

	if (http_json(r->http, &req, NULL, &status, &answer, e) != 0) {
		err_prefix(e, "schema registry");
		return NULL;
	}
	if (status >= 200 && status < 300)
		return take_ptr(&answer);
	err_set(e, status == 404 ? ERR_MISSING : status == 429 || status >= 500 ? ERR_RETRY : ERR_DATA,
	        "schema registry: %s: HTTP %d: %s", path, status, jsonx_str(answer, "message", "no reason given"));
	return NULL;
}

int registry_subjects(struct registry *r, struct strlist *out, struct err *e)
{
	scoped(json_decref_p) json_t *answer = get(r, "/subjects", e);
	json_t *subject;
	size_t i;

	if (!answer)
		return -1;
	if (!json_is_array(answer))
		return err_set(e, ERR_DATA, "schema registry: /subjects is no list");
	json_array_foreach (answer, i, subject)
		if (json_is_string(subject))
			strlist_add(out, json_string_value(subject));
	return 0;
}

const struct avrox_schema *registry_schema(struct registry *r, uint32_t id, struct err *e)
{
	scoped_free char *path = NULL;
	scoped(json_decref_p) json_t *answer = NULL;
	struct avrox_schema *schema;
	const char *text;

	for (size_t i = 0; i < r->n_known; i++)
		if (r->known[i].id == id)
			return r->known[i].schema;
	path = xstrf("/schemas/ids/%u", id);
	answer = get(r, path, e);
	if (!answer)
		return NULL;
	text = jsonx_str(answer, "schema", NULL);
	/* Confluent's API leaves schemaType out for Avro. */
	if (!text || strcmp(jsonx_str(answer, "schemaType", "AVRO"), "AVRO") != 0) {
		err_set(e, ERR_DATA, "schema registry: schema %u is not Avro", id);
		return NULL;
	}
	schema = avrox_schema_parse(text, strlen(text), e);
	if (!schema) {
		err_prefix(e, "schema registry: schema %u", id);
		return NULL;
	}
	r->known = xrealloc(r->known, (r->n_known + 1) * sizeof(*r->known));
	r->known[r->n_known++] = (struct known_schema){.id = id, .schema = schema};
	return schema;
}

json_t *registry_decode(struct registry *r, const void *data, size_t len, struct err *e)
{
	const struct avrox_schema *schema;
	const uint8_t *body;
	size_t body_len;
	uint32_t id;

	if (avrox_unframe(data, len, &id, &body, &body_len, e) != 0)
		return NULL;
	schema = registry_schema(r, id, e);
	return schema ? avrox_decode(schema, body, body_len, e) : NULL;
}
