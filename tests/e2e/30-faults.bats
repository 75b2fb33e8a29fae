#!/usr/bin/env bats
# Kills at bad moments: the platform recovers by itself and nothing is lost.
load helpers

teardown() { [ -n "${BATS_TEST_COMPLETED:-}" ] || transcript; }

# Kills a service's process while the shop is busy; afterwards everything is ready and equal again.
survive() { # service
	local pid
	pid=$(pid_of "$1")
	"$CTL" workload --rate 40 --duration 8s >"$BATS_TEST_TMPDIR/workload.txt" 2>&1 &
	local workload=$!
	sleep 2
	kill -9 "$pid"
	wait $workload || { cat "$BATS_TEST_TMPDIR/workload.txt"; return 1; }
	restarted() { local now; now=$(pid_of "$1"); [ "$now" != null ] && [ "$now" != "$pid" ]; }
	within 60 restarted "$1"
	within 180 all_ready
	within 180 lake_equals_source
}

@test "kill -9 of the object store" { survive objectstore; }
@test "kill -9 of kafka" { survive kafka; }
@test "kill -9 of the registry" { survive registry; }
@test "kill -9 of connect" { survive connect; }
@test "kill -9 of the metastore" { survive metastore; }
@test "kill -9 of trino" { survive trino; }
@test "kill -9 of spark" { survive spark; }
@test "kill -9 of postgres" { survive postgres; }

@test "kill -9 of the supervisor's scanner: up brings it back, the services stay" {
	pid=$(pid_of kafka)
	kill -9 "$(pgrep -f "s6-svscan .*$DATAFLOW_STATE/supervise")"
	run ctl up
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(pid_of kafka)" = "$pid" ]
	pgrep -f "s6-svscan .*$DATAFLOW_STATE/supervise"
}

@test "a second platformctl that would change something is turned away" {
	"$CTL" restart trino >"$BATS_TEST_TMPDIR/restart.txt" 2>&1 &
	other=$!
	locked() { grep -q restart "$DATAFLOW_STATE/lock"; }
	within 10 locked
	run ctl up
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"another platformctl"*"restart"* ]]
	wait $other
	within 60 all_ready
}

@test "kill -9 of platformctl in the middle of up: the next up goes on" {
	ctl down trino spark >/dev/null
	"$CTL" up >"$BATS_TEST_TMPDIR/up.txt" 2>&1 &
	other=$!
	begun() { [ "$(pid_of trino)" != null ]; }
	within 60 begun
	kill -9 $other
	wait $other || true
	pid=$(pid_of trino)
	run ctl up
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(pid_of trino)" = "$pid" ]
}

@test "Ctrl-C in the middle of up ends it cleanly, and the next up goes on" {
	ctl down trino >/dev/null
	"$CTL" up >"$BATS_TEST_TMPDIR/up.txt" 2>&1 &
	other=$!
	begun() { [ "$(pid_of trino)" != null ]; }
	within 60 begun
	kill -INT $other
	rc=0
	wait $other || rc=$?
	cat "$BATS_TEST_TMPDIR/up.txt"
	[ $rc -eq 6 ]
	grep -q interrupted "$BATS_TEST_TMPDIR/up.txt"
	run ctl up
	[ "$status" -eq 0 ]
}
