/* Finds secrets and replaces them. */
#include "redact.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "scoped.h"
#include "secret.h"

#include "banned.h"

static void add_value(struct strlist *values, const char *value)
{
	if (*value)
		strlist_add_unique(values, value);
}

static void add_folder(const char *dir, struct strlist *values)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		scoped_free char *path = fsx_join(dir, entry->d_name);
		scoped(strbuf_release) struct strbuf value = STRBUF_INIT;
		struct err ignored = ERR_INIT;

		if (entry->d_name[0] == '.' || fsx_is_dir(path) || fsx_read(path, &value, &ignored))
			continue;
		strbuf_rtrim(&value);
		add_value(values, value.buf);
	}
	if (d)
		closedir(d);
}

static int longest_first(const void *a, const void *b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return (x < y) - (x > y);
}

void redact_secrets(const struct platform *p, struct strlist *values)
{
	scoped_free char *dir = fsx_join(p->paths.state, "secrets");

	add_folder(dir, values);
	for (size_t i = 0; i < p->n_services; i++)
		for (size_t k = 0; k < p->services[i]->secrets.n; k++) {
			struct err ignored = ERR_INIT;
			scoped_free char *value = secret_get(p, p->services[i]->secrets.items[k], &ignored);

			add_value(values, value ? value : "");
		}
	/* One secret may hold another: the longer one goes first. */
	if (values->n > 1)
		qsort(values->items, values->n, sizeof(char *), longest_first);
}

void redact_add(const struct strlist *values, const char *text, size_t len, struct strbuf *out)
{
	for (size_t i = 0; i < len;) {
		size_t found = 0;

		for (size_t k = 0; k < values->n && !found; k++) {
			size_t n = strlen(values->items[k]);

			if (n <= len - i && !memcmp(text + i, values->items[k], n))
				found = n;
		}
		if (found)
			strbuf_addstr(out, "***");
		else
			strbuf_addch(out, text[i]);
		i += found ? found : 1;
	}
}
