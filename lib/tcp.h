/* TCP connections with a deadline, for the protocols that no library of ours speaks. */
#ifndef TCP_H
#define TCP_H

#include <stdint.h>

#include "err.h"

/*
 * Connects to the first address of the host that answers before the clk_mono_ms() deadline. The socket is non-blocking; the
 * caller closes it. ERR_RETRY "connection refused on host:port" and the like, ERR_CONFIG when the port is no number or
 * the host has no address. Looking up a name is the C library's and outside of the deadline.
 */
int tcp_connect(const char *host, const char *port, int64_t deadline_ms, struct err *e);

#endif
