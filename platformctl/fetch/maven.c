/*
 * Packages from Maven repositories: resolved by Maven itself into cache/m2, checked against the lock by SHA-256, then hard
 * links (or, for the one tar.gz, unpacked files) in the service's folder.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "client.h"
#include "install.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* Maven resolves and downloads; it needs neither much heap nor an optimising compiler. */
static const char *const maven_env[] = {"MAVEN_OPTS=-Xms32m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1", NULL};

/* Progress of a download: how much of the lock is in the repository. */
struct watch {
	struct task_ctx *ctx;
	const struct lockfile *lock; /* NULL: not known */
	const char *repository;
	int64_t total, present_before;
	int ticks;
};

static bool tick(void *arg)
{
	struct watch *w = arg;

	/* Looking at a hundred files takes a while on a slow disk: once a second will do. */
	if (w->lock && w->ticks++ % 5 == 0)
		task_report(w->ctx, "downloading", lockfile_present_bytes(w->lock, w->repository) - w->present_before, w->total);
	return !task_stopped(w->ctx);
}

/* Runs a goal on a copy of the pom, so that nothing is ever written beside it. */
static int run_maven(struct install *in, const char *pom, const struct lockfile *lock, struct err *e)
{
	scoped_free char *staged = fsx_join(in->work, "pom.xml"), *m2 = fsx_join(in->platform->paths.cache, "m2");
	scoped_free char *repository = xstrf("-Dmaven.repo.local=%s", m2);
	scoped_free char *doing = xstrf("fetching %s", in->what);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *argv[] = {"mvn", "-B", "-C", "-U", "-Dstyle.color=never", "-f", staged, repository,
			      "org.apache.maven.plugins:maven-dependency-plugin:list", "-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=true", NULL};
	struct watch w = {.ctx = in->ctx, .lock = lock, .repository = m2};
	struct client c = {.name = "Maven", .doing = doing, .argv = argv, .cwd = in->work, .env = maven_env, .log = in->log,
			   .tick = tick, .tick_arg = &w};

	if (lock) {
		w.total = lockfile_missing_bytes(lock, m2);
		w.present_before = lockfile_total_bytes(lock) - w.total;
	}
	if (fsx_read(pom, &text, e) || fsx_write_str(staged, text.buf, 0644, e) || fsx_mkdirs(m2, 0755, e))
		return -1;
	task_report(in->ctx, "downloading", 0, lock ? w.total : -1);
	return client_run(in->ctx, &c, e);
}

/* One line of dependency:list: "[INFO]    group:artifact:type[:classifier]:version:scope:/path[ -- module …]". */
static void parse_list_line(const char *line, struct strlist *paths)
{
	const char *at = strstr(line, ":/"), *end;

	if (!str_starts(line, "[INFO]    ") || !at)
		return;
	end = strstr(at, " -- module ");
	if (!end)
		end = at + strlen(at);
	while (end > at && (end[-1] == ' ' || end[-1] == '\r'))
		end--;
	scoped_free char *path = xstrndup(at + 1, (size_t)(end - at - 1));

	strlist_add_unique(paths, path);
}

void maven_parse_list(const char *output, struct strlist *paths)
{
	scoped(strlist_release) struct strlist lines = {0};

	strlist_split(&lines, output, "\n");
	for (size_t i = 0; i < lines.n; i++)
		parse_list_line(lines.items[i], paths);
}

int maven_resolve(struct install *in, const char *pom, struct lockfile *ret, struct err *e)
{
	scoped_free char *m2 = fsx_join(in->platform->paths.cache, "m2"), *prefix = xstrf("%s/", m2);
	scoped(strbuf_release) struct strbuf output = STRBUF_INIT;
	scoped(strlist_release) struct strlist paths = {0};
	scoped(lockfile_release) struct lockfile got = {0};

	if (run_maven(in, pom, NULL, e) || fsx_read(in->log, &output, e))
		return -1;
	maven_parse_list(output.buf, &paths);
	for (size_t i = 0; i < paths.n; i++) {
		char sha256[65];
		struct stat st;

		if (!str_starts(paths.items[i], prefix))
			return err_set(e, ERR_FATAL, "%s: Maven names a file outside its repository: %s", pom, paths.items[i]);
		if (stat(paths.items[i], &st))
			return err_sys(e, ERR_FATAL, "%s", paths.items[i]);
		if (fsx_sha256(paths.items[i], sha256, e))
			return -1;
		lockfile_add(&got, sha256, st.st_size, paths.items[i] + strlen(prefix));
	}
	if (got.n == 0) {
		err_set(e, ERR_CONFIG, "%s: Maven resolves it to no file", pom);
		return err_remedy(e, "name dependencies in the pom");
	}
	*ret = got;
	got = (struct lockfile){0};
	return 0;
}

static void forget(const char *path)
{
	scoped_free char *sha1 = xstrf("%s.sha1", path), *updated = xstrf("%s.lastUpdated", path);
	scoped_free char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	scoped_free char *remote = fsx_join(dir, "_remote.repositories");

	unlink(path);
	unlink(sha1);
	unlink(updated);
	unlink(remote);
}

int maven_verify(const char *repository, const struct lock_entry *entry, struct err *e)
{
	scoped_free char *path = fsx_join(repository, entry->path);
	char sha256[65];

	if (fsx_sha256(path, sha256, e))
		return -1;
	if (memcmp(sha256, entry->sha256, 64) == 0)
		return 0;
	forget(path);
	err_set(e, ERR_MISSING, "checksum of %s differs: expected SHA-256 %s, got %s; deleted it", entry->path, entry->sha256,
	        sha256);
	return err_remedy(e, "run it again; if it repeats, the mirror or the lock is wrong");
}

static int verify_all(struct install *in, const struct lockfile *lock, const char *m2, struct err *e)
{
	int64_t done = 0, total = lockfile_total_bytes(lock);

	for (size_t i = 0; i < lock->n; i++) {
		task_report(in->ctx, "verifying", done, total);
		if (task_stopped(in->ctx))
			return task_interrupted(e);
		if (maven_verify(m2, &lock->items[i], e))
			return -1;
		done += lock->items[i].bytes;
	}
	return 0;
}

/* The first file of the lock that is not in the repository; NULL when all are. */
static const char *first_absent(const struct lockfile *lock, const char *m2)
{
	for (size_t i = 0; i < lock->n; i++) {
		scoped_free char *path = fsx_join(m2, lock->items[i].path);

		if (!fsx_exists(path))
			return lock->items[i].path;
	}
	return NULL;
}

static int link_all(const struct lockfile *lock, const char *m2, const char *into, struct err *e)
{
	for (size_t i = 0; i < lock->n; i++) {
		scoped_free char *from = fsx_join(m2, lock->items[i].path);
		scoped_free char *to = fsx_join(into, strrchr(from, '/') + 1);

		if (fsx_exists(to))
			return err_set(e, ERR_CONFIG, "two packages have a file named %s", strrchr(from, '/') + 1);
		if (fsx_link_or_copy(from, to, e))
			return -1;
	}
	return 0;
}

static int prune(const struct package *pkg, const char *into, struct err *e)
{
	for (size_t i = 0; i < pkg->prune.n; i++) {
		scoped_free char *pattern = fsx_join(into, pkg->prune.items[i]);
		glob_t found = {0};
		int bad = 0;

		if (glob(pattern, GLOB_NOSORT | GLOB_PERIOD, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc && !bad; k++)
				bad = fsx_remove_tree(found.gl_pathv[k], e);
		globfree(&found);
		if (bad)
			return -1;
	}
	return 0;
}

static int unpack(struct install *in, const struct package *pkg, const struct lockfile *lock, const char *m2,
                  const char *into, struct err *e)
{
	scoped_free char *archive = fsx_join(m2, lock->items[0].path), *strip = xstrf("--strip-components=%d", pkg->strip);
	scoped_free char *doing = xstrf("unpacking %s", lock->items[0].path);
	const char *argv[] = {"tar", "-xzf", archive, "-C", into, "--no-same-owner", strip, NULL};
	struct client c = {.name = "tar", .doing = doing, .argv = argv, .log = in->log};

	if (lock->n != 1)
		return err_set(e, ERR_CONFIG, "%s of %s is to be unpacked, but its lock names %zu files, not one", pkg->manifest,
		               in->service->name, lock->n);
	task_report(in->ctx, "unpacking", -1, -1);
	if (client_run(in->ctx, &c, e) || prune(pkg, into, e))
		return -1;
	/* Its content is in place now, and a hundred megabytes and more are no cache but ballast. */
	strlist_add(&in->garbage, archive);
	return 0;
}

int install_maven(struct install *in, const struct package *pkg, const char *into, struct err *e)
{
	scoped_free char *pom = fsx_join(in->service->dir, pkg->manifest), *lock_name = lockfile_name(pkg->manifest);
	scoped_free char *lock_path = fsx_join(in->service->dir, lock_name), *m2 = fsx_join(in->platform->paths.cache, "m2");
	scoped(lockfile_release) struct lockfile lock = {0};
	const char *absent;

	if (lockfile_load(&lock, lock_path, e) || fsx_mkdirs(into, 0755, e))
		return -1;
	absent = first_absent(&lock, m2);
	if (absent && in->offline)
		return install_offline_err(in, absent, e);
	if (absent && run_maven(in, pom, &lock, e))
		return -1;
	absent = first_absent(&lock, m2);
	if (absent) {
		err_set(e, ERR_CONFIG, "%s names %s, which %s does not resolve to", lock_path, absent, pkg->manifest);
		return err_remedy(e, "the lock is older than the pom: platformctl fetch --lock %s", in->service->name);
	}
	if (verify_all(in, &lock, m2, e))
		return -1;
	return pkg->unpack ? unpack(in, pkg, &lock, m2, into, e) : link_all(&lock, m2, into, e);
}
