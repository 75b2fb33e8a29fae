/* Reads and writes the lock files of poms, and compares them with a repository on disk by length. */
#include "lockfile.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fsx.h"
#include "scoped.h"
#include "strlist.h"

#include "banned.h"

char *lockfile_name(const char *manifest)
{
	size_t n = strlen(manifest);

	if (str_ends(manifest, ".xml"))
		n -= strlen(".xml");
	return xstrf("%.*s.lock", (int)n, manifest);
}

void lockfile_release(struct lockfile *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct lockfile){0};
}

void lockfile_add(struct lockfile *l, const char *sha256, int64_t bytes, const char *path)
{
	struct lock_entry *entry;

	l->items = xrealloc(l->items, (l->n + 1) * sizeof(*l->items));
	entry = &l->items[l->n++];
	*entry = (struct lock_entry){.bytes = bytes, .path = xstrdup(path)};
	memcpy(entry->sha256, sha256, 64);
}

static bool is_sha256(const char *word)
{
	return strlen(word) == 64 && strspn(word, "0123456789abcdef") == 64;
}

/* A path that stays below the folder that it is joined to. */
static bool is_inner_path(const char *path)
{
	scoped(strlist_release) struct strlist parts = {0};

	if (*path == '/')
		return false;
	strlist_split(&parts, path, "/");
	return parts.n > 0 && !strlist_has(&parts, "..") && !strlist_has(&parts, ".");
}

static int parse_line(struct lockfile *l, const char *line, const char **ret_wrong)
{
	scoped(strlist_release) struct strlist words = {0};
	char *end;
	long long bytes;

	strlist_split(&words, line, " \t\r");
	if (words.n == 0 || words.items[0][0] == '#')
		return 0;
	*ret_wrong = "expected `sha256 bytes path`";
	if (words.n != 3)
		return -1;
	*ret_wrong = "the first word is no SHA-256 in lower-case hexadecimal";
	if (!is_sha256(words.items[0]))
		return -1;
	*ret_wrong = "the second word is no number of bytes";
	bytes = strtoll(words.items[1], &end, 10);
	if (*end || bytes <= 0 || !isdigit((unsigned char)words.items[1][0]))
		return -1;
	*ret_wrong = "the path must be relative and without `..`";
	if (!is_inner_path(words.items[2]))
		return -1;
	lockfile_add(l, words.items[0], bytes, words.items[2]);
	return 0;
}

int lockfile_parse(struct lockfile *l, const char *name, const char *text, struct err *e)
{
	struct lockfile got = {0};
	int line = 1;

	for (const char *p = text; *p; line++) {
		const char *wrong = "";
		size_t n = strcspn(p, "\n");
		scoped_free char *one = xstrndup(p, n);

		if (parse_line(&got, one, &wrong)) {
			lockfile_release(&got);
			err_set(e, ERR_CONFIG, "%s:%d: %s", name, line, wrong);
			return err_remedy(e, "make the lock anew: platformctl fetch --lock");
		}
		p += n + (p[n] == '\n');
	}
	if (got.n == 0) {
		err_set(e, ERR_CONFIG, "%s: the lock names no file", name);
		return err_remedy(e, "make the lock anew: platformctl fetch --lock");
	}
	*l = got;
	return 0;
}

int lockfile_load(struct lockfile *l, const char *path, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (!fsx_exists(path)) {
		err_set(e, ERR_CONFIG, "%s is missing: the files that its pom resolves to are not pinned", path);
		return err_remedy(e, "make it: platformctl fetch --lock");
	}
	if (fsx_read(path, &text, e))
		return -1;
	return lockfile_parse(l, path, text.buf, e);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct lock_entry *)a)->path, ((const struct lock_entry *)b)->path);
}

void lockfile_format(struct lockfile *l, const char *manifest, struct strbuf *out)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_path);
	strbuf_addf(out, "# sha256, bytes and repository path of what %s resolves to; written by platformctl fetch --lock\n",
	            manifest);
	for (size_t i = 0; i < l->n; i++)
		strbuf_addf(out, "%s %lld %s\n", l->items[i].sha256, (long long)l->items[i].bytes, l->items[i].path);
}

int64_t lockfile_total_bytes(const struct lockfile *l)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += l->items[i].bytes;
	return sum;
}

static bool is_whole(const struct lock_entry *entry, const char *repository)
{
	scoped_free char *path = fsx_join(repository, entry->path);
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == entry->bytes;
}

int64_t lockfile_missing_bytes(const struct lockfile *l, const char *repository)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!is_whole(&l->items[i], repository))
			sum += l->items[i].bytes;
	return sum;
}

/* The longest file beside the path whose name begins like it: the download that is going on. */
static int64_t partial_bytes(const char *path)
{
	const char *slash = strrchr(path, '/');
	scoped_free char *dir = xstrndup(path, (size_t)(slash - path));
	DIR *d = opendir(dir);
	int64_t longest = 0;
	struct dirent *entry;

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		struct stat st;

		if (str_starts(entry->d_name, slash + 1) && fstatat(dirfd(d), entry->d_name, &st, 0) == 0 &&
		    st.st_size > longest)
			longest = st.st_size;
	}
	closedir(d);
	return longest;
}

int64_t lockfile_present_bytes(const struct lockfile *l, const char *repository)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct lock_entry *entry = &l->items[i];
		scoped_free char *path = fsx_join(repository, entry->path);
		int64_t part = is_whole(entry, repository) ? entry->bytes : partial_bytes(path);

		sum += part < entry->bytes ? part : entry->bytes;
	}
	return sum;
}
