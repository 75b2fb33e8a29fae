/* The installation's lock. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"

#include "banned.h"

static int held_by_another(const char *path, struct err *e)
{
	scoped(strbuf_release) struct strbuf holder = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	fsx_read(path, &holder, &ignored);
	strbuf_rtrim(&holder);
	err_set(e, ERR_MISSING, "another platformctl is changing this installation%s%s%s", holder.len ? " (" : "", holder.buf,
	        holder.len ? ")" : "");
	return err_remedy(e, "wait until it ends, or end it; platformctl status works meanwhile");
}

int lock_take(const struct paths *paths, const char *command, struct err *e)
{
	scoped_free char *path = fsx_join(paths->state, "lock");
	/* Kept open on purpose: the lock lasts as long as the descriptor. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	struct stat st;

	if (fd < 0) {
		err_sys(e, ERR_MISSING, "cannot open %s", path);
		if (errno == EROFS || errno == EACCES)
			return err_remedy(e, "the state folder must be writable; choose another: --state DIR");
		return err_remedy(e, "make room or choose another state folder: --state DIR");
	}
	/* Made by root, used by the service user: it belongs to whom the folder belongs to. */
	if (stat(paths->state, &st) == 0 && fchown(fd, st.st_uid, st.st_gid))
		errno = 0;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return held_by_another(path, e);
	}
	if (ftruncate(fd, 0) || dprintf(fd, "process %d: platformctl %s\n", (int)getpid(), command) < 0)
		errno = 0;
	return 0;
}
