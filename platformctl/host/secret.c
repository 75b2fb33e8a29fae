/* Secrets: made from the system's random source, kept in files of mode 0600. */
#include "secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define SECRET_CHARS 32 /* of 62 letters and digits: 190 bits */

static const struct secret_source *source_of(const struct platform *p, const char *name)
{
	for (size_t i = 0; i < p->n_secret_sources; i++)
		if (str_eq(p->secret_sources[i].name, name))
			return &p->secret_sources[i];
	return NULL;
}

char *secret_path(const struct platform *p, const char *name)
{
	const struct secret_source *src = source_of(p, name);

	return src ? xstrdup(src->file) : paths_of(&p->paths, "secrets", name);
}

static int random_text(char *out, size_t len, struct err *e)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = 0;

	while (n < len) {
		unsigned char byte;

		if (getrandom(&byte, 1, 0) != 1)
			return err_sys(e, ERR_FATAL, "the system's random source does not answer");
		/* 248 = 4 * 62: what is above would favour the first letters. */
		if (byte < 248)
			out[n++] = alphabet[byte % 62];
	}
	out[len] = '\0';
	return 0;
}

int secret_ensure(const struct platform *p, const struct selection *sel, struct err *e)
{
	scoped_free char *dir = fsx_join(p->paths.state, "secrets");

	if (fsx_mkdirs(dir, 0700, e))
		return -1;
	for (size_t i = 0; i < sel->n; i++)
		for (size_t k = 0; k < sel->items[i]->secrets.n; k++) {
			const char *name = sel->items[i]->secrets.items[k];
			scoped_free char *path = secret_path(p, name);
			char value[SECRET_CHARS + 1];

			if (source_of(p, name) || fsx_exists(path))
				continue;
			if (random_text(value, SECRET_CHARS, e) || fsx_write_str(path, value, 0600, e))
				return -1;
			explicit_bzero(value, sizeof(value));
		}
	return 0;
}

char *secret_get(const struct platform *p, const char *name, struct err *e)
{
	scoped_free char *path = secret_path(p, name);
	scoped(strbuf_release) struct strbuf value = STRBUF_INIT;

	if (!fsx_exists(path)) {
		err_set(e, ERR_CONFIG, "the secret %s does not exist: %s", name, path);
		if (source_of(p, name))
			err_remedy(e, "make that file, or change `secrets` in %s", p->paths.site);
		else
			err_remedy(e, "secrets are made by: platformctl up");
		return NULL;
	}
	if (fsx_read(path, &value, e))
		return NULL;
	strbuf_rtrim(&value);
	return strbuf_detach(&value);
}
