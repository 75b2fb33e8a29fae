/* The stop of the platform. */
#include "stop.h"

#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "interrupt.h"
#include "s6.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

enum stop_stage { STOP_WAITING, STOP_ASKED, STOP_DOWN };

/* True when every service of the selection that needs this one is down. */
static bool nobody_needs(const struct selection *sel, const enum stop_stage *stages, const struct service *s)
{
	for (size_t i = 0; i < sel->n; i++)
		if (stages[i] != STOP_DOWN && strlist_has(&sel->items[i]->needs, s->name))
			return false;
	return true;
}

static void show(struct view *view, size_t row, const char *state)
{
	if (view)
		view_set(view, (int)row, state, NULL);
}

static int step(const struct platform *p, const struct selection *sel, enum stop_stage *stages, size_t i, struct view *view,
                struct err *e)
{
	struct s6_state st;

	if (stages[i] == STOP_DOWN || (stages[i] == STOP_WAITING && !nobody_needs(sel, stages, sel->items[i])))
		return 0;
	s6_state(p, sel->items[i], &st);
	if (!st.supervised || (!st.up && !st.wanted && st.pid < 0)) {
		stages[i] = STOP_DOWN;
		show(view, i, "stopped");
		return 0;
	}
	if (stages[i] == STOP_ASKED)
		return 0;
	if (s6_down(p, sel->items[i], e))
		return -1;
	stages[i] = STOP_ASKED;
	show(view, i, "stopping");
	return 0;
}

int stop_services(const struct platform *p, const struct selection *sel, int timeout_ms, struct view *view, struct err *e)
{
	scoped_free enum stop_stage *stages = xcalloc(sel->n + 1, sizeof(*stages));
	int64_t deadline = clk_mono_ms() + timeout_ms;

	for (;;) {
		size_t down = 0;

		for (size_t i = 0; i < sel->n; i++) {
			if (step(p, sel, stages, i, view, e))
				return -1;
			down += stages[i] == STOP_DOWN;
		}
		if (view)
			view_draw(view);
		if (down == sel->n)
			return 0;
		if (interrupt_seen())
			return interrupt_err(e);
		if (clk_mono_ms() >= deadline) {
			err_set(e, ERR_TIMEOUT, "%zu of %zu services were not down within %d s", sel->n - down, sel->n, timeout_ms / 1000);
			return err_remedy(e, "run platformctl down again, with a longer --timeout");
		}
		clk_sleep_ms(50);
	}
}
