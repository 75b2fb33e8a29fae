/* The three changes, each one statement and so one transaction, with new values every time. */
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "demo.h"
#include "scoped.h"

#include "banned.h"

#define TIMEOUT_MS 10000

/* Each answers: xid, LSN, then what the words and the SELECT need. */
static const char customer_sql[] =
	"WITH chosen AS (SELECT id, email FROM customers ORDER BY random() LIMIT 1 FOR UPDATE)"
	" UPDATE customers AS c SET email = lower(c.first_name || '.' || replace(c.last_name, ' ', '')) || '+' || substr(md5(random()::text), 1, 8) || '@example.com'"
	" FROM chosen WHERE c.id = chosen.id RETURNING pg_current_xact_id(), pg_current_wal_insert_lsn(), c.id, chosen.email, c.email";

static const char product_sql[] =
	"WITH chosen AS (SELECT id, price, name, greatest(0.99, round(price * (0.85 + random() * 0.3)::numeric, 2)) AS wish"
	" FROM products WHERE active ORDER BY random() LIMIT 1 FOR UPDATE)"
	" UPDATE products AS p SET price = CASE WHEN wish = chosen.price THEN wish + 0.01 ELSE wish END"
	" FROM chosen WHERE p.id = chosen.id RETURNING pg_current_xact_id(), pg_current_wal_insert_lsn(), p.id, chosen.price, p.price, p.name";

static const char order_sql[] =
	"WITH basket AS (SELECT id, price, 1 + (random() * 2)::int AS quantity FROM products WHERE active AND stock >= 3 ORDER BY random() LIMIT 2),"
	" buyer AS (SELECT id FROM customers ORDER BY random() LIMIT 1),"
	" placed AS (INSERT INTO orders (customer_id, status, total_amount)"
	" SELECT buyer.id, 'PENDING', (SELECT sum(price * quantity) FROM basket) FROM buyer RETURNING id, customer_id, total_amount, currency),"
	" item AS (INSERT INTO order_items (order_id, product_id, quantity, unit_price)"
	" SELECT placed.id, basket.id, basket.quantity, basket.price FROM placed, basket RETURNING id),"
	" taken AS (UPDATE products SET stock = stock - basket.quantity FROM basket WHERE products.id = basket.id RETURNING 1)"
	" SELECT pg_current_xact_id(), pg_current_wal_insert_lsn(), placed.id, customer_id, total_amount, currency,"
	" (SELECT min(id) FROM item), (SELECT max(id) FROM item), (SELECT count(*) FROM item) FROM placed";

static void add_row(struct demo_change *c, const char *table, const char *id)
{
	c->rows[c->n_rows++] = (struct demo_row){.table = table, .id = atoll(id), .offset = -1};
}

static void describe_customer(struct demo_change *c, const PGresult *r, const char *catalog)
{
	const char *id = PQgetvalue(r, 0, 2), *email = PQgetvalue(r, 0, 4);
	scoped(strbuf_release) struct strbuf quoted = STRBUF_INIT;

	pgconn_add_literal(&quoted, email);
	c->name = "customer";
	c->what = xstrf("%s: e-mail %s → %s", id, PQgetvalue(r, 0, 3), email);
	c->trino_sql = xstrf("SELECT count(*) FROM %s.customers WHERE id = %s AND email = %s", catalog, id, quoted.buf);
	c->trino_want = 1;
	add_row(c, "customers", id);
}

static void describe_product(struct demo_change *c, const PGresult *r, const char *catalog)
{
	const char *id = PQgetvalue(r, 0, 2), *price = PQgetvalue(r, 0, 4);

	c->name = "product";
	c->what = xstrf("%s (%s): price %s → %s", id, PQgetvalue(r, 0, 5), PQgetvalue(r, 0, 3), price);
	c->trino_sql = xstrf("SELECT count(*) FROM %s.products WHERE id = %s AND price = DECIMAL '%s'", catalog, id, price);
	c->trino_want = 1;
	add_row(c, "products", id);
}

static void describe_order(struct demo_change *c, const PGresult *r, const char *catalog)
{
	const char *id = PQgetvalue(r, 0, 2), *total = PQgetvalue(r, 0, 4), *items = PQgetvalue(r, 0, 8);

	c->name = "order";
	c->what = xstrf("%s: new, PENDING, customer %s, %s items, %s %s", id, PQgetvalue(r, 0, 3), items, total, PQgetvalue(r, 0, 5));
	c->trino_sql = xstrf("SELECT count(*) FROM %s.orders AS o JOIN %s.order_items AS i ON i.order_id = o.id"
	                     " WHERE o.id = %s AND o.status = 'PENDING' AND o.total_amount = DECIMAL '%s'",
	                     catalog, catalog, id, total);
	c->trino_want = atoll(items);
	add_row(c, "orders", id);
	add_row(c, "order_items", PQgetvalue(r, 0, 6));
	if (c->trino_want > 1)
		add_row(c, "order_items", PQgetvalue(r, 0, 7));
}

int demo_change_make(struct demo_change *ret, int n, struct pgconn *source, const char *catalog, struct err *e)
{
	static const struct {
		const char *sql;
		void (*describe)(struct demo_change *c, const PGresult *r, const char *catalog);
	} kinds[DEMO_CHANGES] = {{customer_sql, describe_customer}, {product_sql, describe_product}, {order_sql, describe_order}};
	scoped(pgconn_clear_p) PGresult *r = pgconn_query(source, kinds[n].sql, 0, NULL, TIMEOUT_MS, e);
	struct demo_change c = {.committed_ms = clk_mono_ms()};

	if (!r)
		return err_prefix(e, "making a change in the source");
	if (PQntuples(r) == 0) {
		err_set(e, ERR_DATA, "the shop has nothing to change: no customers, or no products in stock");
		return err_remedy(e, "`platformctl workload` restocks; `platformctl reset` begins anew");
	}
	c.lsn = pgconn_value(source, "SELECT pg_current_wal_lsn()", 0, NULL, TIMEOUT_MS, e);
	if (!c.lsn)
		return err_prefix(e, "reading the position of the WAL");
	c.lsn_inside = xstrdup(PQgetvalue(r, 0, 1));
	c.xid = (long long)(strtoull(PQgetvalue(r, 0, 0), NULL, 10) & 0xffffffff);
	for (int hop = 0; hop < DEMO_HOPS; hop++)
		c.hop_ms[hop] = -1;
	kinds[n].describe(&c, r, catalog);
	*ret = c;
	return 0;
}

void demo_change_release(struct demo_change *c)
{
	free(c->what);
	free(c->trino_sql);
	free(c->lsn);
	free(c->lsn_inside);
	for (int hop = 0; hop < DEMO_HOPS; hop++)
		free(c->saw[hop]);
	memset(c, 0, sizeof(*c));
}
