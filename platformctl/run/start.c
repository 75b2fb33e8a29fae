/* The start of the platform as a small state machine a service. */
#include "start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "events.h"
#include "fsx.h"
#include "interrupt.h"
#include "render.h"
#include "s6.h"
#include "scoped.h"

#include "banned.h"

#define TICK_MS 50
#define SHOW_EVERY_MS 250
#define PROBE_DEADLINE_S 10
#define PROVISION_DEADLINE_S 120

const char *start_stage_name(enum start_stage stage)
{
	static const char *const names[] = {"waiting", "restarting", "starting", "provisioning", "ready", "failed"};

	return names[stage];
}

void start_init(struct start *run, const struct platform *p, const struct selection *sel)
{
	*run = (struct start){.platform = p, .began_ms = clk_mono_ms()};
	run->items = xcalloc(sel->n + 1, sizeof(*run->items));
	run->n = sel->n;
	for (size_t i = 0; i < sel->n; i++) {
		run->items[i].service = sel->items[i];
		run->items[i].probing = (struct probing){.proc = PROC_INIT, .out = STRBUF_INIT};
	}
}

void start_release(struct start *run)
{
	for (size_t i = 0; i < run->n; i++)
		probing_release(&run->items[i].probing);
	free(run->items);
	*run = (struct start){0};
}

static void enter(struct start *run, struct start_item *it, enum start_stage stage)
{
	if (it->stage == stage)
		return;
	it->stage = stage;
	if (stage == STAGE_READY)
		it->ready_ms = clk_mono_ms();
	/* What the supervisor's own entry points note is not noted twice. */
	if (stage == STAGE_READY || stage == STAGE_FAILED || stage == STAGE_PROVISIONING)
		events_add(&run->platform->paths, it->service->name, start_stage_name(stage), stage == STAGE_READY ? NULL : it->reason);
	if (run->changed)
		run->changed(run, it, run->arg);
}

static int fail(struct start *run, struct start_item *it, const struct err *e)
{
	snprintf(it->reason, sizeof(it->reason), "%.500s", e->msg);
	snprintf(it->remedy, sizeof(it->remedy), "%.500s", e->remedy);
	enter(run, it, STAGE_FAILED);
	return -1;
}

static const struct start_item *find(const struct start *run, const char *name)
{
	for (size_t i = 0; i < run->n; i++)
		if (str_eq(run->items[i].service->name, name))
			return &run->items[i];
	return NULL;
}

static bool needs_are_ready(const struct start *run, const struct service *s)
{
	for (size_t i = 0; i < s->needs.n; i++) {
		const struct start_item *need = find(run, s->needs.items[i]);

		if (need && need->stage != STAGE_READY)
			return false;
	}
	return true;
}

static int launch(struct start *run, struct start_item *it, struct err *e)
{
	if (s6_install(run->platform, it->service, e) || s6_up(run->platform, it->service, e))
		return -1;
	enter(run, it, STAGE_STARTING);
	return 0;
}

/* Its needs are ready: start it, leave it alone when it runs as it should, or stop it first when it must change. */
static int begin(struct start *run, struct start_item *it, struct err *e)
{
	scoped(rendered_release) struct rendered r = {0};
	char running[65];
	struct s6_state st;

	it->started_ms = clk_mono_ms();
	if (it->service->external) {
		enter(run, it, STAGE_STARTING);
		return 0;
	}
	if (render_service(run->platform, it->service, &r, e))
		return -1;
	snprintf(it->digest, sizeof(it->digest), "%s", r.digest);
	rendered_digest_on_disk(run->platform, it->service, running);
	s6_state(run->platform, it->service, &st);
	if (st.up && st.wanted && !run->fresh && str_eq(running, r.digest)) {
		it->was_running = true;
		enter(run, it, STAGE_STARTING);
		return 0;
	}
	if (!st.up)
		return launch(run, it, e);
	if (s6_down(run->platform, it->service, e))
		return -1;
	enter(run, it, STAGE_STOPPING);
	return 0;
}

static int after_stop(struct start *run, struct start_item *it, struct err *e)
{
	struct s6_state st;

	s6_state(run->platform, it->service, &st);
	return st.up || st.pid > 0 ? 0 : launch(run, it, e);
}

/* The supervisor gave the service up, or somebody stopped it meanwhile. */
static int check_supervisor(struct start *run, struct start_item *it, struct err *e)
{
	struct s6_state st;

	if (it->service->external)
		return 0;
	s6_state(run->platform, it->service, &st);
	if (st.failed[0]) {
		err_set(e, ERR_SERVICE, "%s", st.failed);
		return err_remedy(e, "its last log lines say why; more: platformctl logs %s", it->service->name);
	}
	if (st.supervised && !st.wanted && !st.up) {
		err_set(e, ERR_SERVICE, "it was stopped while it was being started");
		return err_remedy(e, "run platformctl up again");
	}
	return 0;
}

static int ask(struct start *run, struct start_item *it, enum probing_kind kind, struct err *e)
{
	return probing_start(run->platform, it->service, kind, kind == PROBING_PROBE ? PROBE_DEADLINE_S : PROVISION_DEADLINE_S,
	                     &it->probing, e);
}

/* Fast at first, then once a second: a probe costs CPU that the starting services need. */
static void schedule_probe(struct start_item *it)
{
	int64_t now = clk_mono_ms(), age = now - it->started_ms;

	it->next_probe_ms = now + (age < 3000 ? 200 : age < 15000 ? 500 : 1000);
}

static int probed(struct start *run, struct start_item *it, int status, struct err *e)
{
	struct probe_answer answer;

	probing_answer(&it->probing, status, &answer);
	snprintf(it->reason, sizeof(it->reason), "%s", answer.reason);
	snprintf(it->remedy, sizeof(it->remedy), "%s", answer.remedy);
	schedule_probe(it);
	if (str_eq(answer.state, "starting") || (it->provisioned && !str_eq(answer.state, "ready")))
		return check_supervisor(run, it, e);
	if (it->provisioned || !it->service->provision) {
		if (str_eq(answer.state, "ready"))
			enter(run, it, STAGE_READY);
		return 0;
	}
	if (ask(run, it, PROBING_PROVISION, e))
		return -1;
	enter(run, it, STAGE_PROVISIONING);
	return 0;
}

static int provisioned(struct start *run, struct start_item *it, int status, struct err *e)
{
	struct err cause = ERR_INIT;

	if (status == 0) {
		it->provisioned = true;
		it->next_probe_ms = 0;
		enter(run, it, STAGE_STARTING);
		return 0;
	}
	probing_error(&it->probing, status, &cause);
	if (cause.kind == ERR_RETRY || cause.kind == ERR_TIMEOUT) {
		snprintf(it->reason, sizeof(it->reason), "%.500s", cause.msg);
		schedule_probe(it);
		enter(run, it, STAGE_STARTING);
		return check_supervisor(run, it, e);
	}
	*e = cause;
	return err_prefix(e, "provisioning");
}

static int overdue(const struct start_item *it, struct err *e)
{
	if (clk_mono_ms() - it->started_ms < (int64_t)it->service->start_timeout_s * 1000)
		return 0;
	err_set(e, ERR_TIMEOUT, "not ready after %d s: %.500s", it->service->start_timeout_s,
	        it->reason[0] ? it->reason : "its probe gave no answer");
	return err_remedy(e, "%s", it->remedy[0] ? it->remedy : "its log says more: platformctl logs");
}

static int step(struct start *run, struct start_item *it, struct err *e)
{
	int status;

	switch (it->stage) {
	case STAGE_WAITING:
		return needs_are_ready(run, it->service) ? begin(run, it, e) : 0;
	case STAGE_STOPPING:
		return after_stop(run, it, e);
	case STAGE_STARTING:
		if (probing_running(&it->probing))
			return probing_poll(&it->probing, &status) ? probed(run, it, status, e) : overdue(it, e);
		if (clk_mono_ms() >= it->next_probe_ms)
			return ask(run, it, PROBING_PROBE, e);
		return overdue(it, e);
	case STAGE_PROVISIONING:
		return probing_poll(&it->probing, &status) ? provisioned(run, it, status, e) : 0;
	case STAGE_READY:
	case STAGE_FAILED:
		break;
	}
	return 0;
}

static bool all_ready(const struct start *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->items[i].stage != STAGE_READY)
			return false;
	return true;
}

/* What is not ready yet and waits for nothing else: that is what the time went to. */
static struct start_item *slowest(const struct start *run)
{
	for (size_t i = 0; i < run->n; i++)
		if (run->items[i].stage != STAGE_READY && run->items[i].stage != STAGE_WAITING)
			return &run->items[i];
	return NULL;
}

static int timed_out(const struct start *run, int timeout_ms, const struct start_item **ret_failed, struct err *e)
{
	const struct start_item *it = slowest(run);

	*ret_failed = it;
	err_set(e, ERR_TIMEOUT, "not everything was ready within %d s; %s is still %s: %.500s", timeout_ms / 1000,
	        it ? it->service->name : "a service", it ? start_stage_name(it->stage) : "waiting",
	        it && it->reason[0] ? it->reason : "no answer yet");
	return err_remedy(e, "it goes on starting: run platformctl up again to wait on, or give it longer: --timeout");
}

int start_run(struct start *run, int timeout_ms, const struct start_item **ret_failed, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms, shown = 0;

	*ret_failed = NULL;
	while (!all_ready(run)) {
		for (size_t i = 0; i < run->n; i++) {
			struct start_item *it = &run->items[i];

			if (step(run, it, e)) {
				*ret_failed = it;
				fail(run, it, e);
				return err_prefix(e, "%s", it->service->name);
			}
		}
		if (interrupt_seen())
			return interrupt_err(e);
		if (clk_mono_ms() >= deadline)
			return timed_out(run, timeout_ms, ret_failed, e);
		if (run->changed && clk_mono_ms() - shown >= SHOW_EVERY_MS) {
			shown = clk_mono_ms();
			run->changed(run, NULL, run->arg);
		}
		clk_sleep_ms(TICK_MS);
	}
	return 0;
}
