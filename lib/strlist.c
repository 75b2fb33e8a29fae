/* Growing lists of owned strings. */
#include "strlist.h"

#include <stdlib.h>
#include <string.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static void take(struct strlist *l, char *s)
{
	if (l->n + 2 > l->alloc) {
		l->alloc = l->alloc ? l->alloc * 2 : 8;
		l->items = xrealloc(l->items, l->alloc * sizeof(*l->items));
	}
	l->items[l->n++] = s;
	l->items[l->n] = NULL;
}

void strlist_release(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){0};
}

void strlist_add(struct strlist *l, const char *s)
{
	take(l, xstrdup(s));
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	take(l, strbuf_detach(&sb));
}

bool strlist_add_unique(struct strlist *l, const char *s)
{
	if (strlist_has(l, s))
		return false;
	strlist_add(l, s);
	return true;
}

bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i], s) == 0)
			return true;
	}
	return false;
}

void strlist_split(struct strlist *l, const char *text, const char *seps)
{
	while (*text) {
		size_t len = strcspn(text, seps);

		if (len > 0)
			take(l, xstrndup(text, len));
		text += len;
		text += strspn(text, seps);
	}
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), by_bytes);
}

char *strlist_join(const struct strlist *l, const char *sep)
{
	struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			strbuf_addstr(&sb, sep);
		strbuf_addstr(&sb, l->items[i]);
	}
	return strbuf_detach(&sb);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, substitutions and swaps of neighbours that turn a into b (optimal string alignment): swapped
 * letters are the commonest slip of the fingers and count once. Three rows of the table are kept.
 */
static size_t edit_distance(const char *a, const char *b)
{
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);
	scoped_free size_t *table = xcalloc(3 * (b_len + 1), sizeof(*table));
	size_t *before = table;
	size_t *last = table + (b_len + 1);
	size_t *row = table + 2 * (b_len + 1);

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b_len];
}

const char *strlist_nearest(const struct strlist *candidates, const char *word)
{
	size_t allowed = strlen(word) / 3;
	const char *nearest = NULL;
	size_t nearest_distance;

	if (allowed == 0)
		allowed = 1;
	nearest_distance = allowed + 1;
	for (size_t i = 0; i < candidates->n; i++) {
		size_t distance = edit_distance(word, candidates->items[i]);

		if (distance < nearest_distance) {
			nearest = candidates->items[i];
			nearest_distance = distance;
		}
	}
	return nearest;
}
