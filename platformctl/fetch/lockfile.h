/*
 * The lock of a pom: which files Maven's resolution yields, byte for byte.
 *
 *     # a comment
 *     <sha256, 64 hex digits> <bytes> <path in a Maven repository>
 *
 * Sorted by path. A path is relative, without `..`, so that it can be joined to a repository's folder.
 */
#ifndef LOCKFILE_H
#define LOCKFILE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "strbuf.h"

struct lock_entry {
	char sha256[65];
	int64_t bytes;
	char *path;
};

struct lockfile { /* starts as {0} */
	struct lock_entry *items;
	size_t n;
};

/* "pom.lock" for "pom.xml", "hadoop.pom.lock" for "hadoop.pom.xml"; caller frees. */
char *lockfile_name(const char *manifest);
/* ERR_CONFIG with file:line when malformed or when there is no such file (remedy: fetch --lock). */
int lockfile_load(struct lockfile *l, const char *path, struct err *e);
/* The same from memory; `name` stands for the file in messages. */
int lockfile_parse(struct lockfile *l, const char *name, const char *text, struct err *e);
void lockfile_release(struct lockfile *l);
/* Copies the values. */
void lockfile_add(struct lockfile *l, const char *sha256, int64_t bytes, const char *path);
/* The text of a lock file for the manifest, entries sorted by path; sorts l. */
void lockfile_format(struct lockfile *l, const char *manifest, struct strbuf *out);

/* Bytes of the entries that `repository` does not hold in full length. Reads no content. */
int64_t lockfile_missing_bytes(const struct lockfile *l, const char *repository);
/*
 * Bytes that are there already, half-downloaded files included: Maven writes "<file>.part" or "<file>-<random>.tmp" beside
 * the place. For a progress display.
 */
int64_t lockfile_present_bytes(const struct lockfile *l, const char *repository);
int64_t lockfile_total_bytes(const struct lockfile *l);

#endif
