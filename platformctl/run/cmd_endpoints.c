/* `platformctl endpoints`: where services listen, and in which file the password lies; never the password itself. */
#include <stdlib.h>

#include "command.h"
#include "output.h"
#include "scoped.h"
#include "secret.h"
#include "selecting.h"
#include "strbuf.h"
#include "template.h"

#include "banned.h"

static int add_endpoint(const struct platform *p, const struct service *s, const struct endpoint *ep, struct table *t,
			json_t *list, struct err *e)
{
	struct template_scope scope = {.platform = p, .service = s, .use = TEMPLATE_SCRIPT};
	scoped_free char *url = template_node(&scope, ep->url, e);
	scoped_free char *user = url && ep->user ? template_node(&scope, ep->user, e) : NULL;
	scoped_free char *file = ep->secret ? secret_path(p, ep->secret) : NULL;

	if (!url || (ep->user && !user))
		return -1;
	table_add(t, s->name, ep->name, url, user ? user : "", file ? file : "", NULL);
	return json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "service", s->name, "name",
						     ep->name, "url", url, "user", user, "password_file", file));
}

int cmd_endpoints(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	scoped(table_release) struct table t = {0};
	json_t *doc = output_json_new(), *list = json_array();

	json_object_set_new(doc, "endpoints", list);
	table_add(&t, "SERVICE", "NAME", "URL", "USER", "PASSWORD IN FILE", NULL);
	/* What was started here; before the first start, what would be by default. */
	selecting_all_installed(p, &sel);
	if (!sel.n) {
		selection_release(&sel);
		if (platform_select(p, NULL, NULL, &sel, e)) {
			json_decref(doc);
			return -1;
		}
	}
	for (size_t i = 0; i < sel.n; i++) {
		const struct service *s = sel.items[i];

		for (size_t k = 0; k < s->n_endpoints; k++)
			if (add_endpoint(p, s, &s->endpoints[k], &t, list, e)) {
				json_decref(doc);
				return -1;
			}
	}
	if (inv->json)
		return output_json(doc, e);
	json_decref(doc);
	return table_print(&t, e);
}
