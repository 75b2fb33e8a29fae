/* Connects without blocking longer than asked. */
#include "tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clk.h"
#include "scoped.h"

#include "banned.h"

static void addresses_free_p(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/* 0 when the connection stands before the deadline, else an errno. */
static int finish_connect(int fd, int64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	for (;;) {
		int left = clk_left_ms(deadline_ms);
		int n = poll(&p, 1, left);

		if (n > 0)
			break;
		if (n == 0 && left == 0)
			return ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return errno;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

int tcp_connect(const char *host, const char *port, int64_t deadline_ms, struct err *e)
{
	const struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	scoped(addresses_free_p) struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &want, &list);
	int last = ECONNREFUSED;

	if (error)
		return err_set(e, error == EAI_AGAIN ? ERR_RETRY : ERR_CONFIG, "%s:%s: %s", host, port, gai_strerror(error));
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		scoped_close int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
		int on = 1;

		if (fd < 0) {
			last = errno;
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		last = connect(fd, a->ai_addr, a->ai_addrlen) ? errno : 0;
		if (last == EINPROGRESS)
			last = finish_connect(fd, deadline_ms);
		if (last == 0) {
			int connected = fd;

			fd = -1;
			return connected;
		}
	}
	if (last == ECONNREFUSED)
		return err_set(e, ERR_RETRY, "connection refused on %s:%s", host, port);
	if (last == ETIMEDOUT)
		return err_set(e, ERR_RETRY, "%s:%s did not accept a connection in time", host, port);
	return err_set(e, ERR_RETRY, "cannot connect to %s:%s: %s", host, port, strerror(last));
}
