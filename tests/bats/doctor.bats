#!/usr/bin/env bats
# The doctor: finds what stands in the way, changes nothing.
# shellcheck disable=SC2016,SC2154 # backticks and ${} are meant literally; bats sets stderr
load helpers

setup() {
	isolate
}

# Listens on a port until the test ends.
listen() {
	python3 -c 'import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print("listening", flush=True); time.sleep(60)' "$1" >"$BATS_TEST_TMPDIR/listening" 3>&- &
	listener=$!
	until [ -s "$BATS_TEST_TMPDIR/listening" ]; do sleep 0.02; done
}

teardown() {
	[ -z "${listener:-}" ] || kill "$listener"
}

level_of() {
	jq -r --arg area "$1" '[.findings[] | select(.area == $area) | .level] | join(" ")' <<<"$output"
}

@test "a healthy machine has one finding an area at least, and nothing is made" {
	ctl doctor -o json
	exits 0
	json '.schema_version == 1 and .ok'
	json '[.findings[].area] | unique == ["clock", "disk", "external", "folders", "java", "limits", "memory", "ports", "tools"]'
	[ ! -e "$DATAFLOW_STATE" ] && [ ! -e "$DATAFLOW_CACHE" ]
	ctl doctor
	exits 0
	says "Nothing stands in the way"
}

@test "a port that is held is named with its process" {
	listen 47101
	ctl doctor
	exits 4
	says "port 47101 (alpha client) is held by pid $listener (python3 -c"
	says "--port-offset"
	says "kill $listener"
	[ -z "$stderr" ]
	ctl --port-offset 1000 doctor
	exits 0
}

@test "a port of another service does not matter" {
	listen 47102
	ctl doctor alpha
	exits 0
	ctl doctor beta -o json
	exits 4
	json '.ok | not'
	[ "$(level_of ports)" = fail ]
}

@test "too little memory" {
	edit alpha/service.yaml 's/^memory_mb:.*/memory_mb: 1000000/'
	ctl doctor
	exits 4
	says "1.0 TB needed"
	says "--profile"
}

@test "too little disk" {
	edit alpha/service.yaml 's/^disk_mb:.*/disk_mb: 1000000/; $a packages: [{maven: pom.xml, into: lib}]'
	echo '<project/>' >"$DATAFLOW_ROOT/services/alpha/pom.xml"
	echo "$(sha256sum </dev/null | cut -c 1-64) 11 a/b/1/b-1.jar" >"$DATAFLOW_ROOT/services/alpha/pom.lock"
	ctl doctor -o json
	exits 4
	[ "$(level_of disk)" = fail ]
}

@test "a lock that is broken stands in the way" {
	edit alpha/service.yaml '$a packages: [{maven: pom.xml, into: lib}]'
	echo '<project/>' >"$DATAFLOW_ROOT/services/alpha/pom.xml"
	: >"$DATAFLOW_ROOT/services/alpha/pom.lock"
	ctl doctor
	exits 4
	says "pom.lock: the lock names no file"
	says "platformctl fetch --lock"
}

@test "a missing tool names Debian's package" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v tar)" "$BATS_TEST_TMPDIR/bin/"
	run env PATH="$BATS_TEST_TMPDIR/bin" "$PLATFORMCTL" doctor
	echo "$output"
	exits 4
	says "s6-svscan is missing"
	says "apt-get install s6"
}

@test "a Java that is nowhere" {
	edit alpha/service.yaml '$a runtime: {java: [99]}'
	ctl doctor
	exits 4
	says "alpha needs Java 99"
	says "openjdk-99-jre-headless"
}

@test "a file where the state folder belongs" {
	: >"$BATS_TEST_TMPDIR/file"
	ctl --state "$BATS_TEST_TMPDIR/file/state" doctor
	exits 4
	says "is no folder"
	says "--state DIR"
}

@test "a state folder that cannot be written" {
	ctl --state /proc/dataflow doctor
	exits 4
	says "folders"
}

@test "a state folder too deep for sockets" {
	ctl --state "$BATS_TEST_TMPDIR/$(printf 'x%.0s' {1..100})" doctor
	exits 4
	says "too long for sockets"
}

@test "an external service that does not answer" {
	site '{services: {alpha: {external: true, ports: {client: 47199}}}}'
	ctl doctor
	exits 4
	says "alpha: "
	says "47199"
	listen 47199
	ctl doctor
	exits 0
	says "1 external ports answer"
}

@test "too few open files" {
	run bash -c "ulimit -n 1000; '$PLATFORMCTL' doctor"
	[ "$status" -eq 4 ]
	[[ $output == *"at most 1000 open files"* ]]
}

@test "no colour but on a terminal" {
	ctl doctor
	[[ $output != *$'\033'* ]]
	command -v script >/dev/null || skip "script(1) is not installed"
	run script -qec "'$PLATFORMCTL' doctor" /dev/null
	[[ $output == *$'\033[32mok'* ]]
	NO_COLOR=1 run script -qec "'$PLATFORMCTL' doctor" /dev/null
	[[ $output != *$'\033'* ]]
}
