/* Folders and disks: what state and cache are to lie on. */
#include <errno.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor_checks.h"
#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define RESERVE_BYTES 500000000LL /* data, logs and a little air */
#define INODES_LEAST  50000       /* Python and plug-in folders are many small files */
#define MAGIC_EXFAT   0x2011bab0
#define MAGIC_NTFS3   0x7366746e

/* A folder that exists, or will be made. */
struct place {
	const char *what;   /* "state", "cache" */
	const char *option; /* that moves it */
	const char *path;
	char *existing; /* path, or the nearest folder above */
};

static void add_place_remedy(struct findings *l, const struct place *at, char *text, const char *how)
{
	findings_add(l, FINDING_FAIL, "folders", text, xstrf("%s, or choose another place: %s DIR", how, at->option));
}

/* The first folder on the way that somebody else cannot pass; caller frees; NULL when there is none. */
static char *closed_to(const char *path, const struct passwd *pw)
{
	scoped_free char *part = xstrf("%s/", path);

	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;
		mode_t pass;

		*slash = '\0';
		if (stat(part, &st))
			return NULL;
		pass = pw && st.st_uid == pw->pw_uid ? S_IXUSR : pw && st.st_gid == pw->pw_gid ? S_IXGRP : S_IXOTH;
		if (!(st.st_mode & pass))
			return take_ptr(&part);
		*slash = '/';
	}
	return NULL;
}

static void check_access(const struct patient *pt, const struct place *at, struct findings *l)
{
	struct statvfs fs;
	struct stat st;

	if (stat(at->existing, &st) == 0 && !S_ISDIR(st.st_mode)) {
		add_place_remedy(l, at,
				 xstrf("%s is no folder, but the %s is to lie in %s", at->existing, at->what, at->path),
				 "move it away");
		return;
	}
	if (statvfs(at->existing, &fs) == 0 && (fs.f_flag & ST_RDONLY)) {
		add_place_remedy(l, at, xstrf("the file system of the %s folder %s is read-only", at->what, at->path),
				 "mount it writable");
		return;
	}
	if (eaccess(at->existing, W_OK | X_OK)) {
		add_place_remedy(
		    l, at,
		    xstrf("%s, which is to hold the %s, is not writable: %s", at->existing, at->what, strerror(errno)),
		    "make it yours (chown)");
		return;
	}
	if (pt->user) {
		scoped_free char *closed = closed_to(at->existing, getpwnam(pt->user));

		if (closed)
			add_place_remedy(l, at,
					 xstrf("the user %s, who runs the services, cannot pass %s to the %s folder",
					       pt->user, closed, at->what),
					 "open it (chmod o+x)");
	}
	if (statvfs(at->existing, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		add_place_remedy(l, at,
				 xstrf("programs cannot run from the %s folder %s: its file system is mounted noexec",
				       at->what, at->path),
				 "mount it with exec");
}

static void check_kind(const struct place *at, struct findings *l)
{
	struct statfs fs;

	if (statfs(at->existing, &fs))
		return;
	if (fs.f_type == MSDOS_SUPER_MAGIC || fs.f_type == MAGIC_EXFAT || fs.f_type == MAGIC_NTFS3)
		add_place_remedy(
		    l, at,
		    xstrf("the file system of the %s folder %s has neither modes nor hard links", at->what, at->path),
		    "use ext4, xfs, btrfs or the like");
}

/* PostgreSQL's socket is the longest name below the state folder that has a bound. */
static void check_length(const struct patient *pt, const struct place *at, struct findings *l)
{
	static const char socket[] = "/run/postgres/.s.PGSQL.65535";

	(void)pt;
	if (strlen(at->path) + sizeof(socket) > sizeof(((struct sockaddr_un *)0)->sun_path))
		add_place_remedy(l, at, xstrf("the path of the state folder is too long for sockets: %s", at->path),
				 "shorten it");
}

static void find_places(const struct patient *pt, struct place ret[2])
{
	const struct paths *paths = &pt->platform->paths;

	ret[0] = (struct place){"state", "--state", paths->state, doctor_existing(paths->state)};
	ret[1] = (struct place){"cache", "--cache", paths->cache, doctor_existing(paths->cache)};
}

void doctor_folders(const struct patient *pt, struct findings *l)
{
	scoped_free char *useradd = fsx_which("useradd");
	size_t before = l->n;
	struct place at[2];

	find_places(pt, at);
	for (int i = 0; i < 2; i++) {
		check_access(pt, &at[i], l);
		check_kind(&at[i], l);
		free(at[i].existing);
	}
	check_length(pt, &at[0], l);
	if (pt->user && !getpwnam(pt->user) && !useradd)
		findings_add(l, FINDING_FAIL, "folders",
			     xstrf("the user %s is not there, and neither is useradd to make it", pt->user),
			     xstrdup("apt-get install passwd"));
	doctor_fine(l, before, "folders", xstrf("state %s, cache %s", at[0].path, at[1].path));
}

/* What fetching will add; archives that are unpacked or built from stay in the cache beside the result. */
static int64_t packages_bytes(const struct patient *pt)
{
	int64_t sum = pt->plan ? pt->plan->disk_bytes : 0;

	for (size_t i = 0; pt->plan && i < pt->plan->n; i++) {
		const struct fetch_service *item = &pt->plan->items[i];
		bool twice = false;

		for (size_t k = 0; k < item->service->n_packages; k++) {
			const struct package *pkg = &item->service->packages[k];

			twice |= pkg->unpack || pkg->kind == PACKAGE_PIP || pkg->kind == PACKAGE_GO;
		}
		sum += twice ? item->transfer_bytes : 0;
	}
	return sum;
}

static void check_space(const struct place *at, int64_t need_bytes, struct findings *l)
{
	scoped(strbuf_release) struct strbuf need = STRBUF_INIT, have = STRBUF_INIT;
	struct statvfs fs;
	int64_t free_bytes;

	if (statvfs(at->existing, &fs))
		return;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	strbuf_add_bytes(&need, need_bytes);
	strbuf_add_bytes(&have, free_bytes);
	if (free_bytes < need_bytes)
		findings_add(l, FINDING_FAIL, "disk",
			     xstrf("%s needed for the %s in %s, %s free", need.buf, at->what, at->path, have.buf),
			     xstrf("make room there, or choose another place: %s DIR", at->option));
	else if (fs.f_files && fs.f_favail < INODES_LEAST)
		findings_add(l, FINDING_FAIL, "disk",
			     xstrf("%llu files can still be made in %s; %d are needed", (unsigned long long)fs.f_favail,
				   at->path, INODES_LEAST),
			     xstrf("delete small files there, or choose another place: %s DIR", at->option));
	else
		findings_add(l, FINDING_OK, "disk",
			     xstrf("%s needed for the %s, %s free", need.buf, at->what, have.buf), NULL);
}

void doctor_disk(const struct patient *pt, struct findings *l)
{
	int64_t packages = packages_bytes(pt);
	struct stat state, cache;
	struct place at[2];

	find_places(pt, at);
	if (stat(at[0].existing, &state) == 0 && stat(at[1].existing, &cache) == 0 && state.st_dev == cache.st_dev) {
		at[0].what = "state and the cache";
		check_space(&at[0], packages + RESERVE_BYTES, l);
	} else {
		check_space(&at[0], RESERVE_BYTES, l);
		check_space(&at[1], packages, l);
	}
	free(at[0].existing);
	free(at[1].existing);
}
