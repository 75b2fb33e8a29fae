/*
 * A byte string that grows. `buf` is always NUL-terminated at `len`, also when empty (then it is a shared empty string),
 * so it can be read as a C string at any time; it may hold NUL bytes. Never store `buf` across a call that adds.
 *
 *     struct strbuf sb = STRBUF_INIT;       // no allocation yet
 *     strbuf_addf(&sb, "%s:%d", host, port);
 *     strbuf_release(&sb);                  // back to STRBUF_INIT
 *
 * With scoped(strbuf_release) a local releases itself.
 */
#ifndef STRBUF_H
#define STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *buf;    /* never NULL */
	size_t len;   /* bytes, without the terminating NUL */
	size_t alloc; /* 0: buf is the shared empty string */
};

extern char strbuf_empty[];
#define STRBUF_INIT {.buf = strbuf_empty}

void strbuf_release(struct strbuf *sb);
/* Length 0, memory kept. */
void strbuf_reset(struct strbuf *sb);
/* The content as a malloc'd C string; sb is empty afterwards. Caller frees. */
char *strbuf_detach(struct strbuf *sb);
/* Room for `extra` more bytes beyond len. */
void strbuf_grow(struct strbuf *sb, size_t extra);
/* Cuts to at most len bytes. */
void strbuf_setlen(struct strbuf *sb, size_t len);

void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *s);
void strbuf_addch(struct strbuf *sb, int c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Adds s as one POSIX shell word: 'it'\''s'. */
void strbuf_add_shell_quoted(struct strbuf *sb, const char *s);
/* Adds a byte count for people: 512 B, 1.4 MB, 12 GB (powers of 1000). */
void strbuf_add_bytes(struct strbuf *sb, long long bytes);
/* Removes trailing white space. */
void strbuf_rtrim(struct strbuf *sb);

/* malloc, strdup and friends that abort when memory is gone. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* printf into a new string; caller frees. */
char *xstrf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* True when both are NULL or equal. */
bool str_eq(const char *a, const char *b);

#endif
