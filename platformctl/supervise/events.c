/* Appends events. */
#include "events.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "log.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

void events_add(const struct paths *paths, const char *service, const char *state, const char *reason)
{
	scoped_free char *path = fsx_join(paths->state, "events.jsonl");
	scoped(strbuf_release) struct strbuf ts = STRBUF_INIT;
	scoped_close int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	json_t *o;
	char *line;

	clk_add_rfc3339(&ts, clk_wall_us());
	o = json_pack("{s:s, s:s?, s:s, s:s?}", "ts", ts.buf, "service", service, "state", state, "reason", reason);
	line = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	if (line && fd >= 0) {
		scoped_free char *whole = xstrf("%s\n", line);
		ssize_t n = write(fd, whole, strlen(whole));

		if (n != (ssize_t)strlen(whole))
			log_warn("could not write to %s", path);
	}
	free(line);
	json_decref(o);
}
