/* The service user. */
#include "account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "proc.h"
#include "scoped.h"

#include "banned.h"

static int make_user(const struct paths *paths, struct err *e)
{
	const char *argv[] = {"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", paths->state,
			      "--shell", "/usr/sbin/nologin", ACCOUNT_NAME, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 30000};
	int status;

	if (getpwnam(ACCOUNT_NAME))
		return 0;
	if (proc_run(argv, &opts, &status, e))
		return err_remedy(e, "make a system user named " ACCOUNT_NAME " by your own means");
	if (status == 0 || getpwnam(ACCOUNT_NAME))
		return 0;
	strbuf_rtrim(&out);
	err_set(e, ERR_MISSING, "useradd could not make the user " ACCOUNT_NAME ": %s", out.buf);
	return err_remedy(e, "make a system user named " ACCOUNT_NAME " by your own means");
}

static int own_folder(const char *path, const struct passwd *pw, struct err *e)
{
	struct stat st;

	if (fsx_mkdirs(path, 0755, e))
		return -1;
	if (!pw || (stat(path, &st) == 0 && st.st_uid == pw->pw_uid))
		return 0;
	return fsx_chown_tree(path, pw->pw_uid, pw->pw_gid, e);
}

int account_prepare(const struct paths *paths, struct err *e)
{
	const struct passwd *pw = NULL;

	if (geteuid() == 0) {
		if (make_user(paths, e))
			return -1;
		pw = getpwnam(ACCOUNT_NAME);
	}
	return own_folder(paths->state, pw, e) || own_folder(paths->cache, pw, e) ? -1 : 0;
}

int account_become(const struct paths *paths, struct err *e)
{
	const struct passwd *pw;

	if (geteuid() != 0 || !(pw = getpwnam(ACCOUNT_NAME)))
		return 0;
	if (chdir("/") || initgroups(ACCOUNT_NAME, pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid))
		return err_sys(e, ERR_FATAL, "cannot become the user " ACCOUNT_NAME);
	/* Having been root makes a process undumpable, and then even /proc/self/exe is closed to it. */
	prctl(PR_SET_DUMPABLE, 1);
	/* What clients drop into their home is a cache, not state. */
	setenv("HOME", paths->cache, 1);
	setenv("USER", ACCOUNT_NAME, 1);
	setenv("LOGNAME", ACCOUNT_NAME, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CACHE_HOME");
	unsetenv("XDG_CONFIG_HOME");
	return 0;
}
