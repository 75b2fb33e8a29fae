/* workload_changes: the dice repeat, every kind is drawn, and what is drawn stays in bounds. The statements are tested end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "strlist.h"
#include "workload_changes.h"

#include "banned.h"

static const struct shop_bounds bounds = {.customers = 1200, .products = 240, .addresses = 1800, .orders = 6000};

/* SplitMix64's first numbers from seed 1234567, as its reference implementation prints them. */
static void rolls_known_numbers(void **state)
{
	static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u};
	struct dice d = {.state = 1234567};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_true(dice_draw(&d, UINT64_MAX) == want[i]);
}

static void repeats_itself(void **state)
{
	struct dice a = {.state = 7}, b = {.state = 7};

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct shop_change one, other;

		shop_change_draw(&one, &a, &bounds);
		shop_change_draw(&other, &b, &bounds);
		assert_string_equal(one.name, other.name);
		assert_int_equal(one.n_params, other.n_params);
		for (int k = 0; k < one.n_params; k++)
			assert_string_equal(one.text[k], other.text[k]);
	}
}

static void draws_every_kind_in_bounds(void **state)
{
	struct strlist names = {0};
	struct dice d = {.state = 42};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct shop_change c;

		shop_change_draw(&c, &d, &bounds);
		strlist_add_unique(&names, c.name);
		if (strcmp(c.name, "order") == 0 || strcmp(c.name, "activity") == 0)
			assert_in_range(atoi(c.text[0]), 1, bounds.customers);
		if (strcmp(c.name, "price") == 0) {
			assert_in_range(atoi(c.text[0]), 1, bounds.products);
			assert_true(atof(c.text[1]) >= 0.85 && atof(c.text[1]) < 1.17);
		}
		if (strcmp(c.name, "cancel") == 0)
			assert_in_range(atoi(c.text[0]), 5700, 6000);
		if (strcmp(c.name, "activity") == 0) {
			assert_int_equal(strlen(c.text[1]), 36);
			assert_int_equal(c.text[1][14], '4');
			assert_non_null(strchr("89ab", c.text[1][19]));
		}
	}
	assert_int_equal(names.n, 10);
	strlist_release(&names);
}

static void adds_up(void **state)
{
	struct shop_counts a = {0}, b = {0};

	(void)state;
	b.rows[SHOP_ORDERS][SHOP_INSERT] = 2;
	b.rows[SHOP_PRODUCTS][SHOP_UPDATE] = 3;
	shop_counts_add(&a, &b);
	shop_counts_add(&a, &b);
	assert_int_equal(shop_counts_total(&a), 10);
	assert_int_equal(a.rows[SHOP_PRODUCTS][SHOP_UPDATE], 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rolls_known_numbers), cmocka_unit_test(repeats_itself),
	                                   cmocka_unit_test(draws_every_kind_in_bounds), cmocka_unit_test(adds_up)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
