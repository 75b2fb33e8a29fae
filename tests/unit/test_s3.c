/* sigv4 and s3: the examples of AWS's specification, what is sent for each call, and the store's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_http.h"
#include "s3.h"
#include "scoped.h"
#include "sigv4.h"

#include "banned.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST "examplebucket.s3.amazonaws.com"
#define DATE "20130524T000000Z"

/* "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk", its four examples. */
static void signs_as_the_specification_does(void **state)
{
	static const struct {
		const char *method, *path;
		struct sigv4_pair query[3], headers[7];
		const char *payload, *names, *signature;
	} cases[] = {
		{"GET", "/test.txt", {{0}},
		 {{"host", HOST}, {"range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY_HASH}, {"x-amz-date", DATE}},
		 "", "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"PUT", "/test$file.text", {{0}},
		 {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"host", HOST},
		  {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}, {"x-amz-date", DATE},
		  {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
		 "Welcome to Amazon S3.", "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
		 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
		{"GET", "/", {{"lifecycle", ""}}, {{"host", HOST}, {"x-amz-content-sha256", EMPTY_HASH}, {"x-amz-date", DATE}},
		 "", "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, /* in the wrong order: it is sorted */
		 {{"host", HOST}, {"x-amz-content-sha256", EMPTY_HASH}, {"x-amz-date", DATE}},
		 "", "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf got = STRBUF_INIT;
		scoped_free char *want = xstrf("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
		                               "SignedHeaders=%s,Signature=%s", cases[i].names, cases[i].signature);
		char hash[65];

		sigv4_hash(cases[i].payload, strlen(cases[i].payload), hash);
		sigv4_authorization(&(struct sigv4_request){.method = cases[i].method, .path = cases[i].path, .query = cases[i].query,
		                                            .headers = cases[i].headers, .payload_hash = hash, .date = DATE,
		                                            .region = "us-east-1", .access_key = "AKIAIOSFODNN7EXAMPLE",
		                                            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}, &got);
		assert_string_equal(got.buf, want);
	}
}

static void encodes_paths_and_queries(void **state)
{
	static const struct sigv4_pair query[] = {{"b", "x y/z"}, {"a", "1"}, {"a-b", "&="}, {NULL, NULL}};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	sigv4_add_path(&out, "/b/a b+\xc3\xbc=~.txt");
	assert_string_equal(out.buf, "/b/a%20b%2B%C3%BC%3D~.txt");
	strbuf_reset(&out);
	sigv4_add_query(&out, query);
	assert_string_equal(out.buf, "a-b=%26%3D&a=1&b=x%20y%2Fz");
}

static void resolves_entities(void **state)
{
	const char *pos = "<L><Key>a&amp;b &lt;&gt;&quot;&apos;&#39;&#x2f;&nbsp;&#9999;</Key><Key></Key><Key>cut";
	scoped_free char *first = s3_xml_next(&pos, "Key");
	scoped_free char *second = s3_xml_next(&pos, "Key");

	(void)state;
	assert_string_equal(first, "a&b <>\"''/&nbsp;&#9999;");
	assert_string_equal(second, "");
	assert_null(s3_xml_next(&pos, "Key"));
}

static struct s3 *client(const struct fake_http *f)
{
	scoped_free char *endpoint = xstrf("http://127.0.0.1:%d/", f->port);
	struct err e = ERR_INIT;
	struct s3 *s = s3_new(&(struct s3_target){endpoint, "eu-north-1", "access", "hidden-key"}, &e);

	assert_non_null(s);
	return s;
}

static void makes_buckets_once(void **state)
{
	static const struct fake_route routes[] = {
		{"HEAD", "/there", 200, NULL, ""},
		{"HEAD", "/new", 404, NULL, ""},
		{"PUT", "/new", 200, NULL, ""},
		{"HEAD", "/race", 404, NULL, ""},
		{"PUT", "/race", 409, NULL, "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>"},
		{"HEAD", "/taken", 404, NULL, ""},
		{"PUT", "/taken", 409, NULL, "<Error><Code>BucketAlreadyExists</Code><Message>Somebody has it.</Message></Error>"},
		{"HEAD", "/forbidden", 403, NULL, ""},
		{0},
	};
	static const struct {
		const char *bucket;
		int rc;
		bool created;
		enum err_kind kind;
	} cases[] = {
		{"there", 0, false, ERR_NONE}, {"new", 0, true, ERR_NONE},          {"race", 0, false, ERR_NONE},
		{"taken", -1, false, ERR_CONFLICT}, {"forbidden", -1, false, ERR_CONFIG},
	};
	struct fake_http f;

	(void)state;
	fake_start(&f, routes);
	struct s3 *s = client(&f);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		bool created = false;

		assert_int_equal(s3_create_bucket(s, cases[i].bucket, 3000, &created, &e), cases[i].rc);
		assert_int_equal(created, cases[i].created);
		assert_int_equal(e.kind, cases[i].kind);
		assert_null(strstr(e.msg, "hidden-key"));
		if (!strcmp(cases[i].bucket, "taken"))
			assert_non_null(strstr(e.msg, "HTTP 409 BucketAlreadyExists: Somebody has it"));
	}
	s3_free(s);
	fake_stop(&f);
	assert_non_null(strstr(f.seen.buf, "<LocationConstraint>eu-north-1</LocationConstraint>"));
	assert_null(strstr(f.seen.buf, "hidden-key"));
	fake_release(&f);
}

static void puts_under_conditions(void **state)
{
	static const struct fake_route routes[] = {
		{"PUT", "/b/a%20b", 200, "ETag: \"e1\"\r\n", ""},
		{"PUT", "/b/a%20b", 412, NULL, "<Error><Code>PreconditionFailed</Code></Error>"},
		{"PUT", "/b/a%20b", 503, NULL, "<Error><Code>SlowDown</Code></Error>"},
		{"GET", "/b/a%20b", 200, NULL, "content"},
		{"GET", "/b/gone", 404, NULL, "<Error><Code>NoSuchKey</Code></Error>"},
		{"DELETE", "/b/gone", 404, NULL, "<Error><Code>NoSuchKey</Code></Error>"},
		{"DELETE", "/nob/gone", 404, NULL, "<Error><Code>NoSuchBucket</Code></Error>"},
		{0},
	};
	scoped(strbuf_release) struct strbuf content = STRBUF_INIT;
	scoped_free char *etag = NULL;
	struct err e = ERR_INIT;
	struct fake_http f;

	(void)state;
	fake_start(&f, routes);
	struct s3 *s = client(&f);

	assert_int_equal(s3_put(s, "b", "a b", "x", 1, &(struct s3_condition){.if_absent = true}, 3000, &etag, &e), 0);
	assert_string_equal(etag, "\"e1\"");
	assert_int_equal(s3_put(s, "b", "a b", "x", 1, &(struct s3_condition){.if_etag = etag}, 3000, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(s3_put(s, "b", "a b", "x", 1, NULL, 3000, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_int_equal(s3_get(s, "b", "a b", 3000, &content, &e), 0);
	assert_string_equal(content.buf, "content");
	assert_int_equal(s3_get(s, "b", "gone", 3000, &content, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(content.len, 7);
	assert_int_equal(s3_delete(s, "b", "gone", 3000, &e), 0);
	assert_int_equal(s3_delete(s, "nob", "gone", 3000, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	s3_free(s);
	fake_stop(&f);
	assert_non_null(strstr(f.seen.buf, "if-none-match: *"));
	assert_non_null(strstr(f.seen.buf, "if-match: \"e1\""));
	assert_non_null(strstr(f.seen.buf, "SignedHeaders=host;if-match;x-amz-content-sha256;x-amz-date"));
	fake_release(&f);
}

static void lists_page_by_page(void **state)
{
	static const struct fake_route routes[] = {
		{"GET", "/b?list-type=2&prefix=p%2F", 200, NULL,
		 "<R><Contents><Key>p/a&amp;b</Key><ETag>&quot;1&quot;</ETag><Size>12</Size></Contents><Contents><Key>p/c</Key>"
		 "<Size>5000000000</Size></Contents><NextContinuationToken>t/+</NextContinuationToken></R>"},
		{"GET", "/b?continuation-token=t%2F%2B&list-type=2&prefix=p%2F", 200, NULL,
		 "<R><Contents><Key>p/d</Key><ETag>&quot;3&quot;</ETag><Size>0</Size></Contents></R>"},
		{0},
	};
	scoped(s3_listing_release) struct s3_listing l = {0};
	struct err e = ERR_INIT;
	struct fake_http f;

	(void)state;
	fake_start(&f, routes);
	struct s3 *s = client(&f);

	assert_int_equal(s3_list(s, "b", "p/", 3000, &l, &e), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.items[0].key, "p/a&b");
	assert_string_equal(l.items[0].etag, "\"1\"");
	assert_int_equal(l.items[0].bytes, 12);
	assert_string_equal(l.items[1].etag, "");
	assert_true(l.items[1].bytes == 5000000000);
	assert_string_equal(l.items[2].key, "p/d");
	assert_int_equal(s3_list(s, "other", "", 3000, &l, &e), -1); /* adds nothing when it fails */
	assert_int_equal(l.n, 3);
	s3_free(s);
	fake_stop(&f);
	fake_release(&f);
}

static void refuses_bad_endpoints(void **state)
{
	static const char *const bad[] = {"127.0.0.1:9000", "ftp://h", "http://h/path", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(s3_new(&(struct s3_target){bad[i], "r", "a", "s"}, &e));
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_as_the_specification_does),
		cmocka_unit_test(encodes_paths_and_queries),
		cmocka_unit_test(resolves_entities),
		cmocka_unit_test(makes_buckets_once),
		cmocka_unit_test(puts_under_conditions),
		cmocka_unit_test(lists_page_by_page),
		cmocka_unit_test(refuses_bad_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
