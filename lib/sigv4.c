/* AWS Signature Version 4: canonical request → string to sign → signature, step by step as the specification has them. */
#include "sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "scoped.h"

#include "banned.h"

#define HASH_BYTES 32

static void to_hex(const unsigned char *bytes, char ret_hex[65])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_BYTES; i++) {
		ret_hex[2 * i] = digits[bytes[i] >> 4];
		ret_hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_hex[64] = '\0';
}

void sigv4_hash(const void *data, size_t len, char ret_hex[65])
{
	unsigned char hash[HASH_BYTES];

	if (!EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL))
		abort(); /* out of memory */
	to_hex(hash, ret_hex);
}

/* In place is fine: the key is copied before the result is written. */
static void hmac(const void *key, size_t key_len, const char *text, unsigned char ret[HASH_BYTES])
{
	unsigned int len = HASH_BYTES;

	if (!HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text), ret, &len))
		abort(); /* out of memory */
}

void sigv4_add_path(struct strbuf *out, const char *path)
{
	http_add_urlencoded(out, path, "/");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void sigv4_add_query(struct strbuf *out, const struct sigv4_pair *query)
{
	scoped(strlist_release) struct strlist encoded = {0};
	scoped_free char *joined = NULL;

	for (; query && query->name; query++) {
		scoped(strbuf_release) struct strbuf one = STRBUF_INIT;

		http_add_urlencoded(&one, query->name, "");
		strbuf_addch(&one, '=');
		http_add_urlencoded(&one, query->value, "");
		strlist_add(&encoded, one.buf);
	}
	/* Sorted after encoding, as the specification wants it; by bytes, not by the locale. */
	if (encoded.n > 1)
		qsort(encoded.items, encoded.n, sizeof(char *), by_text);
	joined = strlist_join(&encoded, "&");
	strbuf_addstr(out, joined);
}

static void add_signed_names(struct strbuf *out, const struct sigv4_pair *headers)
{
	for (const struct sigv4_pair *h = headers; h->name; h++)
		strbuf_addf(out, "%s%s", h == headers ? "" : ";", h->name);
}

void sigv4_authorization(const struct sigv4_request *req, struct strbuf *out)
{
	scoped(strbuf_release) struct strbuf canonical = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf scope = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf to_sign = STRBUF_INIT;
	scoped_free char *first_key = xstrf("AWS4%s", req->secret_key);
	scoped_free char *day = xstrndup(req->date, strcspn(req->date, "T"));
	unsigned char key[HASH_BYTES];
	char hex[65];

	strbuf_addf(&canonical, "%s\n", req->method);
	sigv4_add_path(&canonical, req->path);
	strbuf_addch(&canonical, '\n');
	sigv4_add_query(&canonical, req->query);
	strbuf_addch(&canonical, '\n');
	for (const struct sigv4_pair *h = req->headers; h->name; h++)
		strbuf_addf(&canonical, "%s:%s\n", h->name, h->value);
	strbuf_addch(&canonical, '\n');
	add_signed_names(&canonical, req->headers);
	strbuf_addf(&canonical, "\n%s", req->payload_hash);

	strbuf_addf(&scope, "%s/%s/s3/aws4_request", day, req->region);
	sigv4_hash(canonical.buf, canonical.len, hex);
	strbuf_addf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", req->date, scope.buf, hex);

	hmac(first_key, strlen(first_key), day, key);
	hmac(key, sizeof(key), req->region, key);
	hmac(key, sizeof(key), "s3", key);
	hmac(key, sizeof(key), "aws4_request", key);
	hmac(key, sizeof(key), to_sign.buf, key);
	to_hex(key, hex);

	strbuf_addf(out, "AWS4-HMAC-SHA256 Credential=%s/%s,SignedHeaders=", req->access_key, scope.buf);
	add_signed_names(out, req->headers);
	strbuf_addf(out, ",Signature=%s", hex);
}
