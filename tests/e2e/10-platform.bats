#!/usr/bin/env bats
# What a person finds after `platformctl up`.
load helpers

@test "every service is ready" {
	run ctl status -o json
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -r '.schema_version' <<<"$output")" = 1 ]
	[ "$(jq -r '[.services[].state] | unique | join(",")' <<<"$output")" = ready ]
	[ "$(jq -r '.services | length' <<<"$output")" -eq 8 ]
}

@test "a second up changes nothing" {
	before=$(ctl status --no-probe -o json | jq -c '[.services[] | {service, pid}]')
	run ctl up
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"nothing was changed"* ]]
	[ "$(ctl status --no-probe -o json | jq -c '[.services[] | {service, pid}]')" = "$before" ]
}

@test "everything listens on loopback only" {
	for port in $(ctl status --no-probe -o json | jq -r '.services[].ports[]'); do
		hex=$(printf ':%04X$' "$port")
		# state 0A is LISTEN; addresses are little-endian: 127.0.0.1 is 0100007F, ::1 ends in 01000000, mapped v4 in FFFF00000100007F
		bad=$(awk -v p="$hex" '$4 == "0A" && $2 ~ p {split($2, a, ":"); if (a[1] !~ /^0100007F$|^0000000000000000FFFF00000100007F$|^00000000000000000000000001000000$/) print $2}' /proc/net/tcp /proc/net/tcp6)
		[ -z "$bad" ] || { echo "port $port: $bad"; false; }
	done
}

@test "services run as the unprivileged user" {
	[ "$(id -u)" -eq 0 ] || skip "not root: they run as the caller"
	for s in $(services); do
		[ "$(stat -c %U "/proc/$(pid_of "$s")")" = dataflow ]
	done
}

@test "secrets are private, and in no command line and no log" {
	[ "$(find "$DATAFLOW_STATE/secrets" -type f ! -perm 600 | wc -l)" -eq 0 ]
	[ "$(find "$DATAFLOW_STATE/secrets" -type f | wc -l)" -ge 6 ]
	for f in "$DATAFLOW_STATE"/secrets/*; do
		value=$(cat "$f")
		[ ${#value} -eq 32 ]
		for c in /proc/[0-9]*/cmdline; do
			if tr '\0' ' ' <"$c" 2>/dev/null | grep -qF -- "$value"; then echo "${f##*/} in $c"; false; fi
		done
		if grep -rqF -- "$value" "$DATAFLOW_STATE/log" "$DATAFLOW_STATE/events.jsonl"; then echo "${f##*/} in a log"; false; fi
	done
}

@test "the connector runs, and its configuration shows no password" {
	run ctl connectors list
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *inventory*RUNNING* ]]
	config=$(curl -fsS "http://127.0.0.1:$((8083 + OFFSET))/connectors/inventory/config")
	[[ $config != *"$(cat "$DATAFLOW_STATE/secrets/postgres_debezium")"* ]]
}

@test "the source role of the connector can replicate and read, and nothing more" {
	run source_sql "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = 'debezium'"
	echo "$output"
	[[ $output == *f*f*f*t* ]]
	run source_sql "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'debezium' AND privilege_type <> 'SELECT'"
	[ "${lines[-1]}" = 0 ]
}

@test "endpoints name every service and where the credentials are" {
	run ctl endpoints
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$((8080 + OFFSET))"* ]]
	[[ $output == *"$DATAFLOW_STATE/secrets/postgres_admin"* ]]
}

@test "events.jsonl tells how each service became ready" {
	for s in $(services); do
		jq -e -s --arg s "$s" 'map(select(.service == $s)) | (map(.state) | index("starting") != null) and (last.state == "ready")' "$DATAFLOW_STATE/events.jsonl" >/dev/null || { echo "$s"; false; }
	done
}
