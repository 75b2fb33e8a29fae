#!/usr/bin/env bats
# Your own PostgreSQL: only probed and provisioned, and left as it was found.
load helpers

EXTERNAL_PORT=25999

setup_file() {
	export EXT=$E2E_DIR/external
	mkdir -p "$EXT"
	head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$EXT/password"
	chmod 600 "$EXT/password"
	if [ "$(id -u)" -eq 0 ]; then chown -R dataflow "$EXT"; fi
	as_user "$(pg_bin)/initdb" -D "$EXT/cluster" -U postgres -A scram-sha-256 --pwfile="$EXT/password" -E UTF8 --locale=C.UTF-8 >/dev/null
	cat >"$EXT/platform.yaml" <<-YAML
		services:
		  postgres: {external: true, host: 127.0.0.1, ports: {sql: $EXTERNAL_PORT}}
		secrets:
		  postgres_admin: {file: $EXT/password}
	YAML
	export DATAFLOW_STATE=$EXT/state DATAFLOW_CONFIG=$EXT/platform.yaml
}

teardown_file() {
	stop_server
	"$CTL" --yes reset >/dev/null 2>&1
	rm -rf "$EXT"
}

pg_bin() { printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV | head -n 1; }

as_user() {
	if [ "$(id -u)" -eq 0 ]; then (cd / && setpriv --reuid dataflow --regid dataflow --init-groups "$@"); else "$@"; fi
}

start_server() { # wal_level
	as_user "$(pg_bin)/pg_ctl" -D "$EXT/cluster" -w -s -l "$EXT/log" \
		-o "-c port=$EXTERNAL_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_level=$1" start
}

stop_server() { as_user "$(pg_bin)/pg_ctl" -D "$EXT/cluster" -w -s -m fast stop 2>/dev/null || :; }

@test "a server that is not there is named, with a remedy" {
	run ctl up postgres --timeout 20s
	echo "$output"
	[ "$status" -eq 4 ] || [ "$status" -eq 6 ]
	[[ $output == *"$EXTERNAL_PORT"* ]]
	[[ $output == *remedy* ]]
}

@test "without logical replication: the cause and the remedy, exit 4, and nothing was written" {
	start_server replica
	run ctl up postgres --timeout 60s
	echo "$output"
	stop_server
	[ "$status" -eq 4 ]
	[[ $output == *"wal_level"*"replica"* ]]
	[[ $output == *"ALTER SYSTEM SET wal_level"* ]]
}

@test "with logical replication it is provisioned, and reset drops slot and publication" {
	start_server logical
	run ctl up postgres --timeout 60s
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(source_sql 'SELECT count(*) >= 5000 FROM inventory.orders')" = true ]
	source_sql "SELECT pg_create_logical_replication_slot('dataflow', 'pgoutput')" >/dev/null
	run ctl --yes reset
	echo "$output"
	[ "$status" -eq 0 ]
	count() { PGPASSWORD=$(cat "$EXT/password") "$(pg_bin)/psql" -h 127.0.0.1 -p $EXTERNAL_PORT -U postgres -At -c "$1" shop; }
	[ "$(count 'SELECT count(*) FROM pg_replication_slots')" = 0 ]
	[ "$(count 'SELECT count(*) FROM pg_publication')" = 0 ]
	[ "$(count 'SELECT count(*) >= 5000 FROM inventory.orders')" = t ]
}
