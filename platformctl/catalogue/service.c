/* Reads one catalogue entry; docs/catalogue.md is the reference. */
#include "service.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "scoped.h"
#include "settings.h"
#include "specs.h"
#include "strbuf.h"

#include "banned.h"

static const char *const entry_keys[] = {
	"name",	   "summary", "profile", "needs", "memory_mb", "download_mb", "disk_mb",       "runtime",
	"ports",   "settings", "secrets", "packages", "files",     "env",	    "train",	       "setup",
	"run",	   "stop",    "start_timeout_s", "ready", "provision", "endpoints",   "engine",	       "engines",
	NULL,
};
static const char *const engine_keys[] = {
	"summary", "needs", "memory_mb", "download_mb", "disk_mb", "runtime", "settings", "secrets", "packages", "files",
	"env",	   "train", "setup",	 "run",		"stop",	   "start_timeout_s", "ready", "provision", "endpoints", NULL,
};

/* What the engine says about a key, or else the entry. */
static const struct ynode *get(const struct service *s, const char *key)
{
	const struct ynode *n = ynode_get(s->engine_tree, key);

	return n ? n : ynode_get(s->tree, key);
}

static int read_text(const struct service *s, const char *key, char **ret, struct err *e)
{
	const struct ynode *n = get(s, key);

	if (!n)
		return 0;
	if (ynode_want(n, YNODE_SCALAR, e))
		return -1;
	free(*ret);
	*ret = xstrdup(n->text);
	return 0;
}

static int read_int(const struct service *s, const char *key, int max, int *ret, struct err *e)
{
	const struct ynode *n = get(s, key);
	long long v;

	if (!n)
		return 0;
	if (ynode_int(n, 0, max, &v, e))
		return -1;
	*ret = (int)v;
	return 0;
}

/* A list of words; each must be a name, so that none can leave a folder or a shell word. */
static int read_words(const struct ynode *n, struct strlist *ret, struct err *e)
{
	if (!n)
		return 0;
	if (ynode_want(n, YNODE_LIST, e))
		return -1;
	for (size_t i = 0; i < n->n; i++) {
		if (ynode_want(n->items[i], YNODE_SCALAR, e))
			return -1;
		strlist_add(ret, n->items[i]->text);
	}
	return 0;
}

bool service_name_valid(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name) && *name != '-';
}

static int read_runtime(struct service *s, struct err *e)
{
	static const char *const keys[] = {"java", "python", NULL};
	const struct ynode *n = get(s, "runtime"), *java;

	if (!n)
		return 0;
	if (ynode_known_keys(n, keys, e))
		return -1;
	if (ynode_get(n, "python") && ynode_bool(ynode_get(n, "python"), &s->python, e))
		return -1;
	java = ynode_get(n, "java");
	if (!java)
		return 0;
	if (ynode_want(java, YNODE_LIST, e))
		return -1;
	if (java->n >= sizeof(s->java) / sizeof(s->java[0]))
		return ynode_err(java, e, "more majors than %zu", sizeof(s->java) / sizeof(s->java[0]) - 1);
	for (size_t i = 0; i < java->n; i++) {
		long long v;

		if (ynode_int(java->items[i], 8, 99, &v, e))
			return -1;
		s->java[i] = (int)v;
	}
	return 0;
}

static int read_ports(struct service *s, struct err *e)
{
	const struct ynode *n = get(s, "ports");

	if (!n)
		return 0;
	if (ynode_want(n, YNODE_MAP, e))
		return -1;
	s->ports = xcalloc(n->n + 1, sizeof(*s->ports));
	for (size_t i = 0; i < n->n; i++) {
		long long v;

		if (ynode_int(n->items[i], 1, 65535, &v, e))
			return -1;
		s->ports[s->n_ports++] = (struct port){xstrdup(n->items[i]->key), (int)v};
	}
	return 0;
}

static int read_package(struct package *p, const struct ynode *n, struct err *e)
{
	static const char *const keys[] = {"maven", "pip",   "go",    "apt",   "from", "into",
					   "unpack", "strip", "prune", "build", "path", NULL};
	static const char *const kinds[] = {"maven", "pip", "go", "apt", "from"};
	const struct ynode *v;
	long long strip = 0;
	int found = 0;

	if (ynode_known_keys(n, keys, e))
		return -1;
	p->where = n;
	for (int k = PACKAGE_MAVEN; k <= PACKAGE_FROM; k++) {
		if (!ynode_get(n, kinds[k]))
			continue;
		if (ynode_want(ynode_get(n, kinds[k]), YNODE_SCALAR, e))
			return -1;
		p->kind = (enum package_kind)k;
		free(p->manifest);
		p->manifest = xstrdup(ynode_text(n, kinds[k]));
		found++;
	}
	if (found != 1)
		return ynode_err(n, e, "a package names exactly one of maven, pip, go, apt, from");
	if (ynode_text(n, "into"))
		p->into = xstrdup(ynode_text(n, "into"));
	if (ynode_text(n, "build"))
		p->build = xstrdup(ynode_text(n, "build"));
	if (ynode_text(n, "path"))
		p->path = xstrdup(ynode_text(n, "path"));
	v = ynode_get(n, "unpack");
	if (v && ynode_bool(v, &p->unpack, e))
		return -1;
	v = ynode_get(n, "strip");
	if (v && ynode_int(v, 0, 16, &strip, e))
		return -1;
	p->strip = (int)strip;
	if (read_words(ynode_get(n, "prune"), &p->prune, e))
		return -1;
	if (p->kind != PACKAGE_APT && !p->into)
		p->into = xstrdup(".");
	if (p->kind == PACKAGE_GO && !p->build)
		return ynode_err(n, e, "a go package needs `build`, the command's import path");
	if (p->kind == PACKAGE_FROM && !p->path)
		return ynode_err(n, e, "a package from another service needs `path`");
	if ((p->into && strstr(p->into, "..")) || (p->path && strstr(p->path, "..")))
		return ynode_err(n, e, "`into` and `path` may not hold ..");
	return 0;
}

static int read_packages(struct service *s, struct err *e)
{
	const struct ynode *n = get(s, "packages");

	if (!n)
		return 0;
	if (ynode_want(n, YNODE_LIST, e))
		return -1;
	s->packages = xcalloc(n->n + 1, sizeof(*s->packages));
	for (size_t i = 0; i < n->n; i++) {
		struct package *p = &s->packages[s->n_packages++];
		scoped_free char *path = NULL;

		if (read_package(p, n->items[i], e))
			return -1;
		path = fsx_join(s->dir, p->manifest);
		if (p->kind != PACKAGE_FROM && !fsx_exists(path))
			return ynode_err(n->items[i], e, "the manifest %s is not there", path);
	}
	return 0;
}

static int read_stop(struct service *s, struct err *e)
{
	static const char *const keys[] = {"signal", "timeout_s", NULL};
	static const char *const signals[] = {"TERM", "INT", "QUIT", "HUP", NULL};
	const struct ynode *n = get(s, "stop"), *v;
	long long t;

	if (!n)
		return 0;
	if (ynode_known_keys(n, keys, e))
		return -1;
	v = ynode_get(n, "signal");
	if (v) {
		const char *const *k = signals;

		if (ynode_want(v, YNODE_SCALAR, e))
			return -1;
		while (*k && !str_eq(*k, v->text))
			k++;
		if (!*k)
			return ynode_err(v, e, "`signal` must be TERM, INT, QUIT or HUP, not %s", v->text);
		free(s->stop_signal);
		s->stop_signal = xstrdup(v->text);
	}
	v = ynode_get(n, "timeout_s");
	if (v) {
		if (ynode_int(v, 1, 600, &t, e))
			return -1;
		s->stop_timeout_s = (int)t;
	}
	return 0;
}

/* One typed thing, `{kind: {arguments}}`, against its table. */
static int check_typed(const struct ynode *n, const struct probe_spec *specs, const char *what, struct err *e)
{
	scoped(strlist_release) struct strlist keys = {0};
	const struct probe_spec *spec;

	if (ynode_want(n, YNODE_MAP, e))
		return -1;
	if (n->n != 1)
		return ynode_err(n, e, "%s has exactly one kind", what);
	spec = spec_find(specs, n->items[0]->key);
	if (!spec) {
		for (const struct probe_spec *k = specs; k->kind; k++)
			strlist_add(&keys, k->kind);
		return ynode_known_keys(n, (const char *const *)keys.items, e);
	}
	for (const char *const *k = spec->required; *k; k++) {
		if (!ynode_get(n->items[0], *k))
			return ynode_err(n->items[0], e, "the %s %s needs `%s`", n->items[0]->key, what, *k);
		strlist_add(&keys, *k);
	}
	for (const char *const *k = spec->optional; *k; k++)
		strlist_add(&keys, *k);
	return keys.n ? ynode_known_keys(n->items[0], (const char *const *)keys.items, e) : 0;
}

static int read_health(struct service *s, struct err *e)
{
	s->ready = get(s, "ready");
	if (!s->ready)
		return ynode_err(s->tree, e, "%s has no `ready`: nothing could tell whether it works", s->name);
	if (check_typed(s->ready, probe_specs, "probe", e))
		return -1;
	s->provision = get(s, "provision");
	if (!s->provision)
		return 0;
	if (ynode_want(s->provision, YNODE_LIST, e))
		return -1;
	for (size_t i = 0; i < s->provision->n; i++)
		if (check_typed(s->provision->items[i], step_specs, "step", e))
			return -1;
	return 0;
}

static int read_endpoints(struct service *s, struct err *e)
{
	static const char *const keys[] = {"name", "url", "user", "secret", NULL};
	const struct ynode *n = get(s, "endpoints");

	if (!n)
		return 0;
	if (ynode_want(n, YNODE_LIST, e))
		return -1;
	s->endpoints = xcalloc(n->n + 1, sizeof(*s->endpoints));
	for (size_t i = 0; i < n->n; i++) {
		struct endpoint *ep = &s->endpoints[s->n_endpoints];

		if (ynode_known_keys(n->items[i], keys, e))
			return -1;
		if (!ynode_text(n->items[i], "name") || !ynode_text(n->items[i], "url"))
			return ynode_err(n->items[i], e, "an endpoint needs `name` and `url`");
		ep->name = xstrdup(ynode_text(n->items[i], "name"));
		ep->url = ynode_get(n->items[i], "url");
		ep->user = ynode_get(n->items[i], "user");
		if (ynode_text(n->items[i], "secret"))
			ep->secret = xstrdup(ynode_text(n->items[i], "secret"));
		s->n_endpoints++;
	}
	return 0;
}

/* Chooses the variant: what the site says, else the entry's own word. */
static int read_engine(struct service *s, const char *engine, struct err *e)
{
	const struct ynode *engines = ynode_get(s->tree, "engines"), *own = ynode_get(s->tree, "engine");

	if (!engines) {
		if (own)
			return ynode_err(own, e, "`engine` without `engines`");
		if (engine) {
			err_set(e, ERR_CONFIG, "the service %s has no engines to choose from", s->name);
			return err_remedy(e, "remove `engine` of %s from the site file", s->name);
		}
		return 0;
	}
	if (ynode_want(engines, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; i < engines->n; i++) {
		if (ynode_known_keys(engines->items[i], engine_keys, e))
			return -1;
		strlist_add(&s->engines, engines->items[i]->key);
	}
	if (!own)
		return ynode_err(engines, e, "`engines` needs `engine`, the one to take by default");
	if (ynode_want(own, YNODE_SCALAR, e))
		return -1;
	if (!engine)
		engine = own->text;
	s->engine_tree = ynode_get(engines, engine);
	if (!s->engine_tree) {
		scoped_free char *known = strlist_join(&s->engines, ", ");

		err_set(e, ERR_CONFIG, "the service %s has no engine `%s`", s->name, engine);
		return err_remedy(e, "choose one of: %s", known);
	}
	s->engine = xstrdup(engine);
	return 0;
}

static int read_maps(struct service *s, struct err *e)
{
	static const char *const scripts[] = {"train", "setup", "run", NULL};
	const struct ynode **out[] = {&s->train, &s->setup, &s->run};

	s->files = get(s, "files");
	s->env = get(s, "env");
	if ((s->files && ynode_want(s->files, YNODE_MAP, e)) || (s->env && ynode_want(s->env, YNODE_MAP, e)))
		return -1;
	for (size_t i = 0; s->files && i < s->files->n; i++) {
		scoped_free char *path = NULL;

		if (ynode_want(s->files->items[i], YNODE_SCALAR, e))
			return -1;
		if (strstr(s->files->items[i]->key, ".."))
			return ynode_err(s->files->items[i], e, "a target may not hold ..");
		path = fsx_join(s->dir, s->files->items[i]->text);
		if (!strstr(path, "${") && !fsx_exists(path))
			return ynode_err(s->files->items[i], e, "the template %s is not there", path);
	}
	for (size_t i = 0; s->env && i < s->env->n; i++)
		if (ynode_want(s->env->items[i], YNODE_SCALAR, e))
			return -1;
	for (size_t i = 0; scripts[i]; i++) {
		*out[i] = get(s, scripts[i]);
		if (*out[i] && ynode_want(*out[i], YNODE_SCALAR, e))
			return -1;
	}
	if (!s->run)
		return ynode_err(s->tree, e, "%s has no `run`", s->name);
	return 0;
}

static int read_entry(struct service *s, const char *engine, struct err *e)
{
	if (ynode_known_keys(s->tree, entry_keys, e))
		return -1;
	if (!ynode_text(s->tree, "name") || !str_eq(ynode_text(s->tree, "name"), s->name))
		return ynode_err(s->tree, e, "`name` must be the folder's name, %s", s->name);
	if (read_engine(s, engine, e) || read_text(s, "summary", &s->summary, e) || read_text(s, "profile", &s->profile, e))
		return -1;
	if (!s->summary || !s->profile)
		return ynode_err(s->tree, e, "%s needs `summary` and `profile`", s->name);
	if (read_words(get(s, "needs"), &s->needs, e) || read_words(get(s, "secrets"), &s->secrets, e))
		return -1;
	if (read_int(s, "memory_mb", 1 << 20, &s->memory_mb, e) || read_int(s, "download_mb", 1 << 20, &s->download_mb, e) ||
	    read_int(s, "disk_mb", 1 << 20, &s->disk_mb, e) || read_int(s, "start_timeout_s", 3600, &s->start_timeout_s, e))
		return -1;
	if (read_runtime(s, e) || read_ports(s, e) || settings_parse(&s->settings, get(s, "settings"), e))
		return -1;
	if (read_packages(s, e) || read_maps(s, e) || read_stop(s, e) || read_health(s, e))
		return -1;
	return read_endpoints(s, e);
}

struct service *service_load(const char *dir, const char *engine, struct err *e)
{
	scoped(service_free_p) struct service *s = xcalloc(1, sizeof(*s));
	scoped_free char *file = fsx_join(dir, "service.yaml");
	const char *base = strrchr(dir, '/');

	s->dir = xstrdup(dir);
	s->name = xstrdup(base ? base + 1 : dir);
	s->host = xstrdup("127.0.0.1");
	s->stop_signal = xstrdup("TERM");
	s->stop_timeout_s = 20;
	s->start_timeout_s = 180;
	s->tree = ynode_load(file, e);
	if (!s->tree || read_entry(s, engine, e))
		return NULL;
	return take_ptr(&s);
}

void service_free(struct service *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_ports; i++)
		free(s->ports[i].name);
	for (size_t i = 0; i < s->n_packages; i++) {
		free(s->packages[i].manifest);
		free(s->packages[i].into);
		free(s->packages[i].build);
		free(s->packages[i].path);
		strlist_release(&s->packages[i].prune);
	}
	for (size_t i = 0; i < s->n_endpoints; i++) {
		free(s->endpoints[i].name);
		free(s->endpoints[i].secret);
	}
	free(s->ports);
	free(s->packages);
	free(s->endpoints);
	settings_release(&s->settings);
	strlist_release(&s->needs);
	strlist_release(&s->secrets);
	strlist_release(&s->engines);
	free(s->name);
	free(s->summary);
	free(s->profile);
	free(s->dir);
	free(s->stop_signal);
	free(s->engine);
	free(s->host);
	ynode_free(s->tree);
	free(s);
}

void service_free_p(struct service **s)
{
	service_free(*s);
}

int service_port(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (str_eq(s->ports[i].name, name))
			return s->ports[i].number;
	return -1;
}
