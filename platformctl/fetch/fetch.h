/*
 * Fetching: everything that the selected services are made of comes onto this machine, by the ecosystems' own clients.
 *
 *     fetch_plan()  looks, changes nothing, uses no network: what is there, what is missing, how much it is
 *     fetch_apt()   Debian's packages; the only step that needs root
 *     fetch_run()   the rest, as the service user: JVMs and Go, Maven, pip, go, links, then start-up caches (train)
 *
 * A service's packages are valid when its folder (platform_packages_dir()) holds the stamp `.complete`, which is written
 * last; a folder without it is built anew. So a kill at any moment leaves nothing half-valid, and what the clients have
 * in their caches is not transferred again. When everything is there, no client is started at all.
 */
#ifndef FETCH_H
#define FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "platform.h"
#include "strlist.h"

/* One service's part of the plan. */
struct fetch_service {
	const struct service *service;
	char *dir;              /* platform_packages_dir(); NULL when it has no packages but apt's */
	bool complete;          /* nothing to fetch for it */
	bool train;             /* its start-up cache was never tried with the JVM that it has */
	bool bytes_estimated;   /* transfer_bytes holds the catalogue's download_mb: the locks do not say */
	int64_t transfer_bytes; /* still to come over the network */
	int64_t disk_bytes;     /* what it will add on disk (the catalogue's disk_mb, 0 when complete) */
	int java;               /* major of the JVM that must be fetched for it; 0: none */
	bool go;                /* needs a Go toolchain that must be fetched */
	bool extra;             /* not selected: another service takes its files */
};

struct fetch_plan {
	const struct platform *platform; /* borrowed */
	struct fetch_service *items;
	size_t n;
	struct strlist apt;     /* Debian packages to install; `a | b` where no list says yet which one Debian has */
	struct strlist apt_why; /* for each of them, who needs it: "postgres", "fetching (Maven)" */
	int64_t transfer_bytes, disk_bytes; /* sums of the items and the runtimes */
	bool complete;          /* nothing to fetch, install or train */
};

/*
 * What fetching `sel` would do. External services are left out. ERR_CONFIG when a lock or manifest is missing or malformed.
 * Blocks for some milliseconds (looks at files, asks dpkg). Release with fetch_plan_release().
 */
int fetch_plan(const struct platform *p, const struct selection *sel, struct fetch_plan *ret, struct err *e);
void fetch_plan_release(struct fetch_plan *plan);

enum fetch_state {
	FETCH_WAITING, /* queued, or waiting for another platformctl that holds the cache (text says which) */
	FETCH_RUNNING, /* text says what it does: "downloading", "verifying", "unpacking", "building", "training" */
	FETCH_DONE,
	FETCH_WARNING, /* something went wrong that does not matter for correctness; text says what */
	FETCH_FAILED,  /* fetch_run() will return the first failure */
};

struct fetch_event {
	const char *what;       /* a service's name, "java-25", "go", "apt" or "cache"; borrowed for the call */
	enum fetch_state state;
	const char *text;       /* one short line, never NULL */
	int64_t done_bytes;     /* of this download; -1: not known */
	int64_t total_bytes;    /* -1: not known */
};

/* How to run; zero is the default. */
struct fetch_opts {
	bool offline;  /* never use the network: what is missing is an error that names it */
	bool no_train; /* leave start-up caches alone */
	bool retrain;  /* also where an earlier training failed (`fetch` sets it, `up` does not) */
	int jobs;      /* tasks at the same time; 0: one more than there are processors, from 3 to 6 */
	void (*progress)(const struct fetch_event *ev, void *arg); /* called in the caller's thread, also about 5 times a second for running tasks; may be NULL */
	void *progress_arg;
	bool (*stop)(void *arg); /* polled about 5 times a second; true ends everything (ERR_TIMEOUT "interrupted"); may be NULL */
	void *stop_arg;
};

/*
 * Installs plan->apt (says so by progress before it starts), by sudo when not root. Debian's PostgreSQL packages are kept from
 * making a cluster of their own. Nothing to do: 0 at once. ERR_MISSING with the exact command as remedy when it cannot;
 * offline it never tries. Blocks; sudo may ask for a password on the terminal.
 */
int fetch_apt(const struct fetch_plan *plan, const struct fetch_opts *opts, struct err *e);

/*
 * Everything else, as the service user when root. Holds the cache's lock meanwhile; another holder is waited for. A failed
 * training is a warning, remembered so that it is not
 * tried again but with opts.retrain. ERR_MISSING: network, checksum,
 * tool, disk, each with its remedy; ERR_TIMEOUT when stopped. Blocks; every child has ended when it returns.
 */
int fetch_run(const struct fetch_plan *plan, const struct fetch_opts *opts, struct err *e);

/* True when a service's packages are complete (or it has none). */
bool fetch_is_complete(const struct platform *p, const struct service *s);

/* Rewrites the .lock file of every pom of the service from what Maven resolves. */
int fetch_lock(const struct platform *p, const struct service *s, const struct fetch_opts *opts, struct err *e);

#endif
