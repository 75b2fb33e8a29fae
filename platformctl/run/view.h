/*
 * What `up`, `restart` and `down` show while they work: a table that redraws itself on a terminal that is tall enough, one
 * plain line for every change elsewhere, and with NO_COLOR, CI or TERM=dumb.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

struct view_row {
	const char *name;  /* borrowed for the life of the view */
	char state[24];
	char detail[256];
	int64_t began_ms;  /* clk_mono_ms(); 0: not begun */
	int64_t ended_ms;  /* 0: not ended */
};

struct view {
	struct view_row *rows;
	int n;
	bool live;
	bool quiet;     /* -o json: nothing at all */
	int drawn;      /* lines on the screen that are ours */
	int64_t began_ms;
};

void view_init(struct view *v, int n, bool quiet);
void view_release(struct view *v);
/* Sets a row; prints a line for it when not live and the state is another. `detail` may be NULL. */
void view_set(struct view *v, int row, const char *state, const char *detail);
/* Redraws when live. */
void view_draw(struct view *v);
/* Draws a last time and leaves the cursor below. */
void view_end(struct view *v);

#endif
