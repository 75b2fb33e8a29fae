#!/usr/bin/env bats
# The way down, and up again.
load helpers

# Every process that carries the mark of this installation.
marked() { grep -lz "^DATAFLOW_SERVICE=$DATAFLOW_STATE/" /proc/[0-9]*/environ 2>/dev/null | wc -l; }

@test "down leaves no process and keeps the data" {
	orders=$(source_sql 'SELECT count(*) FROM inventory.orders')
	echo "$orders" >"$E2E_DIR/orders"
	run ctl down
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(marked)" -eq 0 ]
	run ! pgrep -f "s6-.*$DATAFLOW_STATE"
	run ! pgrep -f "postgres -D $DATAFLOW_STATE"
	[ -d "$DATAFLOW_STATE/data/postgres" ]
}

@test "status after down says stopped, exits 1 and starts nothing" {
	run ctl status -o json
	[ "$status" -eq 1 ]
	[ "$(jq -r '[.services[].state] | unique | join(",")' <<<"$output")" = stopped ]
	[ "$(marked)" -eq 0 ]
}

@test "up again has the same data, and goes on from the checkpoints" {
	run ctl up --offline
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(source_sql 'SELECT count(*) FROM inventory.orders')" = "$(cat "$E2E_DIR/orders")" ]
	source_sql "UPDATE inventory.customers SET email = 'again@example.com' WHERE id = 2" >/dev/null
	arrived() { [ "$(trino "SELECT email FROM lake.inventory.customers WHERE id = 2")" = again@example.com ]; }
	within 90 arrived
	within 120 lake_equals_source
}

@test "a service whose configuration changed is restarted, and only that one" {
	printf 'services:\n  trino: {settings: {query_memory_mb: 200}}\n' >"$E2E_DIR/site.yaml"
	trino_pid=$(pid_of trino)
	kafka_pid=$(pid_of kafka)
	run ctl up --config "$E2E_DIR/site.yaml"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(pid_of kafka)" = "$kafka_pid" ]
	[ "$(pid_of trino)" != "$trino_pid" ]
}

@test "reset asks, and without a terminal wants to be told" {
	run ctl reset </dev/null
	[ "$status" -eq 2 ]
	[[ $output == *"--yes"* ]]
	[ -d "$DATAFLOW_STATE/data/postgres" ]
}

@test "reset deletes what is ours and nothing else" {
	touch "$DATAFLOW_STATE/not-ours"
	run ctl --yes reset
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(marked)" -eq 0 ]
	[ "$(ls -A "$DATAFLOW_STATE")" = not-ours ]
	rm "$DATAFLOW_STATE/not-ours"
}
