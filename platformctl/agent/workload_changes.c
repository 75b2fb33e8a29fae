/* The shop's life in ten statements, drawn by weight. */
#include "workload_changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

const char *const shop_table_names[SHOP_TABLES] = {"customers", "products", "addresses", "orders", "order_items", "user_activity"};
const char *const shop_op_names[SHOP_OPS] = {"insert", "update", "delete"};

/*
 * Every statement ends in rows of (table, operation, count). Rows are locked in the order of their ids, so that two
 * orders for the same products wait for each other instead of deadlocking; where any row will do, locked ones are skipped.
 */
static const char order_sql[] =
	"WITH basket AS (SELECT product.id, product.price, wish.quantity"
	" FROM unnest($2::int[], $3::int[]) AS wish (product_id, quantity) JOIN products AS product ON product.id = wish.product_id"
	" WHERE product.active AND product.stock >= wish.quantity ORDER BY product.id FOR UPDATE OF product),"
	" buyer AS (SELECT customer.id, (SELECT min(id) FROM addresses WHERE customer_id = customer.id AND kind = 'SHIPPING') AS address_id"
	" FROM customers AS customer WHERE id >= $1::int ORDER BY id LIMIT 1),"
	" placed AS (INSERT INTO orders (customer_id, shipping_address_id, total_amount)"
	" SELECT buyer.id, buyer.address_id, bill.total FROM buyer, (SELECT sum(price * quantity) AS total FROM basket) AS bill"
	" WHERE bill.total IS NOT NULL RETURNING id),"
	" item AS (INSERT INTO order_items (order_id, product_id, quantity, unit_price)"
	" SELECT placed.id, basket.id, basket.quantity, basket.price FROM placed, basket RETURNING 1),"
	" taken AS (UPDATE products SET stock = stock - basket.quantity FROM basket, placed WHERE products.id = basket.id RETURNING 1)"
	" SELECT 'orders', 'insert', count(*) FROM placed UNION ALL SELECT 'order_items', 'insert', count(*) FROM item"
	" UNION ALL SELECT 'products', 'update', count(*) FROM taken";

static const char activity_sql[] =
	"WITH visit AS (INSERT INTO user_activity (user_id, session_id, activity, signup_time, activity_time, duration_s)"
	" SELECT id, $2::uuid, $3, created_at, greatest(now(), created_at), $4::int FROM customers WHERE id >= $1::int ORDER BY id LIMIT 1 RETURNING 1)"
	" SELECT 'user_activity', 'insert', count(*) FROM visit";

static const char advance_sql[] =
	"WITH chosen AS (SELECT id FROM orders WHERE status = $1::varchar ORDER BY order_time LIMIT 1 FOR UPDATE SKIP LOCKED),"
	" moved AS (UPDATE orders SET status = CASE $1::varchar WHEN 'PENDING' THEN 'PAID' WHEN 'PAID' THEN 'SHIPPED' ELSE 'DELIVERED' END"
	" FROM chosen WHERE orders.id = chosen.id RETURNING 1) SELECT 'orders', 'update', count(*) FROM moved";

static const char cancel_sql[] =
	"WITH chosen AS (SELECT id FROM orders WHERE status = 'PENDING' AND id >= $1::bigint ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED),"
	" back AS (SELECT product.id, item.quantity FROM chosen JOIN order_items AS item ON item.order_id = chosen.id"
	" JOIN products AS product ON product.id = item.product_id ORDER BY product.id FOR UPDATE OF product),"
	" cancelled AS (UPDATE orders SET status = 'CANCELLED', note = 'Cancelled by the customer' FROM chosen WHERE orders.id = chosen.id RETURNING 1),"
	" returned AS (UPDATE products SET stock = stock + back.quantity FROM back WHERE products.id = back.id RETURNING 1)"
	" SELECT 'orders', 'update', count(*) FROM cancelled UNION ALL SELECT 'products', 'update', count(*) FROM returned";

static const char forget_sql[] =
	"WITH chosen AS (SELECT id FROM orders WHERE status = 'CANCELLED' ORDER BY order_time LIMIT 1 FOR UPDATE SKIP LOCKED),"
	" item AS (DELETE FROM order_items USING chosen WHERE order_id = chosen.id RETURNING 1),"
	" gone AS (DELETE FROM orders USING chosen WHERE orders.id = chosen.id RETURNING 1)"
	" SELECT 'order_items', 'delete', count(*) FROM item UNION ALL SELECT 'orders', 'delete', count(*) FROM gone";

static const char price_sql[] =
	"WITH priced AS (UPDATE products SET price = greatest(0.50, round(price * $2::numeric, 2))"
	" WHERE id = (SELECT id FROM products WHERE id >= $1::int ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING 1)"
	" SELECT 'products', 'update', count(*) FROM priced";

static const char restock_sql[] =
	"WITH filled AS (UPDATE products SET stock = stock + $1::int WHERE id = (SELECT id FROM products WHERE stock <= 3 * reorder_level"
	" ORDER BY stock - reorder_level, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT 'products', 'update', count(*) FROM filled";

/* The number in the address is the customer's own, so it is new whatever the seed. */
static const char customer_sql[] =
	"WITH fresh AS (SELECT nextval(pg_get_serial_sequence('customers', 'id'))::int AS id),"
	" joined AS (INSERT INTO customers (id, email, first_name, last_name, phone)"
	" SELECT id, lower($1 || '.' || $2) || id || '@example.com', $1, $2, $3 FROM fresh RETURNING id, created_at),"
	" home AS (INSERT INTO addresses (customer_id, kind, street, city, postal_code, country, is_default)"
	" SELECT id, 'SHIPPING', $4, left($5, -3), lpad(id::text, 5, '0'), right($5, 2), true FROM joined RETURNING 1),"
	" visit AS (INSERT INTO user_activity (user_id, session_id, activity, signup_time, activity_time)"
	" SELECT id, gen_random_uuid(), 'SIGNUP', created_at, created_at FROM joined RETURNING 1)"
	" SELECT 'customers', 'insert', count(*) FROM joined UNION ALL SELECT 'addresses', 'insert', count(*) FROM home"
	" UNION ALL SELECT 'user_activity', 'insert', count(*) FROM visit";

static const char profile_sql[] =
	"WITH changed AS (UPDATE customers SET phone = $2, tier = $3, marketing_opt_in = NOT marketing_opt_in"
	" WHERE id = (SELECT id FROM customers WHERE id >= $1::int ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING 1)"
	" SELECT 'customers', 'update', count(*) FROM changed";

static const char move_sql[] =
	"WITH moved AS (UPDATE addresses SET street = $2, city = left($3, -3), country = right($3, 2), postal_code = $4"
	" WHERE id = (SELECT id FROM addresses WHERE id >= $1::int ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING 1)"
	" SELECT 'addresses', 'update', count(*) FROM moved";

static const char *const first_names[] = {"Ada", "Alan", "Barbara", "Edsger", "Elif", "Frances", "Grace", "Hedy", "Ivan", "Joan", "Katherine", "Ken", "Leslie", "Linus", "Mei", "Niklaus", "Noor", "Radia", "Sofia", "Yara"};
static const char *const last_names[] = {"Abe", "Berg", "Castro", "Chen", "Dubois", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Keller", "Kovacs", "Larsen", "Moreau", "Novak", "Okafor", "Patel", "Rossi", "Silva", "Weber"};
static const char *const streets[] = {"Bridge Street", "Canal Road", "Church Lane", "Garden Row", "High Street", "Mill Lane", "Park Avenue", "Quay Street"};
static const char *const cities[] = {"Amsterdam NL", "Berlin DE", "Dublin IE", "Graz AT", "Lisbon PT", "Lyon FR", "Madrid ES", "Prague CZ", "Turin IT", "Vilnius LT"};
static const char *const visits[] = {"BROWSE", "BROWSE", "BROWSE", "SEARCH", "SEARCH", "CART", "PURCHASE"};
static const char *const tiers[] = {"STANDARD", "STANDARD", "STANDARD", "SILVER", "GOLD"};
static const char *const open_states[] = {"PENDING", "PENDING", "PENDING", "PAID", "PAID", "SHIPPED", "SHIPPED"};

#define PICK(d, list) ((list)[dice_draw(d, sizeof(list) / sizeof((list)[0]))])

uint64_t dice_draw(struct dice *d, uint64_t n)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % n;
}

void shop_counts_add(struct shop_counts *to, const struct shop_counts *from)
{
	for (int table = 0; table < SHOP_TABLES; table++)
		for (int op = 0; op < SHOP_OPS; op++)
			to->rows[table][op] += from->rows[table][op];
}

long long shop_counts_total(const struct shop_counts *c)
{
	long long total = 0;

	for (int table = 0; table < SHOP_TABLES; table++)
		for (int op = 0; op < SHOP_OPS; op++)
			total += c->rows[table][op];
	return total;
}

int shop_bounds_read(struct pgconn *c, const char *schema, struct shop_bounds *ret, struct err *e)
{
	scoped(strbuf_release) struct strbuf sql = STRBUF_INIT;
	scoped(pgconn_clear_p) PGresult *r = NULL;

	strbuf_addstr(&sql, "SET search_path TO ");
	pgconn_add_identifier(&sql, schema);
	if (pgconn_exec(c, sql.buf, 5000, e) != 0)
		return -1;
	r = pgconn_query(c, "SELECT (SELECT max(id) FROM customers), (SELECT max(id) FROM products), (SELECT max(id) FROM addresses),"
	                    " (SELECT max(id) FROM orders)", 0, NULL, 5000, e);
	if (!r)
		return -1;
	ret->customers = atoi(PQgetvalue(r, 0, 0));
	ret->products = atoi(PQgetvalue(r, 0, 1));
	ret->addresses = atoi(PQgetvalue(r, 0, 2));
	ret->orders = atoll(PQgetvalue(r, 0, 3));
	if (ret->customers > 0 && ret->products > 0 && ret->addresses > 0 && ret->orders > 0)
		return 0;
	err_set(e, ERR_DATA, "the shop is empty: %s has no customers, products, addresses or orders", schema);
	return err_remedy(e, "`platformctl up` fills it from init-scripts/");
}

static void set_param(struct shop_change *c, int i, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void set_param(struct shop_change *c, int i, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->text[i], sizeof(c->text[i]), fmt, ap);
	va_end(ap);
	if (c->n_params <= i)
		c->n_params = i + 1;
}

static int draw_id(struct dice *d, int max)
{
	return 1 + (int)dice_draw(d, (uint64_t)max);
}

/* Some products sell better than others: the smaller of two draws. */
static int draw_product(struct dice *d, const struct shop_bounds *b)
{
	int one = draw_id(d, b->products), other = draw_id(d, b->products);

	return one < other ? one : other;
}

static void draw_phone(struct shop_change *c, int i, struct dice *d)
{
	set_param(c, i, "+49 30 %07u", (unsigned)dice_draw(d, 10000000));
}

/* Two draws in two statements: the order in which arguments are evaluated is the compiler's choice. */
static void draw_street(struct shop_change *c, int i, struct dice *d)
{
	const char *street = PICK(d, streets);

	set_param(c, i, "%s %d", street, 1 + (int)dice_draw(d, 120));
}

static void draw_order(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	scoped(strbuf_release) struct strbuf products = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf quantities = STRBUF_INIT;
	int items = 1 + (int)dice_draw(d, 4), drawn[4];

	for (int i = 0; i < items; i++) {
		bool again = false;

		drawn[i] = draw_product(d, b);
		for (int k = 0; k < i; k++)
			again = again || drawn[k] == drawn[i];
		if (again)
			continue;
		strbuf_addf(&products, "%s%d", i ? "," : "", drawn[i]);
		strbuf_addf(&quantities, "%s%d", i ? "," : "", 1 + (int)dice_draw(d, 3));
	}
	set_param(c, 0, "%d", draw_id(d, b->customers));
	set_param(c, 1, "{%s}", products.buf);
	set_param(c, 2, "{%s}", quantities.buf);
}

static void draw_activity(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	uint64_t high = dice_draw(d, UINT64_MAX), low = dice_draw(d, UINT64_MAX);

	set_param(c, 0, "%d", draw_id(d, b->customers));
	/* A version 4 UUID out of the dice, so that a seed repeats it. */
	set_param(c, 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
	          (unsigned)(0x8000 | (low >> 48 & 0x3fff)), (unsigned long long)(low & 0xffffffffffff));
	set_param(c, 2, "%s", PICK(d, visits));
	set_param(c, 3, "%d", 20 + (int)dice_draw(d, 1800));
}

static void draw_advance(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	(void)b;
	set_param(c, 0, "%s", PICK(d, open_states));
}

/* Customers change their mind about recent orders. */
static void draw_cancel(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	set_param(c, 0, "%lld", b->orders - (long long)dice_draw(d, (uint64_t)b->orders / 20 + 1));
}

static void draw_forget(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	(void)c;
	(void)d;
	(void)b;
}

static void draw_price(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	set_param(c, 0, "%d", draw_id(d, b->products));
	set_param(c, 1, "%.2f", 0.85 + (double)dice_draw(d, 32) / 100); /* up to 15 % down or 16 % up */
}

static void draw_restock(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	(void)b;
	set_param(c, 0, "%d", 20 + 10 * (int)dice_draw(d, 9));
}

static void draw_customer(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	(void)b;
	set_param(c, 0, "%s", PICK(d, first_names));
	set_param(c, 1, "%s", PICK(d, last_names));
	draw_phone(c, 2, d);
	draw_street(c, 3, d);
	set_param(c, 4, "%s", PICK(d, cities));
}

static void draw_profile(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	set_param(c, 0, "%d", draw_id(d, b->customers));
	draw_phone(c, 1, d);
	set_param(c, 2, "%s", PICK(d, tiers));
}

static void draw_move(struct shop_change *c, struct dice *d, const struct shop_bounds *b)
{
	set_param(c, 0, "%d", draw_id(d, b->addresses));
	draw_street(c, 1, d);
	set_param(c, 2, "%s", PICK(d, cities));
	set_param(c, 3, "%05d", (int)dice_draw(d, 99999));
}

static const struct kind {
	const char *name;
	int percent;
	const char *sql;
	void (*draw)(struct shop_change *c, struct dice *d, const struct shop_bounds *b);
} kinds[] = {
	{"activity", 38, activity_sql, draw_activity},
	{"advance", 24, advance_sql, draw_advance},
	{"order", 14, order_sql, draw_order},
	{"price", 6, price_sql, draw_price},
	{"restock", 5, restock_sql, draw_restock},
	{"profile", 3, profile_sql, draw_profile},
	{"move", 3, move_sql, draw_move},
	{"customer", 3, customer_sql, draw_customer},
	{"cancel", 2, cancel_sql, draw_cancel},
	{"forget", 2, forget_sql, draw_forget}, /* the percentages' sum is 100 */
};

void shop_change_draw(struct shop_change *ret, struct dice *d, const struct shop_bounds *bounds)
{
	const struct kind *k = kinds;
	int at = (int)dice_draw(d, 100);

	for (; at >= k->percent; k++)
		at -= k->percent;
	*ret = (struct shop_change){.name = k->name, .sql = k->sql};
	k->draw(ret, d, bounds);
}

static int index_of(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (str_eq(names[i], name))
			return i;
	return -1;
}

int shop_change_run(const struct shop_change *change, struct pgconn *c, int timeout_ms, struct shop_counts *ret,
                    struct err *e)
{
	const char *params[5];
	scoped(pgconn_clear_p) PGresult *r = NULL;
	struct shop_counts counts = {0};

	for (int i = 0; i < change->n_params; i++)
		params[i] = change->text[i];
	r = pgconn_query(c, change->sql, change->n_params, params, timeout_ms, e);
	if (!r)
		return err_prefix(e, "%s", change->name);
	for (int i = 0; i < PQntuples(r); i++) {
		int table = index_of(shop_table_names, SHOP_TABLES, PQgetvalue(r, i, 0));
		int op = index_of(shop_op_names, SHOP_OPS, PQgetvalue(r, i, 1));

		if (table >= 0 && op >= 0)
			counts.rows[table][op] += atoll(PQgetvalue(r, i, 2));
	}
	*ret = counts;
	return 0;
}
