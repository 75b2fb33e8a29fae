/* Rendering of one service. */
#include "render.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"
#include "template.h"

#include "banned.h"

static int render_files(const struct template_scope *sc, const struct ynode *files, struct rendered *r, struct err *e)
{
	for (size_t i = 0; files && i < files->n; i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		scoped_free char *name = template_node(sc, files->items[i], e);

		if (!name || template_file(sc, name, &out, e))
			return -1;
		strlist_add(&r->names, files->items[i]->key);
		strlist_add(&r->contents, out.buf);
	}
	return 0;
}

static int render_env(const struct template_scope *sc, const struct ynode *env, struct rendered *r, struct err *e)
{
	for (size_t i = 0; env && i < env->n; i++) {
		scoped_free char *value = template_node(sc, env->items[i], e);

		if (!value)
			return -1;
		strlist_addf(&r->env, "%s=%s", env->items[i]->key, value);
	}
	return 0;
}

static void digest(struct rendered *r)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	scoped(strbuf_release) struct strbuf all = STRBUF_INIT;

	for (size_t i = 0; i < r->names.n; i++)
		strbuf_addf(&all, "%s\n%s\n", r->names.items[i], r->contents.items[i]);
	for (size_t i = 0; i < r->env.n; i++)
		strbuf_addf(&all, "%s\n", r->env.items[i]);
	strbuf_addf(&all, "%s\n%s", r->setup ? r->setup : "", r->run);
	SHA256((const unsigned char *)all.buf, all.len, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(r->digest + 2 * i, 3, "%02x", sum[i]);
	explicit_bzero(all.buf, all.len);
}

int render_service(const struct platform *p, const struct service *s, struct rendered *ret, struct err *e)
{
	struct template_scope text = {p, s, TEMPLATE_FILE, NULL}, script = {p, s, TEMPLATE_SCRIPT, NULL};
	scoped(rendered_release) struct rendered r = {0};

	if (render_files(&text, s->files, &r, e) || render_env(&text, s->env, &r, e))
		return -1;
	if (s->setup && !(r.setup = template_node(&script, s->setup, e)))
		return -1;
	r.run = template_node(&script, s->run, e);
	if (!r.run)
		return -1;
	digest(&r);
	*ret = r;
	r = (struct rendered){0};
	return 0;
}

void rendered_release(struct rendered *r)
{
	strlist_release(&r->names);
	strlist_release(&r->contents);
	strlist_release(&r->env);
	free(r->setup);
	free(r->run);
	*r = (struct rendered){0};
}

static int write_one(const char *conf, const char *name, const char *text, struct err *e)
{
	scoped_free char *path = fsx_join(conf, name);
	char *slash = strrchr(path, '/');

	*slash = '\0';
	if (fsx_mkdirs(path, 0700, e))
		return -1;
	*slash = '/';
	return fsx_write_str(path, text, 0600, e);
}

int rendered_write(const struct platform *p, const struct service *s, const struct rendered *r, struct err *e)
{
	scoped_free char *conf = paths_of(&p->paths, "conf", s->name);

	for (size_t i = 0; i < r->names.n; i++)
		if (write_one(conf, r->names.items[i], r->contents.items[i], e))
			return -1;
	if (r->setup && write_one(conf, ".setup.sh", r->setup, e))
		return -1;
	return write_one(conf, ".run.sh", r->run, e) || write_one(conf, ".digest", r->digest, e) ? -1 : 0;
}

void rendered_digest_on_disk(const struct platform *p, const struct service *s, char ret[65])
{
	scoped_free char *path = xstrf("%s/conf/%s/.digest", p->paths.state, s->name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	ret[0] = '\0';
	if (fsx_read(path, &text, &ignored) == 0 && text.len == 64)
		memcpy(ret, text.buf, 65);
}
