/* A folder for one test: made by scratch_new(), filled by scratch_put(), removed by scratch_free(). */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

static inline char *scratch_new(void)
{
	char *dir = xstrdup("/tmp/dataflow-unit-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void scratch_free(char **dir)
{
	struct err e = ERR_INIT;

	fsx_remove_tree(*dir, &e);
	free(*dir);
}

/* Writes dir/name, making its folders. */
static inline void scratch_put(const char *dir, const char *name, const char *text)
{
	scoped_free char *path = fsx_join(dir, name), *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err e = ERR_INIT;

	assert_int_equal(fsx_mkdirs(folder, 0755, &e), 0);
	assert_int_equal(fsx_write_str(path, text, 0644, &e), 0);
}

#endif
