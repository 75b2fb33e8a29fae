/* Runs every check and keeps what they find. */
#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "doctor_checks.h"
#include "fsx.h"
#include "s6.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

void findings_add(struct findings *l, enum finding_level level, const char *area, char *text, char *remedy)
{
	l->items = xrealloc(l->items, (l->n + 1) * sizeof(*l->items));
	l->items[l->n++] = (struct finding){level, area, text, remedy ? remedy : xstrdup("")};
}

void findings_release(struct findings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].text);
		free(l->items[i].remedy);
	}
	free(l->items);
	*l = (struct findings){0};
}

size_t findings_failed(const struct findings *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->items[i].level == FINDING_FAIL;
	return n;
}

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = {"ok", "warn", "fail"};

	return names[level];
}

int findings_err(const struct findings *l, struct err *e)
{
	size_t n = findings_failed(l), first = 0;

	while (first < l->n && l->items[first].level != FINDING_FAIL)
		first++;
	if (first == l->n)
		return err_set(e, ERR_FATAL, "the doctor found nothing wrong");
	err_set(e, ERR_MISSING, "%s: %s", l->items[first].area, l->items[first].text);
	if (n > 1)
		return err_remedy(e, "%s; then %zu more: platformctl doctor", l->items[first].remedy, n - 1);
	return err_remedy(e, "%s", l->items[first].remedy);
}

void doctor_fine(struct findings *l, size_t before, const char *area, char *text)
{
	if (l->n == before)
		findings_add(l, FINDING_OK, area, text, NULL);
	else
		free(text);
}

char *doctor_existing(const char *path)
{
	scoped_free char *dir = xstrdup(path);

	while (!fsx_exists(dir)) {
		char *slash = strrchr(dir, '/');

		if (!slash || slash == dir)
			return xstrdup("/");
		*slash = '\0';
	}
	return take_ptr(&dir);
}

int64_t doctor_number(const char *dir, const char *name, int64_t fallback)
{
	scoped_free char *path = fsx_join(dir, name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	char *end;
	long long v;

	if (fsx_read(path, &text, &ignored))
		return fallback;
	v = strtoll(text.buf, &end, 10);
	return end == text.buf ? fallback : v;
}

int doctor_run(const struct platform *p, const struct selection *sel, struct findings *ret, struct err *e)
{
	static void (*const checks[])(const struct patient *, struct findings *) = {
	    doctor_tools, doctor_java,   doctor_memory, doctor_folders,  doctor_disk,
	    doctor_ports, doctor_limits, doctor_clock,  doctor_external,
	};
	scoped_free bool *running = xcalloc(sel->n + 1, sizeof(*running));
	scoped(fetch_plan_release) struct fetch_plan plan = {0};
	struct err cause = ERR_INIT;
	struct patient pt = {
	    .platform = p,
	    .sel = sel,
	    .running = running,
	    .proc = "/proc",
	    .cgroup = "/sys/fs/cgroup",
	    .user = geteuid() == 0 ? ACCOUNT_NAME : NULL,
	};

	(void)e;
	for (size_t i = 0; i < sel->n; i++) {
		struct s6_state st;

		if (sel->items[i]->external)
			continue;
		s6_state(p, sel->items[i], &st);
		running[i] = st.up;
	}
	if (fetch_plan(p, sel, &plan, &cause) == 0)
		pt.plan = &plan;
	else
		findings_add(ret, FINDING_FAIL, "tools", xstrdup(cause.msg), xstrdup(cause.remedy));
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&pt, ret);
	return 0;
}
