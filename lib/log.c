/* Log lines on stderr. */
#include "log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* Set once from the command line; atomic, since a thread may log meanwhile. */
static atomic_int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

/* A terminal or a line-based reader must not be steered by what a message quotes. Bytes from 0x80 on are UTF-8. */
static void add_escaped(struct strbuf *line, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n')
			strbuf_addstr(line, "\\n");
		else if (c == '\t')
			strbuf_addstr(line, "\\t");
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(line, "\\x%02x", c);
		else
			strbuf_addch(line, c);
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	int saved = errno;
	scoped(strbuf_release) struct strbuf message = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;
	va_list ap;

	if ((int)level > atomic_load(&threshold))
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&message, fmt, ap);
	va_end(ap);
	clk_add_rfc3339(&line, clk_wall_us());
	strbuf_addf(&line, " %s ", names[level]);
	add_escaped(&line, message.buf, message.len);
	strbuf_addch(&line, '\n');
	/* One call a line, so that lines of processes that share the file do not mix. */
	fwrite(line.buf, 1, line.len, stderr);
	fflush(stderr);
	errno = saved;
}
