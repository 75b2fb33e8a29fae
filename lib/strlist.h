/* A growing list of owned strings, always ended by a NULL pointer, so `items` serves as an argv. Starts as {0}. */
#ifndef STRLIST_H
#define STRLIST_H

#include <stdbool.h>
#include <stddef.h>

struct strlist {
	char **items; /* NULL while empty, else items[n] == NULL */
	size_t n;
	size_t alloc;
};

void strlist_release(struct strlist *l);
/* Copies s to the end. */
void strlist_add(struct strlist *l, const char *s);
void strlist_addf(struct strlist *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds s unless it is there; true when it was added. */
bool strlist_add_unique(struct strlist *l, const char *s);
bool strlist_has(const struct strlist *l, const char *s);
/* Splits text at any byte of seps, dropping empty pieces. */
void strlist_split(struct strlist *l, const char *text, const char *seps);
void strlist_sort(struct strlist *l);
/* The items joined by sep; caller frees. */
char *strlist_join(const struct strlist *l, const char *sep);
/*
 * The candidate nearest to `word` by edit distance, when near enough to be a typing error (at most 1/3 of its length,
 * at least one edit allowed); NULL when none is. Borrowed from the list. Serves every "did you mean".
 */
const char *strlist_nearest(const struct strlist *candidates, const char *word);

#endif
