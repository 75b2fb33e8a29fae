/*
 * An HTTP server for tests, on a free port of loopback, one thread a connection. It echoes requests, and for some paths
 * does what servers should not. Included by the one test that uses it.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jsonx.h"
#include "scoped.h"
#include "strbuf.h"

static atomic_int connections;
static int server_port;

static void say(int fd, const char *text, size_t len)
{
	/* The other side may be gone on purpose. */
	(void)!send(fd, text, len, MSG_NOSIGNAL);
}

static void answer(int fd, const char *status, const char *headers, const char *body, size_t len)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, len);
	strbuf_add(&sb, body, len);
	say(fd, sb.buf, sb.len);
}

/* Reads one request, head and body, onto sb. False when the client has left. */
static bool read_request(int fd, struct strbuf *sb)
{
	char chunk[4096];
	size_t want = 0;

	while (!want || sb->len < want) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		const char *end;
		const char *length;

		if (n <= 0)
			return false;
		strbuf_add(sb, chunk, (size_t)n);
		end = strstr(sb->buf, "\r\n\r\n");
		length = strstr(sb->buf, "Content-Length: ");
		if (end)
			want = (size_t)(end + 4 - sb->buf) + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
	}
	return true;
}

/* Answers by path. False when the connection is to be closed. */
static bool serve_one(int fd, const struct strbuf *request)
{
	scoped_free char *method = xstrndup(request->buf, strcspn(request->buf, " "));
	const char *rest = request->buf + strlen(method) + 1;
	scoped_free char *path = xstrndup(rest, strcspn(rest, " ?"));

	if (str_eq(path, "/slow")) {
		char byte;

		(void)!recv(fd, &byte, 1, 0); /* until the client leaves */
		return false;
	}
	if (str_eq(path, "/cut")) {
		static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";

		say(fd, text, sizeof(text) - 1);
		return false;
	}
	if (str_eq(path, "/silent"))
		return false;
	if (str_eq(path, "/garbage")) {
		say(fd, "hello from another protocol\n", 28);
		return false;
	}
	if (str_eq(path, "/interim"))
		say(fd, "HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n", 44);
	if (str_eq(path, "/missing"))
		answer(fd, "404 Not Found", "", "{\"error_code\":40401,\"message\":\"no such\\nsubject\"}", 49);
	else if (str_eq(path, "/busy"))
		answer(fd, "503 Service Unavailable", "", "starting up\nsecond line", 23);
	else if (str_eq(path, "/conflict"))
		answer(fd, "409 Conflict", "", "", 0);
	else if (str_eq(path, "/denied"))
		answer(fd, "401 Unauthorized", "", "<html>sorry</html>", 18);
	else if (str_eq(path, "/redirect"))
		answer(fd, "302 Found", "Location: /json\r\n", "", 0);
	else if (str_eq(path, "/json"))
		answer(fd, "200 OK", "Content-Type: application/json\r\n", "{\"a\": {\"b\": 7}}", 15);
	else if (str_eq(path, "/echo-json")) {
		scoped(json_decref_p) json_t *text = json_string(request->buf);
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		jsonx_dump(text, JSONX_AS_BUILT, &sb);
		answer(fd, "200 OK", "", sb.buf, sb.len);
	} else if (str_eq(path, "/nojson"))
		answer(fd, "200 OK", "", "{\"secret\": oops", 15);
	else if (str_eq(path, "/empty"))
		say(fd, "HTTP/1.1 204 No Content\r\n\r\n", 27);
	else if (str_eq(method, "HEAD"))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: \"x\"\r\n\r\n", 53);
	else if (str_eq(path, "/large")) {
		scoped_free char *large = xcalloc(1, 1000000);

		answer(fd, "200 OK", "", large, 1000000);
	} else
		answer(fd, "200 OK", "X-Twice: first\r\nx-twice: second\r\nX-Spaces:   a b  \r\n", request->buf, request->len);
	return true;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	bool on = true;

	atomic_fetch_add(&connections, 1);
	while (on) {
		scoped(strbuf_release) struct strbuf request = STRBUF_INIT;

		on = read_request(fd, &request) && serve_one(fd, &request);
	}
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			return NULL;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}

static pthread_t acceptor;
static int listener_fd;

/* A socket on a free port of loopback. */
static int listen_anywhere(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int start_server(void **state)
{
	(void)state;
	/* Whoever runs the tests behind a proxy: loopback must not go there. */
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	unsetenv("no_proxy");
	listener_fd = listen_anywhere(&server_port);
	if (listener_fd < 0)
		return -1;
	return pthread_create(&acceptor, NULL, accept_all, (void *)(intptr_t)listener_fd);
}

static int stop_server(void **state)
{
	(void)state;
	shutdown(listener_fd, SHUT_RDWR);
	pthread_join(acceptor, NULL);
	close(listener_fd);
	return 0;
}

#endif
