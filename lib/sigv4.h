/*
 * AWS Signature Version 4 for S3, computed and nothing else: no clock, no network, so that the examples of the
 * specification are its tests ("Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference).
 */
#ifndef SIGV4_H
#define SIGV4_H

#include "strbuf.h"

/* Lower-case hexadecimal SHA-256 of data, 64 characters and NUL. */
void sigv4_hash(const void *data, size_t len, char ret_hex[65]);

/* A name and a value, not encoded. */
struct sigv4_pair {
	const char *name;
	const char *value;
};

struct sigv4_request {
	const char *method;
	const char *path;                 /* decoded, from "/" on */
	const struct sigv4_pair *query;   /* ended by a NULL name; NULL: none; any order */
	const struct sigv4_pair *headers; /* all that are signed, ended by a NULL name: lower-case names in order, values trimmed;
	                                     "host" and "x-amz-date" must be among them */
	const char *payload_hash;         /* sigv4_hash() of the body */
	const char *date;                 /* x-amz-date: "20130524T000000Z" */
	const char *region;
	const char *access_key;
	const char *secret_key;
};

/* Adds the path as it is signed and has to be sent: every byte encoded but unreserved ones and "/". */
void sigv4_add_path(struct strbuf *out, const char *path);
/* Adds the query string as it is signed and has to be sent, sorted; nothing when there is none. */
void sigv4_add_query(struct strbuf *out, const struct sigv4_pair *query);
/* Adds the value of the Authorization header. */
void sigv4_authorization(const struct sigv4_request *req, struct strbuf *out);

#endif
