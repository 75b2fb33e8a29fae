#!/usr/bin/env bats
# Data on its way from PostgreSQL to Trino.
load helpers

teardown() { [ -n "${BATS_TEST_COMPLETED:-}" ] || transcript; }

@test "the snapshot arrived: lake and source are equal" {
	within 180 lake_equals_source
}

@test "the seeded data is what was promised" {
	[ "$(source_sql 'SELECT count(*) >= 1000 FROM inventory.customers')" = true ]
	[ "$(source_sql 'SELECT count(*) >= 200 FROM inventory.products')" = true ]
	[ "$(source_sql 'SELECT count(*) >= 5000 FROM inventory.orders')" = true ]
	[ "$(source_sql 'SELECT max(activity_time)::date - min(activity_time)::date >= 60 FROM inventory.user_activity')" = true ]
	[ "$(source_sql 'SELECT count(*) FROM inventory.orders o WHERE total_amount <> (SELECT sum(quantity * unit_price) FROM inventory.order_items i WHERE i.order_id = o.id)')" = 0 ]
}

@test "the demo follows three changes to Trino, with new values every time" {
	run ctl demo -o json
	echo "$output"
	[ "$status" -eq 0 ]
	first=$output
	[ "$(jq -r '.changes | length' <<<"$first")" -eq 3 ]
	run ctl demo
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "inserts, updates and deletes of a workload arrive" {
	run ctl workload --rate 100 --duration 10s --seed 7 -o json
	echo "$output"
	[ "$status" -eq 0 ]
	within 120 lake_equals_source
}

@test "the enriched table has every order with its customer" {
	equal() { [ "$(trino 'SELECT (SELECT count(DISTINCT order_id) FROM lake.inventory.orders_enriched) = (SELECT count(*) FROM lake.inventory.orders)')" = true ]; }
	within 120 equal
}

@test "a table's snapshot says up to which offset and LSN it is complete" {
	run trino 'SELECT element_at(summary, '"'dataflow.lsn'"') FROM lake.inventory."orders$snapshots" ORDER BY committed_at DESC LIMIT 1'
	echo "$output"
	[ "$(jq -r '."inventory-server.inventory.orders" | type' <<<"${lines[-1]}")" = number ]
}

@test "pausing and resuming the connector holds the changes back, and lets them through" {
	run ctl connectors pause inventory
	[ "$status" -eq 0 ]
	[ "$(state_of connect)" = degraded ]
	source_sql "UPDATE inventory.customers SET email = 'paused@example.com' WHERE id = 1" >/dev/null
	run ctl connectors resume inventory
	[ "$status" -eq 0 ]
	arrived() { [ "$(trino "SELECT email FROM lake.inventory.customers WHERE id = 1")" = paused@example.com ]; }
	within 60 arrived
	within 30 all_ready
}
