# Shared by the end-to-end tests.
bats_require_minimum_version 1.5.0

# Runs the command until it succeeds; after the deadline it shows what the last try said, and fails.
within() { # seconds command…
	local deadline=$((SECONDS + $1)) out
	shift
	until out=$("$@" 2>&1); do
		if [ $SECONDS -ge $deadline ]; then
			echo "not within the deadline: $*"
			echo "$out"
			return 1
		fi
		sleep 0.5
	done
}

ctl() { "$CTL" "$@"; }

trino() { ctl sql "$1"; }
source_sql() { ctl sql --source "$1"; }

state_of() { ctl status -o json "$1" | jq -r '.services[0].state'; }
pid_of() { ctl status --no-probe -o json "$1" | jq -r '.services[0].pid'; }
all_ready() { ctl status >/dev/null; }

services() { ctl status --no-probe -o json | jq -r '.services[].service'; }

# How many rows one side has and the other has not; both catalogues are Trino's, so one engine compares. The lake keeps
# JSON and UUIDs as text, so both are brought to one spelling.
differences() { # table
	local s l
	s=$(columns "$1" 'json_format(%s)') || return 1
	l=$(columns "$1" 'json_format(json_parse(%s))') || return 1
	trino "SELECT (SELECT count(*) FROM (SELECT $s FROM source.inventory.$1 EXCEPT SELECT $l FROM lake.inventory.$1))
	     + (SELECT count(*) FROM (SELECT $l FROM lake.inventory.$1 EXCEPT SELECT $s FROM source.inventory.$1))
	     + (SELECT abs((SELECT count(*) FROM source.inventory.$1) - (SELECT count(*) FROM lake.inventory.$1)))"
}

columns() { # table, how a JSON column is written
	trino "SELECT array_join(array_agg(CASE data_type WHEN 'json' THEN format('$2', column_name) WHEN 'uuid' THEN 'CAST(' || column_name || ' AS varchar)' ELSE column_name END ORDER BY ordinal_position), ',')
	       FROM source.information_schema.columns WHERE table_schema = 'inventory' AND table_name = '$1'"
}

TABLES="customers addresses products orders order_items user_activity"

lake_equals_source() {
	local t d
	for t in $TABLES; do
		d=$(differences "$t") || { echo "$t: $d"; return 1; }
		[ "$d" = 0 ] || { echo "$t: $d differences"; return 1; }
	done
}

transcript() {
	echo "--- status"
	ctl status 2>&1
	echo "--- events"
	tail -n 20 "$DATAFLOW_STATE/events.jsonl"
}
