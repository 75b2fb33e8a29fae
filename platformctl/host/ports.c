/*
 * Listeners from /proc/net/tcp and tcp6: `sl local_address rem_address st … inode` with addresses in hexadecimal, the
 * port in network order behind the colon, state 0A for LISTEN (Linux, Documentation/networking/proc_net_tcp.rst). The
 * process is the one with a file descriptor `socket:[inode]`.
 */
#include "ports.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"

#include "banned.h"

#define LISTEN 0x0a

/* Loopback or any address; a listener on another address of the machine is not in our way. */
static bool is_in_the_way(const char *address)
{
	static const char *const all[] = {
	    "00000000",                         /* 0.0.0.0 */
	    "00000000000000000000000000000000", /* :: */
	    "00000000000000000000000001000000", /* ::1 */
	    NULL,
	};

	/* 127.0.0.0/8, as a little-endian and as a big-endian machine writes it. */
	if (strlen(address) == 8 && (!strcmp(address + 6, "7F") || str_starts(address, "7F")))
		return true;
	/* ::ffff:127.0.0.1 */
	if (strlen(address) == 32 && str_starts(address, "0000000000000000FFFF0000"))
		return is_in_the_way(address + 24);
	for (const char *const *a = all; *a; a++)
		if (!strcmp(address, *a))
			return true;
	return false;
}

/* The inode of the listener on the port, or 0. */
static uint64_t listener_inode(const char *proc, const char *table, int port)
{
	scoped_free char *path = fsx_join(proc, table);
	scoped_fclose FILE *f = fopen(path, "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char address[40];
		unsigned int local_port, state;
		uint64_t inode;

		if (sscanf(line, " %*[^:]: %39[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %" SCNu64, address, &local_port,
			   &state, &inode) != 4)
			continue;
		if (state == LISTEN && (int)local_port == port && is_in_the_way(address))
			return inode;
	}
	return 0;
}

static bool has_socket(const char *proc, const char *pid, const char *socket)
{
	scoped_free char *dir = xstrf("%s/%s/fd", proc, pid);
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (d && !found && (entry = readdir(d))) {
		char target[64];
		ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		found = !strcmp(target, socket);
	}
	if (d)
		closedir(d);
	return found;
}

/* The program's name without its folder, and as much of its arguments as there is room for. */
static void read_command(const char *proc, pid_t pid, char *out, size_t size)
{
	scoped_free char *path = xstrf("%s/%d/cmdline", proc, (int)pid), *name = xstrf("%s/%d/comm", proc, (int)pid);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *slash;

	/* Kernel threads and zombies have no command line. */
	if (fsx_read(path, &text, &ignored) || !text.len)
		fsx_read(name, &text, &ignored);
	/* The first argument ends at the first NUL, which is still there. */
	slash = strrchr(text.buf, '/');
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.buf[i] < ' ' || (unsigned char)text.buf[i] >= 127)
			text.buf[i] = ' ';
	strbuf_rtrim(&text);
	snprintf(out, size, "%s", slash ? slash + 1 : text.buf);
}

static void find_process(const char *proc, struct port_holder *ret)
{
	scoped_free char *socket = xstrf("socket:[%" PRIu64 "]", ret->inode);
	DIR *d = opendir(proc);
	struct dirent *entry;

	while (d && !ret->pid && (entry = readdir(d))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !has_socket(proc, entry->d_name, socket))
			continue;
		ret->pid = atoi(entry->d_name);
		read_command(proc, ret->pid, ret->command, sizeof(ret->command));
	}
	if (d)
		closedir(d);
}

bool ports_holder(const char *proc, int port, struct port_holder *ret)
{
	uint64_t inode = listener_inode(proc, "net/tcp", port);

	if (!inode)
		inode = listener_inode(proc, "net/tcp6", port);
	if (!inode)
		return false;
	*ret = (struct port_holder){.inode = inode};
	find_process(proc, ret);
	return true;
}

bool ports_environment(const char *proc, pid_t pid, const char *variable, struct strbuf *out)
{
	scoped_free char *path = xstrf("%s/%d/environ", proc, (int)pid), *prefix = xstrf("%s=", variable);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	if (fsx_read(path, &text, &ignored))
		return false;
	for (const char *entry = text.buf; entry < text.buf + text.len; entry += strlen(entry) + 1) {
		if (!str_starts(entry, prefix))
			continue;
		strbuf_addstr(out, entry + strlen(prefix));
		return true;
	}
	return false;
}
