/* Reads the last lines of a log without reading all of it. */
#include "logtail.h"

#include <stdio.h>
#include <stdlib.h>

#include "scoped.h"

#include "banned.h"

#define TAIL_BYTES 65536

void logtail_add(const struct platform *p, const struct service *s, int lines, struct strbuf *out)
{
	scoped_free char *path = xstrf("%s/log/%s/current", p->paths.state, s->name);
	scoped_fclose FILE *f = fopen(path, "re");
	scoped_free char *buf = NULL;
	size_t n, at;

	if (!f)
		return;
	buf = xmalloc(TAIL_BYTES);
	if (fseek(f, -TAIL_BYTES, SEEK_END))
		rewind(f);
	n = fread(buf, 1, TAIL_BYTES, f);
	at = n;
	while (at > 0 && lines > 0) {
		at--;
		if (at > 0 && buf[at - 1] == '\n')
			lines--;
	}
	strbuf_add(out, buf + at, n - at);
}
