/* `platformctl version`. */
#include "command.h"
#include "output.h"

#include "banned.h"

int cmd_version(struct platform *p, const struct invocation *inv, struct err *e)
{
	json_t *doc;

	(void)p;
	if (!inv->json)
		return output_line(e, "platformctl " VERSION "\n");
	doc = output_json_new();
	json_object_set_new(doc, "version", json_string(VERSION));
	return output_json(doc, e);
}
