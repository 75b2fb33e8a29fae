/*
 * A web server of few words for unit tests: it answers from a list, in a thread, on a free port of the loopback. A route that
 * is asked more often than it has answers gives its last one. "%P" in headers and bodies stands for the port.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "strbuf.h"

struct fake_route {
	const char *method;
	const char *path;     /* with the query */
	int status;
	const char *headers;  /* each ended by \r\n; may be NULL */
	const char *body;
};

struct fake_http {
	int fd, port;
	pthread_t thread;
	atomic_bool stop;
	const struct fake_route *routes; /* ended by a NULL method; several of one path answer one after the other */
	int asked[32];
	struct strbuf seen;              /* "METHOD path\nheaders…\n\nbody\n" of every request */
};

static void fake_add(struct strbuf *sb, const char *text, int port)
{
	for (const char *p; (p = strstr(text, "%P")); text = p + 2) {
		strbuf_add(sb, text, (size_t)(p - text));
		strbuf_addf(sb, "%d", port);
	}
	strbuf_addstr(sb, text);
}

/* The first unused route of this request, else the last that fits, else -1. */
static int fake_find(struct fake_http *f, const char *method, const char *path)
{
	int last = -1;

	for (int i = 0; f->routes[i].method; i++) {
		if (strcmp(f->routes[i].method, method) != 0 || strcmp(f->routes[i].path, path) != 0)
			continue;
		last = i;
		if (!f->asked[i])
			break;
	}
	return last;
}

/* Reads one request of a kept-alive connection; false at its end. */
static bool fake_read(struct fake_http *f, int fd, struct strbuf *in)
{
	char buf[4096];
	const char *head, *length;

	strbuf_reset(in);
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (atomic_load(&f->stop) || poll(&p, 1, 50) < 0)
			return false;
		if (!p.revents)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return false;
		strbuf_add(in, buf, (size_t)n);
		head = strstr(in->buf, "\r\n\r\n");
		if (!head)
			continue;
		length = strcasestr(in->buf, "content-length:");
		if (!length || length > head || in->len >= (size_t)(head - in->buf) + 4 + (size_t)atoi(length + 15))
			return true;
	}
}

static void fake_answer(struct fake_http *f, int fd, const char *request)
{
	struct strbuf body = STRBUF_INIT, out = STRBUF_INIT;
	char method[16] = "", path[512] = "";
	int i;

	sscanf(request, "%15s %511s", method, path);
	strbuf_addf(&f->seen, "%s\n", request);
	i = fake_find(f, method, path);
	if (i >= 0)
		f->asked[i]++;
	fake_add(&body, i < 0 ? "{\"message\":\"no such route\",\"error_code\":404}" : f->routes[i].body, f->port);
	strbuf_addf(&out, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", i < 0 ? 404 : f->routes[i].status, body.len);
	if (i >= 0 && f->routes[i].headers)
		fake_add(&out, f->routes[i].headers, f->port);
	strbuf_addstr(&out, "\r\n");
	strbuf_add(&out, body.buf, body.len);
	(void)!send(fd, out.buf, out.len, MSG_NOSIGNAL);
	strbuf_release(&body);
	strbuf_release(&out);
}

static void *fake_serve(void *arg)
{
	struct fake_http *f = arg;
	struct strbuf in = STRBUF_INIT;

	while (!atomic_load(&f->stop)) {
		struct pollfd p = {.fd = f->fd, .events = POLLIN};
		int fd;

		if (poll(&p, 1, 50) <= 0 || (fd = accept(f->fd, NULL, NULL)) < 0)
			continue;
		while (fake_read(f, fd, &in))
			fake_answer(f, fd, in.buf);
		close(fd);
	}
	strbuf_release(&in);
	return NULL;
}

static void fake_start(struct fake_http *f, const struct fake_route *routes)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	*f = (struct fake_http){.routes = routes, .seen = STRBUF_INIT};
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(f->fd, 8), 0);
	getsockname(f->fd, (struct sockaddr *)&a, &len);
	f->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&f->thread, NULL, fake_serve, f), 0);
}

/* Close the client's connections first. What was asked stays readable in `seen` until fake_release(). */
static void fake_stop(struct fake_http *f)
{
	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	close(f->fd);
}

static void fake_release(struct fake_http *f)
{
	strbuf_release(&f->seen);
}

#endif
