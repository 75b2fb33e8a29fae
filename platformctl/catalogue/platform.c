/* Loads catalogue and site file into one value and checks that the whole holds together. */
#include "platform.h"

#include <dirent.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fsx.h"
#include "scoped.h"
#include "site.h"
#include "strbuf.h"

#include "banned.h"

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct service *const *)a)->name, (*(struct service *const *)b)->name);
}

static int load_services(struct platform *p, const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int failed = 0;

	if (!d)
		return err_sys(e, ERR_CONFIG, "cannot read the catalogue %s", dir);
	while (!failed && (entry = readdir(d))) {
		scoped_free char *folder = fsx_join(dir, entry->d_name);
		scoped_free char *file = fsx_join(folder, "service.yaml");
		struct service *s;

		if (entry->d_name[0] == '.' || !fsx_exists(file))
			continue;
		s = service_load(folder, site_engine(p, entry->d_name), e);
		failed = !s;
		if (!s)
			break;
		p->services = xrealloc(p->services, (p->n_services + 1) * sizeof(struct service *));
		p->services[p->n_services++] = s;
	}
	closedir(d);
	if (!failed && p->n_services)
		qsort(p->services, p->n_services, sizeof(struct service *), by_name);
	return failed ? -1 : 0;
}

static int load_common(struct platform *p, const char *dir, struct err *e)
{
	static const char *const keys[] = {"profiles", "default_profiles", "settings", NULL};
	scoped_free char *file = fsx_join(dir, "catalogue.yaml");
	const struct ynode *profiles, *defaults;

	p->tree = ynode_load(file, e);
	if (!p->tree || ynode_known_keys(p->tree, keys, e) || settings_parse(&p->settings, ynode_get(p->tree, "settings"), e))
		return -1;
	profiles = ynode_get(p->tree, "profiles");
	defaults = ynode_get(p->tree, "default_profiles");
	if (!profiles || profiles->kind != YNODE_MAP || !defaults || defaults->kind != YNODE_LIST)
		return ynode_err(p->tree, e, "catalogue.yaml needs `profiles` (a map) and `default_profiles` (a list)");
	p->profiles = xcalloc(profiles->n + 1, sizeof(*p->profiles));
	for (size_t i = 0; i < profiles->n; i++) {
		if (ynode_want(profiles->items[i], YNODE_SCALAR, e))
			return -1;
		p->profiles[p->n_profiles++] =
			(struct profile){xstrdup(profiles->items[i]->key), xstrdup(profiles->items[i]->text)};
	}
	for (size_t i = 0; i < defaults->n; i++) {
		if (ynode_want(defaults->items[i], YNODE_SCALAR, e))
			return -1;
		strlist_add(&p->default_profiles, defaults->items[i]->text);
	}
	return 0;
}

static void platform_free_p(struct platform **p)
{
	platform_free(*p);
}

struct platform *platform_load(struct paths *paths, int port_offset, struct err *e)
{
	scoped(platform_free_p) struct platform *p = xcalloc(1, sizeof(*p));
	scoped_free char *dir = fsx_join(paths->root, "services");
	struct paths own = *paths;

	p->paths = *paths;
	if (site_load(p, e) || load_common(p, dir, e) || load_services(p, dir, e) || site_apply(p, port_offset, e) ||
	    platform_check(p, e)) {
		/* The caller keeps its paths when loading fails. */
		p->paths = (struct paths){0};
		*paths = own;
		return NULL;
	}
	*paths = (struct paths){0};
	return take_ptr(&p);
}

void platform_free(struct platform *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_services; i++)
		service_free(p->services[i]);
	for (size_t i = 0; i < p->n_profiles; i++) {
		free(p->profiles[i].name);
		free(p->profiles[i].summary);
	}
	for (size_t i = 0; i < p->n_secret_sources; i++) {
		free(p->secret_sources[i].name);
		free(p->secret_sources[i].file);
	}
	free(p->services);
	free(p->profiles);
	free(p->secret_sources);
	strlist_release(&p->default_profiles);
	settings_release(&p->settings);
	ynode_free(p->tree);
	ynode_free(p->site_tree);
	paths_release(&p->paths);
	free(p);
}

struct service *platform_service(const struct platform *p, const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	const char *near;

	for (size_t i = 0; i < p->n_services; i++) {
		if (str_eq(p->services[i]->name, name))
			return p->services[i];
		strlist_add(&names, p->services[i]->name);
	}
	err_set(e, ERR_USAGE, "unknown service `%s`", name);
	near = strlist_nearest(&names, name);
	if (near) {
		err_remedy(e, "did you mean `%s`?", near);
	} else {
		scoped_free char *all = strlist_join(&names, ", ");

		err_remedy(e, "services: %s", all);
	}
	return NULL;
}

static int check_profile(const struct platform *p, const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	scoped_free char *all = NULL;
	const char *near;

	for (size_t i = 0; i < p->n_profiles; i++)
		strlist_add(&names, p->profiles[i].name);
	if (strlist_has(&names, name))
		return 0;
	err_set(e, ERR_USAGE, "unknown profile `%s`", name);
	near = strlist_nearest(&names, name);
	if (near)
		return err_remedy(e, "did you mean `%s`?", near);
	all = strlist_join(&names, ", ");
	return err_remedy(e, "profiles: %s", all);
}

/* Adds what s needs, then s. The needs exist and have no cycle: platform_check has seen to it. */
static void select_with_needs(const struct platform *p, struct service *s, struct selection *sel)
{
	if (selection_has(sel, s))
		return;
	for (size_t i = 0; !s->external && i < s->needs.n; i++) {
		struct err ignored = ERR_INIT;
		struct service *need = platform_service(p, s->needs.items[i], &ignored);

		if (need)
			select_with_needs(p, need, sel);
	}
	sel->items[sel->n++] = s;
}

int platform_select(const struct platform *p, const struct strlist *names, const struct strlist *profiles,
                    struct selection *ret, struct err *e)
{
	bool by_default = (!names || !names->n) && (!profiles || !profiles->n);
	const struct strlist *chosen = by_default ? &p->default_profiles : profiles;
	scoped(selection_release) struct selection sel = {.items = xcalloc(p->n_services + 1, sizeof(struct service *))};

	for (size_t i = 0; chosen && i < chosen->n; i++) {
		if (check_profile(p, chosen->items[i], e))
			return -1;
		for (size_t k = 0; k < p->n_services; k++)
			if (str_eq(p->services[k]->profile, chosen->items[i]))
				select_with_needs(p, p->services[k], &sel);
	}
	for (size_t i = 0; names && i < names->n; i++) {
		struct service *s = platform_service(p, names->items[i], e);

		if (!s)
			return -1;
		select_with_needs(p, s, &sel);
	}
	ret->items = take_ptr(&sel.items);
	ret->n = sel.n;
	return 0;
}

void selection_release(struct selection *sel)
{
	free(sel->items);
	*sel = (struct selection){0};
}

bool selection_has(const struct selection *sel, const struct service *s)
{
	for (size_t i = 0; i < sel->n; i++)
		if (sel->items[i] == s)
			return true;
	return false;
}

static void add_file(const char *dir, const char *name, struct strbuf *sb)
{
	scoped_free char *path = fsx_join(dir, name);
	struct err ignored = ERR_INIT;

	strbuf_addf(sb, "\n%s\n", name);
	fsx_read(path, sb, &ignored);
}

/* The manifest and what locks it: pom.xml has pom.lock, go.mod has go.sum; the others lock themselves. */
static void add_package(const struct platform *p, const struct service *s, const struct package *pkg, struct strbuf *sb)
{
	scoped_free char *stem = xstrndup(pkg->manifest, strcspn(pkg->manifest, "."));

	strbuf_addf(sb, "%d %s %s %d %d %s", (int)pkg->kind, pkg->into ? pkg->into : "", pkg->build ? pkg->build : "",
	            pkg->unpack, pkg->strip, pkg->path ? pkg->path : "");
	for (size_t i = 0; i < pkg->prune.n; i++)
		strbuf_addf(sb, " %s", pkg->prune.items[i]);
	if (pkg->kind == PACKAGE_FROM) {
		struct err ignored = ERR_INIT;
		const struct service *from = platform_service(p, pkg->manifest, &ignored);
		scoped_free char *dir = from && from != s ? platform_packages_dir(p, from) : NULL;

		strbuf_addstr(sb, dir ? strrchr(dir, '/') : pkg->manifest);
		return;
	}
	add_file(s->dir, pkg->manifest, sb);
	if (pkg->kind == PACKAGE_MAVEN) {
		size_t base = strlen(pkg->manifest) - (str_ends(pkg->manifest, ".xml") ? 4 : 0);
		scoped_free char *lock = xstrf("%.*s.lock", (int)base, pkg->manifest);

		add_file(s->dir, lock, sb);
	} else if (pkg->kind == PACKAGE_GO) {
		scoped_free char *sum = xstrf("%s.sum", stem);

		add_file(s->dir, sum, sb);
	}
}

char *platform_packages_dir(const struct platform *p, const struct service *s)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;
	unsigned char digest[SHA256_DIGEST_LENGTH];

	for (size_t i = 0; i < s->n_packages; i++)
		add_package(p, s, &s->packages[i], &sb);
	SHA256((const unsigned char *)sb.buf, sb.len, digest);
	return xstrf("%s/packages/%s%s%s-%02x%02x%02x%02x", p->paths.cache, s->name, s->engine ? "-" : "",
	             s->engine ? s->engine : "", digest[0], digest[1], digest[2], digest[3]);
}
