/* What is missing on this machine for a selection of services, found by looking at files; nothing is changed or fetched. */
#include <stdlib.h>
#include <string.h>

#include "apt.h"
#include "fetch.h"
#include "fsx.h"
#include "install.h"
#include "java.h"
#include "lockfile.h"
#include "runtimes.h"
#include "scoped.h"
#include "strbuf.h"
#include "train.h"

#include "banned.h"

#define MB 1000000LL
/* What the wheels of the fetched runtimes weigh, and what they are unpacked. */
#define JAVA_TRANSFER (36 * MB)
#define JAVA_DISK (105 * MB)
#define GO_TRANSFER (75 * MB)
#define GO_DISK (240 * MB)
#define CA_CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

void fetch_plan_release(struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		free(plan->items[i].dir);
	free(plan->items);
	strlist_release(&plan->apt);
	strlist_release(&plan->apt_why);
	*plan = (struct fetch_plan){0};
}

static bool has_packages(const struct service *s)
{
	for (size_t i = 0; i < s->n_packages; i++)
		if (s->packages[i].kind != PACKAGE_APT)
			return true;
	return false;
}

static bool has_kind(const struct service *s, enum package_kind kind)
{
	for (size_t i = 0; i < s->n_packages; i++)
		if (s->packages[i].kind == kind)
			return true;
	return false;
}

static bool dir_is_complete(const char *dir)
{
	scoped_free char *stamp = fsx_join(dir, INSTALL_STAMP);

	return fsx_exists(stamp);
}

bool fetch_is_complete(const struct platform *p, const struct service *s)
{
	scoped_free char *dir = NULL;

	if (s->external || !has_packages(s))
		return true;
	dir = platform_packages_dir(p, s);
	return dir_is_complete(dir);
}

static bool has_item(const struct fetch_plan *plan, const struct service *s)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->items[i].service == s)
			return true;
	return false;
}

/* Adds the service behind those whose files it takes. */
static int add_item(struct fetch_plan *plan, const struct service *s, bool extra, struct err *e)
{
	struct fetch_service item = {.service = s, .extra = extra, .complete = true};

	if (has_item(plan, s))
		return 0;
	for (size_t i = 0; i < s->n_packages; i++) {
		const struct service *other;

		if (s->packages[i].kind != PACKAGE_FROM)
			continue;
		other = platform_service(plan->platform, s->packages[i].manifest, e);
		if (!other)
			return -1;
		if (other == s) {
			ynode_err(s->packages[i].where, e, "a service cannot take its own files");
			return err_remedy(e, "name another service behind `from`");
		}
		if (add_item(plan, other, true, e))
			return -1;
	}
	if (has_packages(s)) {
		item.dir = platform_packages_dir(plan->platform, s);
		item.complete = dir_is_complete(item.dir);
	}
	plan->items = xrealloc(plan->items, (plan->n + 1) * sizeof(*plan->items));
	plan->items[plan->n++] = item;
	return 0;
}

static int add_selection(struct fetch_plan *plan, const struct selection *sel, struct err *e)
{
	for (size_t i = 0; i < sel->n; i++)
		if (!sel->items[i]->external && add_item(plan, sel->items[i], false, e))
			return -1;
	/* One that was added for its files first, and is selected as well, is no extra. */
	for (size_t i = 0; i < plan->n; i++)
		for (size_t k = 0; k < sel->n; k++)
			if (sel->items[k] == plan->items[i].service && !sel->items[k]->external)
				plan->items[i].extra = false;
	return 0;
}

/* Adds what of a lock is neither in the repository nor counted before for another service. */
static int count_lock(const struct fetch_plan *plan, const struct service *s, const struct package *pkg,
                      struct strlist *counted, int64_t *missing, int64_t *total, struct err *e)
{
	scoped_free char *name = lockfile_name(pkg->manifest), *path = fsx_join(s->dir, name);
	scoped_free char *m2 = fsx_join(plan->platform->paths.cache, "m2");
	scoped(lockfile_release) struct lockfile lock = {0};

	if (lockfile_load(&lock, path, e))
		return -1;
	*total += lockfile_total_bytes(&lock);
	for (size_t i = 0; i < lock.n; i++) {
		struct lockfile one = {.items = &lock.items[i], .n = 1};
		int64_t bytes = lockfile_missing_bytes(&one, m2);

		if (bytes && strlist_add_unique(counted, lock.items[i].path))
			*missing += bytes;
	}
	return 0;
}

static int count_item(struct fetch_plan *plan, struct fetch_service *item, struct strlist *counted, struct err *e)
{
	const struct service *s = item->service;
	int64_t missing = 0, total = 0, rest;

	for (size_t i = 0; i < s->n_packages; i++)
		if (s->packages[i].kind == PACKAGE_MAVEN &&
		    count_lock(plan, s, &s->packages[i], counted, &missing, &total, e))
			return -1;
	item->disk_bytes = s->disk_mb * MB;
	item->bytes_estimated = has_kind(s, PACKAGE_PIP) || has_kind(s, PACKAGE_GO);
	/* What download_mb says beyond Maven's files is pip's and Go's, of which no lock tells the length. */
	rest = item->bytes_estimated ? s->download_mb * MB - total : 0;
	item->transfer_bytes = missing + (rest > 0 ? rest : 0);
	return 0;
}

static int want_go(struct fetch_plan *plan, struct fetch_service *item, struct err *e)
{
	const struct service *s = item->service;

	for (size_t i = 0; i < s->n_packages; i++) {
		scoped_free char *path = NULL, *go = NULL;
		scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

		if (s->packages[i].kind != PACKAGE_GO)
			continue;
		path = fsx_join(s->dir, s->packages[i].manifest);
		if (fsx_read(path, &text, e))
			return -1;
		go = runtimes_go(plan->platform, runtimes_go_wanted(text.buf));
		item->go |= !go;
	}
	return 0;
}

/* True when a Debian package that is going to be installed brings a JVM that the service accepts. */
static bool apt_has_java(const struct fetch_plan *plan, const struct service *s)
{
	for (size_t i = 0; i < plan->apt.n; i++)
		for (const int *major = s->java; *major; major++)
			if (apt_brings_java(plan->apt.items[i], *major))
				return true;
	return false;
}

static void want_java(struct fetch_plan *plan, struct fetch_service *item)
{
	scoped(java_release) struct java java = {0};
	struct err ignored = ERR_INIT;

	if (!item->service->java[0] || item->extra || java_find(plan->platform, item->service, &java, &ignored) == 0)
		return;
	if (!apt_has_java(plan, item->service))
		item->java = java_fetchable(plan->platform, item->service);
}

static void add_apt(struct fetch_plan *plan, const char *choice, const char *why)
{
	if (strlist_add_unique(&plan->apt, choice))
		strlist_add(&plan->apt_why, why);
}

/* The services' own Debian packages. Where there is no dpkg nothing can be said, and the service itself will complain. */
static int want_apt(struct fetch_plan *plan, struct err *e)
{
	scoped(strlist_release) struct strlist all = {0}, why = {0}, installed = {0};
	scoped_free char *dpkg = fsx_which("dpkg-query");

	for (size_t i = 0; dpkg && i < plan->n; i++) {
		const struct service *s = plan->items[i].service;

		for (size_t k = 0; k < s->n_packages && !plan->items[i].extra; k++) {
			scoped_free char *path = NULL;

			if (s->packages[k].kind != PACKAGE_APT)
				continue;
			path = fsx_join(s->dir, s->packages[k].manifest);
			if (apt_load(path, &all, e))
				return -1;
			while (why.n < all.n)
				strlist_add(&why, s->name);
		}
	}
	apt_installed(&all, &installed);
	for (size_t i = 0; i < all.n; i++)
		if (!apt_satisfied(all.items[i], &installed))
			add_apt(plan, all.items[i], why.items[i]);
	return 0;
}

/* The clients that what is to be fetched needs. */
static void want_tools(struct fetch_plan *plan)
{
	scoped_free char *mvn = fsx_which("mvn"), *python = runtimes_python();
	bool fetching = false, with_pip = false, with_maven = false, with_python = false;

	for (size_t i = 0; i < plan->n; i++) {
		const struct fetch_service *item = &plan->items[i];

		fetching |= !item->complete || item->java || item->go;
		with_maven |= !item->complete && has_kind(item->service, PACKAGE_MAVEN) && item->transfer_bytes > 0;
		with_pip |= (!item->complete && has_kind(item->service, PACKAGE_PIP)) || item->java || item->go;
		with_python |= item->service->python && !item->extra;
	}
	if (with_maven && !mvn)
		add_apt(plan, "maven", "fetching");
	if (with_pip && (!python || !runtimes_python_has_venv(python)))
		add_apt(plan, "python3-venv", "fetching");
	if (with_python && !python)
		add_apt(plan, "python3", "Python services");
	if (fetching && !fsx_exists(CA_CERTIFICATES))
		add_apt(plan, "ca-certificates", "fetching");
}

static void add_up(struct fetch_plan *plan)
{
	bool seen[128] = {false}, go = false;

	plan->complete = plan->apt.n == 0;
	for (size_t i = 0; i < plan->n; i++) {
		struct fetch_service *item = &plan->items[i];

		plan->transfer_bytes += item->transfer_bytes;
		plan->disk_bytes += item->disk_bytes;
		plan->complete &= item->complete && !item->train && !item->java && !item->go;
		if (item->java > 0 && item->java < 128 && !seen[item->java]) {
			seen[item->java] = true;
			plan->transfer_bytes += JAVA_TRANSFER;
			plan->disk_bytes += JAVA_DISK;
		}
		if (item->go && !go) {
			go = true;
			plan->transfer_bytes += GO_TRANSFER;
			plan->disk_bytes += GO_DISK;
		}
	}
}

static int fill(struct fetch_plan *plan, const struct selection *sel, struct err *e)
{
	scoped(strlist_release) struct strlist counted = {0};

	if (add_selection(plan, sel, e) || want_apt(plan, e))
		return -1;
	for (size_t i = 0; i < plan->n; i++) {
		struct fetch_service *item = &plan->items[i];

		if (!item->complete && (count_item(plan, item, &counted, e) || want_go(plan, item, e)))
			return -1;
		want_java(plan, item);
		item->train = !item->extra && train_state(plan->platform, item->service) == TRAIN_TODO;
	}
	want_tools(plan);
	add_up(plan);
	return 0;
}

int fetch_plan(const struct platform *p, const struct selection *sel, struct fetch_plan *ret, struct err *e)
{
	struct fetch_plan plan = {.platform = p};

	if (fill(&plan, sel, e)) {
		fetch_plan_release(&plan);
		return -1;
	}
	*ret = plan;
	return 0;
}
