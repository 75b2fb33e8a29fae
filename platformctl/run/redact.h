/* Takes secrets out of texts. */
#ifndef REDACT_H
#define REDACT_H

#include "platform.h"
#include "strbuf.h"

/* Adds the value of every secret of this installation: what services name, and whatever lies in state/secrets. */
void redact_secrets(const struct platform *p, struct strlist *values);
/* Adds text to out, each occurrence of a value replaced by "***". */
void redact_add(const struct strlist *values, const char *text, size_t len, struct strbuf *out);

#endif
