/* Keeps the times of recent deaths, one a line. */
#include "deaths.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clk.h"
#include "fsx.h"
#include "scoped.h"

#include "banned.h"

static char *path_of(const struct platform *p, const struct service *s)
{
	return xstrf("%s/run/%s/deaths", p->paths.state, s->name);
}

/* The recent ones as lines in out; returns their number. */
static int recent(const char *path, struct strbuf *out)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped(strlist_release) struct strlist lines = {0};
	struct err ignored = ERR_INIT;
	int64_t since = clk_wall_us() - (int64_t)DEATHS_WINDOW_S * 1000000;
	int n = 0;

	if (fsx_read(path, &text, &ignored))
		return 0;
	strlist_split(&lines, text.buf, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strtoll(lines.items[i], NULL, 10) >= since) {
			strbuf_addf(out, "%s\n", lines.items[i]);
			n++;
		}
	return n;
}

int deaths_count(const struct platform *p, const struct service *s)
{
	scoped_free char *path = path_of(p, s);
	scoped(strbuf_release) struct strbuf lines = STRBUF_INIT;

	return recent(path, &lines);
}

int deaths_add(const struct platform *p, const struct service *s)
{
	scoped_free char *path = path_of(p, s);
	scoped(strbuf_release) struct strbuf lines = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	int n = recent(path, &lines);

	strbuf_addf(&lines, "%" PRId64 "\n", clk_wall_us());
	fsx_write_str(path, lines.buf, 0644, &ignored);
	return n + 1;
}

int deaths_backoff_ms(int count)
{
	if (count <= 0)
		return 0;
	return count > 5 ? 8000 : 500 << (count - 1);
}
