#!/usr/bin/env bats
# up, down and what happens in between, with small services that behave and some that do not.
load helpers

setup() {
	isolate
	export DATAFLOW_ROOT=$BATS_TEST_DIRNAME/fixtures/daemons NO_COLOR=1
}

teardown() {
	within 30 "$PLATFORMCTL" down
	[ "$(marked)" -eq 0 ]
}

# Processes of this test's services, wherever they went.
marked() { grep -lzs "^DATAFLOW_SERVICE=$DATAFLOW_STATE/" /proc/[0-9]*/environ | wc -l; }

pid_of() { "$PLATFORMCTL" status --no-probe -o json "$1" | jq -r '.services[0].pid'; }

within() { # seconds command…
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || { echo "not within the deadline: $*"; return 1; }
		sleep 0.1
	done
}

up() {
	run timeout -k 2 60 "$PLATFORMCTL" up "$@"
	printf '$ platformctl up %s\n%s\nexit status %d\n' "$*" "$output" "$status"
}

@test "up starts, waits and is idempotent; down leaves no process" {
	up web
	exits 0
	says "ready in"
	pid=$(pid_of web)
	up web
	exits 0
	says "nothing was changed"
	[ "$(pid_of web)" = "$pid" ]
	[ "$(marked)" -ge 2 ]
	ctl down
	exits 0
	[ "$(marked)" -eq 0 ]
	run ! pgrep -f "s6-.*$DATAFLOW_STATE"
	ctl status web
	exits 1
	says stopped
}

@test "a service that crashes at start: the cause, its log, a remedy, exit 5" {
	up crash
	exits 5
	says "crash: died 5 times within 60 s, the last time ended with status 9"
	says "the reason stands in the log"
	says "remedy: "
	ctl status crash -o json
	exits 1
	json '.services[0].state == "failed"'
	json '.services[0].remedy != ""'
	jq -e -s 'any(.[]; .service == "crash" and .state == "failed")' "$DATAFLOW_STATE/events.jsonl"
}

@test "a service that never answers: what its probe said, exit 6" {
	up mute
	exits 6
	says "mute: not ready after 3 s"
	says "refused"
}

@test "kill -9: it is started again, and what it left behind is ended" {
	up web
	exits 0
	pid=$(pid_of web)
	child() { left=$(pgrep -P "$pid" -f 'sleep 1000'); }
	within 10 child
	kill -9 "$pid"
	again() { local now; now=$(pid_of web); [ "$now" != "$pid" ] && [ "$now" != null ] && "$PLATFORMCTL" probe web >/dev/null 2>&1; }
	within 20 again
	# ended, though its new parent may not have asked for its status yet
	gone() { [ ! -e "/proc/$left" ] || grep -q '^State:.*Z' "/proc/$left/status"; }
	within 10 gone
}

@test "a changed setting restarts the service" {
	up web
	pid=$(pid_of web)
	site 'services: {web: {settings: {greeting: good day}}}'
	up web
	exits 0
	[ "$(pid_of web)" != "$pid" ]
	ctl logs web
	says "good day"
}

@test "a service that does not heed TERM is killed after its time" {
	up stubborn
	exits 0
	ctl down
	exits 0
	[ "$(marked)" -eq 0 ]
}

@test "down of a service takes those along that need it, and only those" {
	up stubborn
	ctl down stubborn
	exits 0
	[ "$(pid_of web)" != null ]
	up stubborn
	exits 0
	ctl down web
	exits 0
	[ "$(pid_of stubborn)" = null ]
}

@test "--no-wait returns, and the start goes on" {
	up web --no-wait
	exits 0
	says "in the background"
	ready() { "$PLATFORMCTL" status web >/dev/null 2>&1; }
	within 20 ready
}

@test "restart gives a new process" {
	up web
	pid=$(pid_of web)
	ctl restart web
	exits 0
	[ "$(pid_of web)" != "$pid" ]
}

@test "a live table on a terminal, plain lines with NO_COLOR" {
	unset NO_COLOR CI
	run timeout 60 script -qec "env TERM=xterm $PLATFORMCTL up web" /dev/null
	[[ $output == *$'\033[2K'* ]]
	"$PLATFORMCTL" down >/dev/null
	run timeout 60 script -qec "env TERM=xterm NO_COLOR=1 $PLATFORMCTL up web" /dev/null
	[[ $output != *$'\033'* ]]
}
