/*
 * Folder trees. Everything is done relative to open folders and without following symbolic links, so that a tree whose
 * owner is less trusted than we are cannot send us elsewhere while we walk it.
 */
#include "fsx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scoped.h"
#include "strlist.h"

#include "banned.h"

static void closedir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* The names in an open folder, without "." and "..", read before anything is changed in it. -1: errno. */
static int names_in(int fd, struct strlist *names)
{
	/* The stream takes its descriptor over, and fd is still needed. */
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(closedir_p) DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		if (own >= 0)
			close(own);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strlist_add(names, entry->d_name);
		errno = 0;
	}
	return errno ? -1 : 0;
}

/* Called for each entry once everything below it is done; -1: errno. */
typedef int visit_fn(int parent, const char *name, const struct stat *st, void *arg);

struct walk {
	visit_fn *visit;
	void *arg;
	bool unlock; /* make folders writable before going into them, as caches of Go modules are not */
};

/* -1: errno; an entry that vanished meanwhile is none. */
static int walk_entry(const struct walk *w, int parent, const char *name)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISDIR(st.st_mode)) {
		scoped_close int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		scoped(strlist_release) struct strlist names = {0};

		if (fd < 0)
			return errno == ENOENT ? 0 : -1;
		if (w->unlock && (st.st_mode & 0700) != 0700)
			(void)fchmod(fd, (st.st_mode & 07777) | 0700);
		if (names_in(fd, &names) < 0)
			return -1;
		for (size_t i = 0; i < names.n; i++) {
			if (walk_entry(w, fd, names.items[i]) < 0)
				return -1;
		}
	}
	if (w->visit(parent, name, &st, w->arg) < 0)
		return errno == ENOENT ? 0 : -1;
	return 0;
}

static int remove_one(int parent, const char *name, const struct stat *st, void *arg)
{
	(void)arg;
	return unlinkat(parent, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0);
}

int fsx_remove_tree(const char *path, struct err *e)
{
	const struct walk w = {.visit = remove_one, .unlock = true};
	scoped_free char *clean = fsx_join(path, ""); /* "link/" would be the folder behind the link */

	if (walk_entry(&w, AT_FDCWD, clean) < 0)
		return err_sys(e, ERR_FATAL, "cannot remove %s", path);
	return 0;
}

struct owner {
	uid_t uid;
	gid_t gid;
};

static int chown_one(int parent, const char *name, const struct stat *st, void *arg)
{
	const struct owner *o = arg;

	if (st->st_uid == o->uid && st->st_gid == o->gid)
		return 0;
	return fchownat(parent, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW);
}

int fsx_chown_tree(const char *path, uid_t uid, gid_t gid, struct err *e)
{
	struct owner o = {uid, gid};
	const struct walk w = {.visit = chown_one, .arg = &o};

	if (geteuid() != 0)
		return 0;
	if (walk_entry(&w, AT_FDCWD, path) < 0)
		return err_sys(e, ERR_FATAL, "cannot give %s to user %u", path, (unsigned)uid);
	return 0;
}

static int add_size(int parent, const char *name, const struct stat *st, void *arg)
{
	int64_t *total = arg;

	(void)parent;
	(void)name;
	if (S_ISREG(st->st_mode))
		*total += st->st_size;
	return 0;
}

int64_t fsx_tree_bytes(const char *path)
{
	int64_t total = 0;
	const struct walk w = {.visit = add_size, .arg = &total};

	if (!fsx_exists(path) || walk_entry(&w, AT_FDCWD, path) < 0)
		return -1;
	return total;
}

bool fsx_is_empty_dir(const char *path)
{
	scoped_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(strlist_release) struct strlist names = {0};

	if (fd < 0)
		return errno == ENOENT;
	return names_in(fd, &names) == 0 && names.n == 0;
}

/* The target is always a new file: writing into an old one would change every other name that it has. */
static int copy_file(int from_parent, const char *from, int to_parent, const char *to, const struct stat *st)
{
	scoped_close int in = openat(from_parent, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	scoped_close int out = -1;
	ssize_t n;

	if (in < 0 || (unlinkat(to_parent, to, 0) < 0 && errno != ENOENT))
		return -1;
	out = openat(to_parent, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -1;
	do {
		n = sendfile(out, in, NULL, 1 << 30);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : fchmod(out, st->st_mode & 07777);
}

static int copy_link(int from_parent, const char *from, int to_parent, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_parent, from, target, sizeof(target) - 1);

	if (n < 0 || (unlinkat(to_parent, to, 0) < 0 && errno != ENOENT))
		return -1;
	target[n] = '\0';
	return symlinkat(target, to_parent, to);
}

static int copy_entry(int from_parent, const char *from, int to_parent, const char *to)
{
	struct stat st;
	scoped_close int from_fd = -1;
	scoped_close int to_fd = -1;
	scoped(strlist_release) struct strlist names = {0};

	if (fstatat(from_parent, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return copy_file(from_parent, from, to_parent, to, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(from_parent, from, to_parent, to);
	if (!S_ISDIR(st.st_mode))
		return 0; /* sockets and pipes mean nothing without their process */
	from_fd = openat(from_parent, from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from_fd < 0 || names_in(from_fd, &names) < 0)
		return -1;
	if (mkdirat(to_parent, to, 0700) < 0 && errno != EEXIST)
		return -1;
	to_fd = openat(to_parent, to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to_fd < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		if (copy_entry(from_fd, names.items[i], to_fd, names.items[i]) < 0)
			return -1;
	}
	/* Last, as the mode may forbid writing. */
	return fchmod(to_fd, st.st_mode & 07777);
}

int fsx_copy_tree(const char *from, const char *to, struct err *e)
{
	if (copy_entry(AT_FDCWD, from, AT_FDCWD, to) == 0)
		return 0;
	err_sys(e, ERR_FATAL, "cannot copy %s to %s", from, to);
	if (errno == ENOSPC || errno == EDQUOT)
		return err_remedy(e, "free space on the file system that holds %s, then try again", to);
	return -1;
}

static int make_folder_of(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	scoped_free char *folder = slash && slash != path ? xstrndup(path, (size_t)(slash - path)) : NULL;

	return folder ? fsx_mkdirs(folder, 0755, e) : 0;
}

int fsx_link_or_copy(const char *from, const char *to, struct err *e)
{
	scoped_free char *file = realpath(from, NULL);
	struct stat is, was;

	if (!file || stat(file, &is) < 0)
		return err_sys(e, errno == ENOENT ? ERR_MISSING : ERR_FATAL, "cannot read %s", from);
	if (make_folder_of(to, e) < 0)
		return -1;
	if (lstat(to, &was) == 0 && was.st_dev == is.st_dev && was.st_ino == is.st_ino)
		return 0;
	if (unlink(to) < 0 && errno != ENOENT)
		return err_sys(e, ERR_FATAL, "cannot replace %s", to);
	if (link(file, to) == 0)
		return 0;
	/* Another file system, one without links, too many of them, or a file that is not ours to link. */
	return fsx_copy_tree(file, to, e);
}
