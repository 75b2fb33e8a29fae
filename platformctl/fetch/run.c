/* Turns a plan into tasks and runs them, alone in the cache. */
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "cachelock.h"
#include "fetch.h"
#include "fsx.h"
#include "install.h"
#include "runtimes.h"
#include "scoped.h"
#include "strbuf.h"
#include "task.h"
#include "train.h"

#include "banned.h"

/* What one task is about; the graph's tasks borrow it. */
struct job {
	const struct platform *platform;
	const struct service *service;
	char *runtime, *runtime_lock;
	bool offline;
};

struct jobs {
	struct job **items;
	size_t n;
};

static struct job *new_job(struct jobs *jobs, const struct platform *p, const struct service *s, bool offline)
{
	struct job *job = xcalloc(1, sizeof(*job));

	*job = (struct job){.platform = p, .service = s, .offline = offline};
	jobs->items = xrealloc(jobs->items, (jobs->n + 1) * sizeof(struct job *));
	jobs->items[jobs->n++] = job;
	return job;
}

static void jobs_release(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		free(jobs->items[i]->runtime);
		free(jobs->items[i]->runtime_lock);
		free(jobs->items[i]);
	}
	free(jobs->items);
}

/* ---- the tasks ---- */

static int do_service(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;

	return install_service(ctx, job->platform, job->service, job->offline, e);
}

static int do_runtime(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;

	return install_runtime(ctx, job->platform, job->runtime, job->runtime_lock, job->offline, e);
}

static int do_train(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;

	return train_run(ctx, job->platform, job->service, e);
}

/* pip's and Go's caches hold what the packages folders hold, once more: hundreds of megabytes that nothing needs again. */
static int do_tidy(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;
	static const char *const folders[] = {"pip", "go"};

	task_report(ctx, "removing what is not needed any more", -1, -1);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		scoped_free char *path = fsx_join(job->platform->paths.cache, folders[i]);

		if (fsx_remove_tree(path, e))
			return -1;
	}
	return 0;
}

/* ---- the graph ---- */

static enum task_kind kind_of(const struct fetch_service *item)
{
	enum task_kind kind = TASK_OTHER;

	for (size_t i = 0; i < item->service->n_packages; i++) {
		if (item->service->packages[i].kind == PACKAGE_GO)
			return TASK_BUILD;
		if (item->service->packages[i].kind == PACKAGE_MAVEN && item->transfer_bytes > 0)
			kind = TASK_MAVEN;
	}
	return kind;
}

/* A runtime's task, once; returns its position. */
static size_t add_runtime(struct task_graph *g, struct jobs *jobs, const struct platform *p, const char *name, char *lock,
                          bool offline)
{
	struct job *job;

	for (size_t i = 0; i < g->n; i++) {
		if (str_eq(g->items[i].what, name)) {
			free(lock);
			return i;
		}
	}
	job = new_job(jobs, p, NULL, offline);
	job->runtime = xstrdup(name);
	job->runtime_lock = lock;
	return task_add(g, TASK_OTHER, name, do_runtime, job);
}

/* Positions of the items, those that take longest first: compilers, then the biggest downloads. */
static size_t *in_order(const struct fetch_plan *plan)
{
	size_t *order = xcalloc(plan->n + 1, sizeof(*order));

	for (size_t i = 0; i < plan->n; i++)
		order[i] = i;
	for (size_t i = 1; i < plan->n; i++) {
		for (size_t k = i; k > 0; k--) {
			const struct fetch_service *a = &plan->items[order[k - 1]], *b = &plan->items[order[k]];
			int64_t weight_a = kind_of(a) == TASK_BUILD ? INT64_MAX : a->transfer_bytes;
			int64_t weight_b = kind_of(b) == TASK_BUILD ? INT64_MAX : b->transfer_bytes;
			size_t other = order[k];

			if (weight_a >= weight_b)
				break;
			order[k] = order[k - 1];
			order[k - 1] = other;
		}
	}
	return order;
}

static void add_runtimes(struct task_graph *g, struct jobs *jobs, const struct fetch_plan *plan, bool offline)
{
	const struct platform *p = plan->platform;

	for (size_t i = 0; i < plan->n; i++) {
		scoped_free char *java = xstrf("java-%d", plan->items[i].java);

		if (plan->items[i].go)
			add_runtime(g, jobs, p, "go", runtimes_go_lock(p), offline);
		if (plan->items[i].java)
			add_runtime(g, jobs, p, java, runtimes_java_lock(p, plan->items[i].java), offline);
	}
}

/* The task of that name, or g->n. */
static size_t find_task(const struct task_graph *g, const char *what)
{
	size_t i = 0;

	while (i < g->n && !str_eq(g->items[i].what, what))
		i++;
	return i;
}

static void add_services(struct task_graph *g, struct jobs *jobs, const struct fetch_plan *plan, bool offline)
{
	scoped_free size_t *order = in_order(plan);

	for (size_t i = 0; i < plan->n; i++) {
		const struct fetch_service *item = &plan->items[order[i]];
		size_t task;

		if (item->complete)
			continue;
		task = task_add(g, kind_of(item), item->service->name, do_service,
		                new_job(jobs, plan->platform, item->service, offline));
		if (item->go)
			task_need(g, task, find_task(g, "go"));
	}
	for (size_t i = 0; i < plan->n; i++) {
		const struct service *s = plan->items[i].service;
		size_t task = find_task(g, s->name);

		for (size_t k = 0; k < s->n_packages && task < g->n; k++) {
			size_t source = find_task(g, s->packages[k].manifest);

			if (s->packages[k].kind == PACKAGE_FROM && source < g->n)
				task_need(g, task, source);
		}
	}
}

static bool wants_training(const struct fetch_plan *plan, const struct fetch_service *item, const struct fetch_opts *opts)
{
	if (opts->no_train || item->extra)
		return false;
	return item->train || (opts->retrain && train_state(plan->platform, item->service) == TRAIN_FAILED);
}

/* After the first `fetching` tasks: a script may use other services' packages, and wants the machine for itself. */
static void add_trainings(struct task_graph *g, struct jobs *jobs, const struct fetch_plan *plan, size_t fetching,
                          const struct fetch_opts *opts)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct fetch_service *item = &plan->items[i];
		scoped_free char *what = xstrf("train %s", item->service->name);
		size_t task;

		if (!wants_training(plan, item, opts))
			continue;
		task = task_add(g, TASK_TRAIN, what, do_train, new_job(jobs, plan->platform, item->service, opts->offline));
		for (size_t k = 0; k < fetching; k++)
			task_need(g, task, k);
	}
}

static void add_tidying(struct task_graph *g, struct jobs *jobs, const struct platform *p)
{
	size_t before = g->n, task = task_add(g, TASK_OTHER, "cache", do_tidy, new_job(jobs, p, NULL, false));

	for (size_t i = 0; i < before; i++)
		task_need(g, task, i);
}

static int run_plan(const struct fetch_plan *plan, const struct fetch_opts *opts, struct err *e)
{
	scoped(task_graph_release) struct task_graph g = {.paths = &plan->platform->paths};
	scoped(jobs_release) struct jobs jobs = {0};
	size_t fetching;

	add_runtimes(&g, &jobs, plan, opts->offline);
	add_services(&g, &jobs, plan, opts->offline);
	fetching = g.n;
	if (fetching)
		add_tidying(&g, &jobs, plan->platform);
	add_trainings(&g, &jobs, plan, fetching, opts);
	if (g.n == 0)
		return 0;
	return task_run_all(&g, opts, e);
}

/* The same selection, looked at once more: Debian's packages have come, or another platformctl has fetched. */
static int plan_again(const struct fetch_plan *old, struct fetch_plan *ret, struct err *e)
{
	scoped_free struct service **items = xcalloc(old->n + 1, sizeof(*items));
	struct selection sel = {.items = items};

	for (size_t i = 0; i < old->n; i++)
		if (!old->items[i].extra)
			sel.items[sel.n++] = (struct service *)old->items[i].service;
	return fetch_plan(old->platform, &sel, ret, e);
}

int fetch_run(const struct fetch_plan *plan, const struct fetch_opts *opts, struct err *e)
{
	scoped(fetch_plan_release) struct fetch_plan fresh = {0};
	scoped_close int lock = -1;
	bool waited;

	if (plan->complete && !opts->retrain)
		return 0;
	if (account_prepare(&plan->platform->paths, e) || cachelock_take(plan->platform, opts, &lock, &waited, e))
		return -1;
	if (waited || plan->apt.n) {
		if (plan_again(plan, &fresh, e))
			return -1;
		plan = &fresh;
	}
	return run_plan(plan, opts, e);
}
