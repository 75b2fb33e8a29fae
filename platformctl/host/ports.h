/* Which process listens on a TCP port of this machine, as /proc tells. Linux only; looks, changes nothing. */
#ifndef PORTS_H
#define PORTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "strbuf.h"

/* A listener. pid is 0 when it is somebody else's and /proc does not show it to us. */
struct port_holder {
	pid_t pid;
	uint64_t inode;
	char command[64]; /* the beginning of its command line without the program's folder, printable; "" when pid is 0
			   */
};

/*
 * True when something listens on the port, on loopback or on all addresses (an IPv6 listener counts), with its process
 * in *ret. proc is "/proc" but in tests. Blocks for some milliseconds.
 */
bool ports_holder(const char *proc, int port, struct port_holder *ret);
/* Adds the value that a variable has in a process's environment; false when it has none, or we may not look. */
bool ports_environment(const char *proc, pid_t pid, const char *variable, struct strbuf *out);

#endif
