/* `platformctl doctor`: prints what stands in the way of `up` on this machine. */
#include "command.h"
#include "doctor.h"
#include "output.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static int print_json(const struct findings *l, struct err *e)
{
	json_t *doc = output_json_new(), *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "level",
						      finding_level_name(l->items[i].level), "area", l->items[i].area,
						      "text", l->items[i].text, "remedy", l->items[i].remedy));
	json_object_set_new(doc, "ok", json_boolean(findings_failed(l) == 0));
	json_object_set_new(doc, "findings", list);
	return output_json(doc, e);
}

static int print_text(const struct findings *l, struct err *e)
{
	static const enum paint paints[] = {PAINT_GREEN, PAINT_YELLOW, PAINT_RED};
	size_t failed = findings_failed(l);

	for (size_t i = 0; i < l->n; i++) {
		const struct finding *f = &l->items[i];

		if (output_line(e, "%s%-4s%s  %-8s  %s\n", output_paint(paints[f->level]), finding_level_name(f->level),
				output_plain(), f->area, f->text))
			return -1;
		if (*f->remedy && output_line(e, "%16sremedy: %s\n", "", f->remedy))
			return -1;
	}
	if (failed)
		return output_line(e, "\n%zu of %zu findings stand in the way of `platformctl up`.\n", failed, l->n);
	return output_line(e, "\nNothing stands in the way: platformctl up\n");
}

int cmd_doctor(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	scoped(findings_release) struct findings found = {0};
	scoped(strlist_release) struct strlist profiles = {0};
	const char *profile = invocation_option(inv, "profile");

	if (profile)
		strlist_split(&profiles, profile, ",");
	if (platform_select(p, &inv->args, &profiles, &sel, e) || doctor_run(p, &sel, &found, e))
		return -1;
	if (inv->json ? print_json(&found, e) : print_text(&found, e))
		return -1;
	return findings_failed(&found) ? err_set(e, ERR_MISSING, "%s", "") : 0;
}
