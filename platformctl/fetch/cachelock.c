/* One flock on cache/lock; the file's text says who holds it. */
#include "cachelock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"
#include "task.h"

#include "banned.h"

#define LOOK_MS 250

static void say_held(const char *path, const struct fetch_opts *opts)
{
	scoped(strbuf_release) struct strbuf holder = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	scoped_free char *text = NULL;
	struct fetch_event ev = {.what = "cache", .state = FETCH_WAITING, .done_bytes = -1, .total_bytes = -1};

	fsx_read(path, &holder, &ignored);
	strbuf_rtrim(&holder);
	text = xstrf("waiting for %s, which fetches into the same cache", holder.len ? holder.buf : "another platformctl");
	ev.text = text;
	if (opts->progress)
		opts->progress(&ev, opts->progress_arg);
}

/* Made by root, it must be the service user's all the same: `up` takes the lock as that user. */
static void give_to_owner(int fd, const char *cache)
{
	struct stat st;

	if (geteuid() == 0 && stat(cache, &st) == 0 && fchown(fd, st.st_uid, st.st_gid))
		return; /* then whoever cannot open it later will say so */
}

int cachelock_take(const struct platform *p, const struct fetch_opts *opts, int *ret_fd, bool *ret_waited, struct err *e)
{
	scoped_free char *path = fsx_join(p->paths.cache, "lock");
	scoped_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	*ret_waited = false;
	if (fd < 0) {
		err_sys(e, ERR_MISSING, "cannot write %s", path);
		return err_remedy(e, "make the cache folder writable, or choose another with --cache");
	}
	give_to_owner(fd, p->paths.cache);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys(e, ERR_FATAL, "cannot lock %s", path);
		if (!*ret_waited)
			say_held(path, opts);
		*ret_waited = true;
		if (opts->stop && opts->stop(opts->stop_arg))
			return task_interrupted(e);
		clk_sleep_ms(LOOK_MS);
	}
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "platformctl (pid %d)\n", (int)getpid());
	*ret_fd = fd;
	fd = -1;
	return 0;
}
