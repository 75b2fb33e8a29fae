/* Expands ${…}: finds the names, looks each up in its scope, complains at the place where it stood. */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "java.h"
#include "scoped.h"
#include "secret.h"

#include "banned.h"

/* Longest name between the braces; beyond it the closing brace was forgotten. */
#define MAX_NAME 128

static bool only_checks(enum template_use use)
{
	return use == TEMPLATE_CHECK || use == TEMPLATE_CHECK_SCRIPT;
}

static bool may_hold_secrets(enum template_use use)
{
	return use == TEMPLATE_CHECK || use == TEMPLATE_FILE;
}

static int unknown(const char *name, const struct strlist *known, struct err *e)
{
	const char *near = strlist_nearest(known, name);

	err_set(e, ERR_CONFIG, "unknown name ${%s}", name);
	if (near)
		return err_remedy(e, "did you mean ${%s}? A literal ${ is written $${", near);
	return err_remedy(e, "docs/catalogue.md lists the names; a literal ${ is written $${");
}

static void add_path(const struct template_scope *sc, const char *kind, struct strbuf *out)
{
	scoped_free char *path = paths_of(&sc->platform->paths, kind, sc->service->name);

	strbuf_addstr(out, path);
}

static void add_packages(const struct template_scope *sc, const struct service *s, struct strbuf *out)
{
	scoped_free char *path = platform_packages_dir(sc->platform, s);

	strbuf_addstr(out, path);
}

/* The options that use a start-up cache, or record one: -XX:AOTCache (JEP 514) from Java 25, AppCDS before. */
static void add_java_startup(const struct template_scope *sc, int major, struct strbuf *out)
{
	scoped_free char *dir = platform_packages_dir(sc->platform, sc->service);
	scoped_free char *cache = xstrf("%s/start-up.%s", dir, major >= 25 ? "aot" : "jsa");

	if (sc->use == TEMPLATE_TRAIN)
		strbuf_addf(out, major >= 25 ? "-XX:AOTCacheOutput=%s" : "-XX:ArchiveClassesAtExit=%s", cache);
	else if (fsx_exists(cache))
		strbuf_addf(out, major >= 25 ? "-XX:AOTCache=%s" : "-XX:SharedArchiveFile=%s", cache);
}

static int expand_java(const struct template_scope *sc, const char *what, struct strbuf *out, struct err *e)
{
	static const char *const known[] = {"home", "major", "startup", NULL};
	scoped(java_release) struct java java = {0};
	const char *const *k = known;

	while (*k && !str_eq(*k, what))
		k++;
	if (!*k) {
		err_set(e, ERR_CONFIG, "unknown name ${java.%s}", what);
		return err_remedy(e, "there are ${java.home}, ${java.major} and ${java.startup}");
	}
	if (!sc->service || !sc->service->java[0]) {
		err_set(e, ERR_CONFIG, "${java.%s} in a service that has no `runtime: {java: […]}`", what);
		return err_remedy(e, "say in service.yaml which Java majors it runs on");
	}
	if (only_checks(sc->use))
		return 0;
	if (java_find(sc->platform, sc->service, &java, e))
		return -1;
	if (str_eq(what, "home"))
		strbuf_addstr(out, java.home);
	else if (str_eq(what, "major"))
		strbuf_addf(out, "%d", java.major);
	else
		add_java_startup(sc, java.major, out);
	return 0;
}

static int expand_secret(const struct template_scope *sc, const char *name, struct strbuf *out, struct err *e)
{
	struct strlist known = {0};
	scoped_free char *value = NULL;
	int bad = 0;

	if (!may_hold_secrets(sc->use)) {
		err_set(e, ERR_CONFIG, "${secret.%s} in a script would stand in a process list", name);
		return err_remedy(e, "put it into `env` or into a file of `files`");
	}
	for (size_t i = 0; i < sc->platform->n_services; i++)
		for (size_t k = 0; k < sc->platform->services[i]->secrets.n; k++)
			strlist_add(&known, sc->platform->services[i]->secrets.items[k]);
	if (!strlist_has(&known, name)) {
		const char *near = strlist_nearest(&known, name);

		bad = err_set(e, ERR_CONFIG, "no service has the secret `%s`", name);
		if (near)
			err_remedy(e, "did you mean ${secret.%s}?", near);
		else
			err_remedy(e, "list it under `secrets` of the service that owns it");
	}
	strlist_release(&known);
	if (bad || only_checks(sc->use))
		return bad;
	value = secret_get(sc->platform, name, e);
	if (!value)
		return -1;
	strbuf_addstr(out, value);
	return 0;
}

/* A port or a setting of a service; true when there is one. */
static bool expand_member(const struct service *s, const char *name, struct strbuf *out)
{
	const struct setting *setting = settings_find(&s->settings, name);
	int port = service_port(s, name);

	if (setting)
		strbuf_addstr(out, setting->value);
	else if (port >= 0)
		strbuf_addf(out, "%d", port);
	else
		return false;
	return true;
}

static void list_members(const struct service *s, const char *prefix, struct strlist *known)
{
	for (size_t i = 0; i < s->n_ports; i++)
		strlist_addf(known, "%s%s", prefix, s->ports[i].name);
	for (size_t i = 0; i < s->settings.n; i++)
		strlist_addf(known, "%s%s", prefix, s->settings.items[i].name);
}

static int expand_of_service(const struct template_scope *sc, const char *owner, const char *member, struct strbuf *out,
                             struct err *e)
{
	scoped(strlist_release) struct strlist known = {0};
	scoped_free char *name = xstrf("%s.%s", owner, member), *prefix = xstrf("%s.", owner);

	for (size_t i = 0; i < sc->platform->n_services; i++) {
		const struct service *s = sc->platform->services[i];

		strlist_addf(&known, "%s.host", s->name);
		if (!str_eq(s->name, owner))
			continue;
		if (str_eq(member, "host"))
			strbuf_addstr(out, s->host);
		else if (str_eq(member, "packages"))
			add_packages(sc, s, out);
		else if (str_eq(member, "service_dir"))
			strbuf_addstr(out, s->dir);
		else if (!expand_member(s, member, out)) {
			list_members(s, prefix, &known);
			return unknown(name, &known, e);
		}
		return 0;
	}
	return unknown(name, &known, e);
}

static int expand_platform(const struct template_scope *sc, const char *member, struct strbuf *out, struct err *e)
{
	const struct setting *s = settings_find(&sc->platform->settings, member);
	scoped(strlist_release) struct strlist known = {0};
	scoped_free char *name = xstrf("platform.%s", member);

	if (s) {
		strbuf_addstr(out, s->value);
		return 0;
	}
	for (size_t i = 0; i < sc->platform->settings.n; i++)
		strlist_addf(&known, "platform.%s", sc->platform->settings.items[i].name);
	return unknown(name, &known, e);
}

static int expand_own(const struct template_scope *sc, const char *name, struct strbuf *out, struct err *e)
{
	static const char *const folders[] = {"data", "conf", "log", "run", NULL};
	scoped(strlist_release) struct strlist known = {0};
	const struct service *s = sc->service;

	if (str_eq(name, "root"))
		return strbuf_addstr(out, sc->platform->paths.root), 0;
	if (str_eq(name, "python"))
		return strbuf_addstr(out, fsx_exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"), 0;
	if (str_eq(name, "scratch") && (sc->use == TEMPLATE_TRAIN || only_checks(sc->use)))
		return strbuf_addstr(out, sc->scratch ? sc->scratch : ""), 0;
	for (const char *const *f = folders; s && *f; f++)
		if (str_eq(name, *f))
			return add_path(sc, name, out), 0;
	if (s && str_eq(name, "packages"))
		return add_packages(sc, s, out), 0;
	if (s && str_eq(name, "service_dir"))
		return strbuf_addstr(out, s->dir), 0;
	if (s && str_eq(name, "host"))
		return strbuf_addstr(out, s->host), 0;
	if (s && expand_member(s, name, out))
		return 0;
	for (const char *const *f = folders; *f; f++)
		strlist_add(&known, *f);
	strlist_split(&known, "packages service_dir root python host", " ");
	if (s)
		list_members(s, "", &known);
	return unknown(name, &known, e);
}

static int expand_name(const struct template_scope *sc, const char *name, struct strbuf *out, struct err *e)
{
	const char *dot = strchr(name, '.');
	scoped_free char *owner = dot ? xstrndup(name, (size_t)(dot - name)) : NULL;

	if (!dot)
		return expand_own(sc, name, out, e);
	if (str_eq(owner, "secret"))
		return expand_secret(sc, dot + 1, out, e);
	if (str_eq(owner, "java"))
		return expand_java(sc, dot + 1, out, e);
	if (str_eq(owner, "platform"))
		return expand_platform(sc, dot + 1, out, e);
	return expand_of_service(sc, owner, dot + 1, out, e);
}

/* Puts the place of text[at] before the message that expand_name left. */
static int place(const char *file, int line, int column, const char *text, size_t at, struct err *e)
{
	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	return err_prefix(e, "%s:%d:%d", file, line, column);
}

int template_expand(const struct template_scope *scope, const char *file, int line, int column, const char *text,
                    struct strbuf *out, struct err *e)
{
	scoped(strbuf_release) struct strbuf result = STRBUF_INIT;

	for (size_t i = 0; text[i];) {
		const char *end;
		scoped_free char *name = NULL;

		if (!strncmp(text + i, "$${", 3)) {
			strbuf_addstr(&result, "${");
			i += 3;
			continue;
		}
		if (strncmp(text + i, "${", 2) != 0) {
			strbuf_addch(&result, text[i++]);
			continue;
		}
		end = memchr(text + i + 2, '}', strnlen(text + i + 2, MAX_NAME));
		if (!end) {
			err_set(e, ERR_CONFIG, "${ without }");
			err_remedy(e, "close it, or write $${ for a literal ${");
			return place(file, line, column, text, i, e);
		}
		name = xstrndup(text + i + 2, (size_t)(end - text) - i - 2);
		if (expand_name(scope, name, &result, e))
			return place(file, line, column, text, i, e);
		i = (size_t)(end - text) + 1;
	}
	strbuf_add(out, result.buf, result.len);
	return 0;
}

char *template_node(const struct template_scope *scope, const struct ynode *n, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	bool block = n->quoted && strchr(n->text, '\n');

	/* The lines of a block begin below its `|`; their indentation is gone, so the column is that of the text. */
	if (template_expand(scope, n->file, n->line + (block ? 1 : 0), block ? 1 : n->column, n->text, &out, e))
		return NULL;
	return strbuf_detach(&out);
}

char *template_arg(const struct template_scope *scope, const struct ynode *args, const char *key, struct err *e)
{
	const struct ynode *n = ynode_get(args, key);

	e->kind = ERR_NONE;
	if (!n)
		return NULL;
	if (ynode_want(n, YNODE_SCALAR, e))
		return NULL;
	return template_node(scope, n, e);
}

int template_file(const struct template_scope *scope, const char *name, struct strbuf *out, struct err *e)
{
	scoped_free char *path = fsx_join(scope->service->dir, name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (fsx_read(path, &text, e))
		return -1;
	if (memchr(text.buf, '\0', text.len)) {
		err_set(e, ERR_CONFIG, "%s: a NUL character", path);
		return err_remedy(e, "a template is text");
	}
	return template_expand(scope, path, 1, 1, text.buf, out, e);
}
