/*
 * What happens in the shop: each kind of change is one SQL statement, and so one transaction and one round trip. That is
 * what makes the count exact: a statement answers with the rows that it changed, or failed and changed none, or its answer
 * was lost with the connection, and then nobody can know.
 */
#ifndef WORKLOAD_CHANGES_H
#define WORKLOAD_CHANGES_H

#include <stdint.h>

#include "err.h"
#include "pgconn.h"

enum shop_table { SHOP_CUSTOMERS, SHOP_PRODUCTS, SHOP_ADDRESSES, SHOP_ORDERS, SHOP_ORDER_ITEMS, SHOP_USER_ACTIVITY, SHOP_TABLES };
enum shop_op { SHOP_INSERT, SHOP_UPDATE, SHOP_DELETE, SHOP_OPS };

extern const char *const shop_table_names[SHOP_TABLES];
extern const char *const shop_op_names[SHOP_OPS];

/* Rows changed, by table and operation. */
struct shop_counts {
	long long rows[SHOP_TABLES][SHOP_OPS];
};
void shop_counts_add(struct shop_counts *to, const struct shop_counts *from);
long long shop_counts_total(const struct shop_counts *c);

/* The highest ids when the workload begins: what the draws range over. */
struct shop_bounds {
	int customers, products, addresses;
	long long orders;
};
/* Sets the search path of the connection to the schema and reads the bounds. ERR_DATA when the shop is empty. */
int shop_bounds_read(struct pgconn *c, const char *schema, struct shop_bounds *ret, struct err *e);

/* Repeatable random numbers (SplitMix64): the same seed draws the same shop life. */
struct dice {
	uint64_t state;
};
/* From 0 to n - 1; n > 0. */
uint64_t dice_draw(struct dice *d, uint64_t n);

/* One change that was drawn and can be run, and run again. */
struct shop_change {
	const char *name; /* "order", "price", … */
	const char *sql;
	int n_params;
	char text[5][128]; /* its parameters */
};
void shop_change_draw(struct shop_change *ret, struct dice *d, const struct shop_bounds *bounds);
/* Runs it; *ret gets what it changed, which may be nothing (no order was waiting). Errors are pgconn_query()'s. */
int shop_change_run(const struct shop_change *change, struct pgconn *c, int timeout_ms, struct shop_counts *ret,
                    struct err *e);

#endif
