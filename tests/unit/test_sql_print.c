/* sql_print: the same rows in every format, to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scoped.h"
#include "sql_print.h"
#include "strbuf.h"

#include "banned.h"

static const struct sql_column columns[] = {{"id", "integer"}, {"name", "varchar"}, {"price", "decimal(12,2)"}};

static void print_sample(enum sql_format format)
{
	static const char *const rows[] = {"[1,\"a,b\",\"9.50\"]", "[20,null,\"10.00\"]", "[3,\"é\\t\\\"x\\\\\\n\",null]", "[4,[1,{\"k\":true}],0.1]"};
	struct sql_printer *p = sql_printer_new(format);

	sql_printer_columns(p, columns, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *row = json_loads(rows[i], 0, NULL);

		sql_printer_row(p, row);
		json_decref(row);
	}
	sql_printer_end(p, NULL, -1, 12);
	sql_printer_end(p, "UPDATE", 1, 3);
	sql_printer_free(p);
}

/* What print_sample() writes; caller frees. */
static char *capture(enum sql_format format)
{
	FILE *file = tmpfile();
	int before = dup(STDOUT_FILENO);
	char *text = xcalloc(1, 4096);

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	print_sample(format);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	assert_true(fread(text, 1, 4095, file) > 0);
	fclose(file);
	return text;
}

static void prints_each_format(void **state)
{
	static const struct {
		enum sql_format format;
		const char *want;
	} cases[] = {
		{SQL_TABLE, "id  name            price\n"
		            "--  --------------  -----\n"
		            " 1  a,b              9.50\n"
		            "20                  10.00\n"
		            " 3  é\\t\"x\\\\n             \n"
		            " 4  [1,{\"k\":true}]    0.1\n"
		            "(4 rows, 12 ms)\n"
		            "UPDATE: 1 row, 3 ms\n"},
		{SQL_TSV, "1\ta,b\t9.50\n20\t\\N\t10.00\n3\té\\t\"x\\\\\\n\t\\N\n4\t[1,{\"k\":true}]\t0.1\n"},
		{SQL_CSV, "id,name,price\n1,\"a,b\",9.50\n20,,10.00\n3,\"é\t\"\"x\\\n\",\n4,\"[1,{\"\"k\"\":true}]\",0.1\n"},
		{SQL_JSON, "{\"schema_version\":1,\"columns\":[{\"name\":\"id\",\"type\":\"integer\"},{\"name\":\"name\",\"type\":\"varchar\"},"
		           "{\"name\":\"price\",\"type\":\"decimal(12,2)\"}],\"rows\":[[1,\"a,b\",\"9.50\"],[20,null,\"10.00\"],"
		           "[3,\"é\\t\\\"x\\\\\\n\",null],[4,[1,{\"k\":true}],0.10000000000000001]],\"row_count\":4,\"ms\":12}\n"
		           "{\"schema_version\":1,\"update\":\"UPDATE\",\"row_count\":1,\"ms\":3}\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *got = capture(cases[i].format);

		assert_string_equal(got, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(prints_each_format)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
