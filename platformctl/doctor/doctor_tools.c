/* Programs that are needed, and a Java virtual machine for each service that runs on one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_checks.h"
#include "fsx.h"
#include "java.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

struct need {
	const char *tool;
	const char *package; /* Debian's */
	const char *why;
};

static void missing(struct findings *l, const struct need *n)
{
	findings_add(l, FINDING_FAIL, "tools", xstrf("%s is missing: %s", n->tool, n->why),
		     xstrf("apt-get install %s", n->package));
}

/* Debian's packages, of services and for fetching: `up` installs them by itself, where it may. */
static void check_packages(const struct patient *pt, struct findings *l)
{
	scoped_free char *apt_get = fsx_which("apt-get"), *sudo = fsx_which("sudo");
	scoped_free char *names = pt->plan ? strlist_join(&pt->plan->apt, " ") : NULL;

	if (!pt->plan || pt->plan->apt.n == 0)
		return;
	if (apt_get && (geteuid() == 0 || sudo))
		findings_add(l, FINDING_OK, "tools", xstrf("Debian packages that will be installed: %s", names), NULL);
	else
		findings_add(l, FINDING_FAIL, "tools", xstrf("Debian packages are missing: %s", names),
			     xstrf("as root: apt-get install --no-install-recommends %s", names));
}

void doctor_tools(const struct patient *pt, struct findings *l)
{
	static const struct need always[] = {
	    {"s6-svscan", "s6", "it supervises the services"},
	    {"s6-supervise", "s6", "it supervises the services"},
	    {"s6-svc", "s6", "it starts and stops services"},
	    {"s6-svstat", "s6", "it tells the state of services"},
	    {"s6-log", "s6", "it writes and rotates the logs"},
	    {"tar", "tar", "archives are unpacked with it"},
	    {"diff", "diffutils", "it compares the staged catalogue"},
	};
	size_t before = l->n;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		scoped_free char *found = fsx_which(always[i].tool);

		if (!found)
			missing(l, &always[i]);
	}
	doctor_fine(l, before, "tools", xstrdup("s6, tar and diff are there"));
	check_packages(pt, l);
}

/* Which services a JVM is for: "Java 25 for kafka, connect". */
struct java_use {
	int major;
	bool fetched; /* it is still to come */
	struct strlist services;
};

static void note_use(struct java_use *uses, int major, bool fetched, const char *service)
{
	while (uses->major && (uses->major != major || uses->fetched != fetched))
		uses++;
	uses->major = major;
	uses->fetched = fetched;
	strlist_add(&uses->services, service);
}

static char *describe_uses(struct java_use *uses)
{
	struct strbuf sb = STRBUF_INIT;

	for (struct java_use *u = uses; u->major; u++) {
		scoped_free char *names = strlist_join(&u->services, ", ");

		strbuf_addf(&sb, "%sJava %d%s for %s", u == uses ? "" : "; ", u->major,
			    u->fetched ? " will be fetched" : "", names);
		strlist_release(&u->services);
	}
	return sb.len ? strbuf_detach(&sb) : xstrdup("no service of the selection needs it");
}

void doctor_java(const struct patient *pt, struct findings *l)
{
	scoped_free struct java_use *uses = xcalloc(pt->sel->n + 1, sizeof(*uses));
	size_t before = l->n;

	for (size_t i = 0; i < pt->sel->n; i++) {
		const struct service *s = pt->sel->items[i];
		scoped(java_release) struct java java = {0};
		struct err e = ERR_INIT;
		int major;

		if (s->external || !s->java[0])
			continue;
		if (java_find(pt->platform, s, &java, &e) == 0)
			note_use(uses, java.major, false, s->name);
		else if ((major = java_fetchable(pt->platform, s)))
			note_use(uses, major, true, s->name);
		else
			findings_add(l, FINDING_FAIL, "java", xstrdup(e.msg),
				     xstrf("apt-get install openjdk-%d-jre-headless, or set JAVA_HOME", s->java[0]));
	}
	doctor_fine(l, before, "java", describe_uses(uses));
}
