/*
 * S3 in path style, signed with Signature Version 4: buckets and whole objects, with the conditional writes that a table
 * format's commit needs. Every call is one request (or a page of a listing) with its own deadline, and blocks at most that long.
 *
 * Errors: ERR_RETRY when the store is away or busy, ERR_CONFLICT when a condition did not hold, ERR_MISSING when bucket
 * or object is not there, ERR_CONFIG when the keys or the region are refused, ERR_DATA for any other answer; the store's
 * own code and words are in the message ("SignatureDoesNotMatch: …"), never a key.
 */
#ifndef S3_H
#define S3_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "strbuf.h"
#include "strlist.h"

struct s3_target {
	const char *endpoint; /* "http://127.0.0.1:9000", without a path */
	const char *region;
	const char *access_key;
	const char *secret_key;
};

/* A store; keeps its connection open between calls. One thread at a time. */
struct s3;

/* Copies the target. ERR_CONFIG when the endpoint is no http or https URL. Does not connect. */
struct s3 *s3_new(const struct s3_target *to, struct err *e);
void s3_free(struct s3 *s);
void s3_free_p(struct s3 **s); /* for scoped() */

/* Adds the names of all buckets that the keys may see. */
int s3_list_buckets(struct s3 *s, int timeout_ms, struct strlist *ret, struct err *e);
/* The bucket exists afterwards; *ret_created tells whether it was this call. ERR_CONFLICT when it belongs to somebody else. */
int s3_create_bucket(struct s3 *s, const char *bucket, int timeout_ms, bool *ret_created, struct err *e);

struct s3_object {
	char *key;
	char *etag; /* with its quotes, as conditions want it; "" when the store names none */
	int64_t bytes;
};
void s3_object_release(struct s3_object *o);

/* Size and etag. */
int s3_head(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct s3_object *ret, struct err *e);
/* Adds the whole object to out (at most 1 GiB). */
int s3_get(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct strbuf *out, struct err *e);

/* When a put may happen: always, only where there is nothing, or only over the content with that etag. */
struct s3_condition {
	bool if_absent;
	const char *if_etag; /* NULL: no condition */
};
/*
 * Stores the object, all of it or nothing. `condition` may be NULL. ERR_CONFLICT when it did not hold. After ERR_RETRY
 * the put may or may not have happened. *ret_etag (may be NULL) is for the caller to free.
 */
int s3_put(struct s3 *s, const char *bucket, const char *key, const void *data, size_t len,
           const struct s3_condition *condition, int timeout_ms, char **ret_etag, struct err *e);
/* Fine when it does not exist. */
int s3_delete(struct s3 *s, const char *bucket, const char *key, int timeout_ms, struct err *e);

struct s3_listing {
	struct s3_object *items; /* in the order of their keys' bytes */
	size_t n;
	size_t alloc;
};
void s3_listing_release(struct s3_listing *l);
/* Adds every object whose key begins with prefix, page after page; the deadline is for each page. */
int s3_list(struct s3 *s, const char *bucket, const char *prefix, int timeout_ms, struct s3_listing *ret, struct err *e);

/*
 * The text of the first <tag>…</tag> from *pos on, with its entities resolved, and *pos moved behind it; caller frees; NULL
 * when there is none. Enough for S3's answers, which have no attributes inside and no nesting of equal names.
 */
char *s3_xml_next(const char **pos, const char *tag);

#endif
