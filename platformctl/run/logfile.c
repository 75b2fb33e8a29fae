/* Reads s6-log's folders. */
#include "logfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"

#include "banned.h"

void loglines_release(struct loglines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].text);
	free(l->items);
	*l = (struct loglines){0};
}

static void add_line(struct loglines *l, const struct service *s, const char *text, size_t len)
{
	/* Doubles at powers of two. */
	if ((l->n & (l->n - 1)) == 0)
		l->items = xrealloc(l->items, (l->n ? l->n * 2 : 1) * sizeof(*l->items));
	l->items[l->n++] = (struct logline){s, xstrndup(text, len), l->next_order++};
}

static int by_time(const void *a, const void *b)
{
	const struct logline *x = a, *y = b;
	int c = strncmp(x->text, y->text, LOGFILE_STAMP);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

void loglines_sort(struct loglines *l)
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), by_time);
}

static char *current_path(const struct platform *p, const struct service *s)
{
	scoped_free char *dir = paths_of(&p->paths, "log", s->name);

	return fsx_join(dir, "current");
}

bool logfile_exists(const struct platform *p, const struct service *s)
{
	scoped_free char *path = current_path(p, s);

	return fsx_exists(path);
}

/* The parts from the oldest to the newest: @ and a TAI64N label sort by time, and `current` behind them. */
static void list_parts(const char *dir, struct strlist *parts)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] == '@' || str_eq(entry->d_name, "current"))
			strlist_add(parts, entry->d_name);
	if (d)
		closedir(d);
	strlist_sort(parts);
}

/* Where the last n lines of the text begin; *ret_n gets how many there are, when there are fewer. */
static const char *last_lines(const struct strbuf *text, size_t n, size_t *ret_n)
{
	const char *at = text->buf + text->len;
	size_t found = 0;

	if (text->len && at[-1] == '\n')
		at--;
	while (at > text->buf && found < n) {
		while (at > text->buf && at[-1] != '\n')
			at--;
		found++;
		if (found < n && at > text->buf)
			at--;
	}
	*ret_n = found;
	return at;
}

static void add_lines(const struct service *s, const char *at, struct loglines *out)
{
	while (*at) {
		size_t len = strcspn(at, "\n");

		add_line(out, s, at, len);
		at += len + (at[len] == '\n');
	}
}

void logfile_tail(const struct platform *p, const struct service *s, size_t n, struct loglines *out)
{
	scoped_free char *dir = paths_of(&p->paths, "log", s->name);
	scoped(strlist_release) struct strlist parts = {0};
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	size_t found = 0;

	list_parts(dir, &parts);
	/* From the newest part backwards until there are enough. */
	for (size_t i = parts.n; i > 0 && found < n; i--) {
		scoped_free char *path = fsx_join(dir, parts.items[i - 1]);
		scoped(strbuf_release) struct strbuf part = STRBUF_INIT;
		struct err ignored = ERR_INIT;
		size_t more = 0;

		if (fsx_read(path, &part, &ignored))
			continue;
		if (part.len && part.buf[part.len - 1] != '\n')
			strbuf_addch(&part, '\n');
		last_lines(&part, n - found, &more);
		found += more;
		strbuf_add(&part, text.buf, text.len);
		strbuf_reset(&text);
		strbuf_add(&text, part.buf, part.len);
	}
	if (n)
		add_lines(s, last_lines(&text, n, &found), out);
}

void logfollow_init(struct logfollow *f, const struct platform *p, const struct service *s)
{
	*f = (struct logfollow){.service = s, .path = current_path(p, s), .partial = STRBUF_INIT};
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd >= 0)
		lseek(f->fd, 0, SEEK_END);
}

void logfollow_release(struct logfollow *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	strbuf_release(&f->partial);
	*f = (struct logfollow){.fd = -1, .partial = STRBUF_INIT};
}

void logfollow_skip(struct logfollow *f, const struct loglines *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->items[i].service == f->service)
			snprintf(f->skip, sizeof(f->skip), "%s", seen->items[i].text);
}

static void read_rest(struct logfollow *f, struct loglines *out)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(f->fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n') {
				strbuf_addch(&f->partial, buf[i]);
				continue;
			}
			if (strncmp(f->partial.buf, f->skip, strlen(f->skip)) > 0 || !*f->skip)
				add_line(out, f->service, f->partial.buf, f->partial.len);
			strbuf_reset(&f->partial);
		}
}

/* True when the path names another file than the one that is open, or the file was cut. */
static bool has_moved(const struct logfollow *f)
{
	struct stat open_file, named;

	if (f->fd < 0 || fstat(f->fd, &open_file))
		return true;
	return stat(f->path, &named) == 0 && (named.st_ino != open_file.st_ino || named.st_dev != open_file.st_dev ||
					      open_file.st_size < lseek(f->fd, 0, SEEK_CUR));
}

void logfollow_read(struct logfollow *f, struct loglines *out)
{
	bool moved = has_moved(f);

	/* Looked first, read then: what was written before the rotation is in the old file by now. */
	if (f->fd >= 0)
		read_rest(f, out);
	if (moved) {
		if (f->fd >= 0)
			close(f->fd);
		f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
		if (f->fd >= 0)
			read_rest(f, out);
	}
	f->skip[0] = '\0';
}
