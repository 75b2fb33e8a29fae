/* Errors as values: bounded text, folded to one line. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "banned.h"

/* Messages carry text from outside (server answers, file names): control bytes must not break the one line. */
static void fold_to_one_line(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
	}
}

/* Cuts what a full buffer split: a UTF-8 sequence without its end. */
static void trim_split_sequence(char *s, size_t size)
{
	size_t len = strlen(s);
	size_t start = len;
	unsigned char lead;
	size_t want;

	if (len + 1 < size)
		return;
	while (start > 0 && len - start < 3 && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return;
	start--;
	lead = (unsigned char)s[start];
	want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (len - start < want)
		s[start] = '\0';
}

static void finish_line(char *s, size_t size)
{
	trim_split_sequence(s, size);
	fold_to_one_line(s);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	/* The arguments may point into *e, as in err_set(e, kind, "%s again", e->msg). */
	char msg[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	finish_line(msg, sizeof(msg));
	e->kind = kind;
	memcpy(e->msg, msg, sizeof(msg));
	e->remedy[0] = '\0';
	return -1;
}

int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	int saved = errno;
	char what[sizeof(e->msg)];
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	/* GNU's strerror_r: thread-safe, and the answer need not be in the buffer. */
	err_set(e, kind, "%s: %s", what, strerror_r(saved, text, sizeof(text)));
	errno = saved;
	return -1;
}

int err_remedy(struct err *e, const char *fmt, ...)
{
	char remedy[sizeof(e->remedy)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(remedy, sizeof(remedy), fmt, ap);
	va_end(ap);
	finish_line(remedy, sizeof(remedy));
	memcpy(e->remedy, remedy, sizeof(remedy));
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char context[sizeof(e->msg)];
	char msg[sizeof(e->msg) * 2 + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof(msg), "%s: %s", context, e->msg);
	msg[sizeof(e->msg) - 1] = '\0';
	finish_line(msg, sizeof(e->msg));
	memcpy(e->msg, msg, sizeof(e->msg));
	return -1;
}

int err_exit_code(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
		return 0;
	case ERR_NO:
		return 1;
	case ERR_USAGE:
		return 2;
	case ERR_CONFIG:
		return 3;
	case ERR_MISSING:
		return 4;
	/* A service that is away or that answers nonsense has failed us. */
	case ERR_RETRY:
	case ERR_CONFLICT:
	case ERR_DATA:
	case ERR_SERVICE:
		return 5;
	case ERR_TIMEOUT:
		return 6;
	case ERR_FATAL:
		return 7;
	}
	return 7;
}

const char *err_kind_name(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return "none";
	case ERR_RETRY:
		return "retry";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_DATA:
		return "data";
	case ERR_CONFIG:
		return "config";
	case ERR_USAGE:
		return "usage";
	case ERR_MISSING:
		return "missing";
	case ERR_SERVICE:
		return "service";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_NO:
		return "no";
	case ERR_FATAL:
		return "fatal";
	}
	return "unknown";
}
