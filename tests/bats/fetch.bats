#!/usr/bin/env bats
# Fetching, with a Maven of our own making: what it "downloads", and how it fails, each test decides. No network is used.
# shellcheck disable=SC2016,SC2154 # $remote and $m2 are the scripts' own; bats sets stderr
load helpers

setup() {
	isolate
	export DATAFLOW_ROOT=$BATS_TEST_TMPDIR/root PATH=$BATS_TEST_TMPDIR/bin:$PATH
	mkdir -p "$DATAFLOW_ROOT/services/one" "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/remote/g/one/1"
	printf 'first' >"$BATS_TEST_TMPDIR/remote/g/one/1/one-1.jar"
	printf 'second' >"$BATS_TEST_TMPDIR/remote/g/one/1/two-1.jar"
	echo 'profiles: {core: all}
default_profiles: [core]' >"$DATAFLOW_ROOT/services/catalogue.yaml"
	echo 'name: one
summary: one
profile: core
ports: {client: 47501}
memory_mb: 1
download_mb: 1
disk_mb: 1
packages:
  - {maven: pom.xml, into: lib}
run: exec sleep 1
ready:
  tcp: {host: "${one.host}", port: "${client}"}' >"$DATAFLOW_ROOT/services/one/service.yaml"
	echo '<project/>' >"$DATAFLOW_ROOT/services/one/pom.xml"
	(cd "$BATS_TEST_TMPDIR/remote" && for f in g/one/1/*; do
		echo "$(sha256sum "$f" | cut -d' ' -f1) $(stat -c %s "$f") $f"
	done) >"$DATAFLOW_ROOT/services/one/pom.lock"
	maven 'cp -R "$remote/." "$m2/"; list'
	chmod -R a+rX "$BATS_TEST_TMPDIR/root" "$BATS_TEST_TMPDIR/remote" "$BATS_TEST_TMPDIR/bin"
	: >"$BATS_TEST_TMPDIR/calls"
	chmod a+rw "$BATS_TEST_TMPDIR/calls"
}

teardown() {
	if mountpoint -q "$BATS_TEST_TMPDIR/cache"; then umount "$BATS_TEST_TMPDIR/cache"; fi
}

# Makes the `mvn` of this test: a shell script that knows $m2 (its repository), $remote and list (dependency:list's output).
maven() {
	cat >"$BATS_TEST_TMPDIR/bin/mvn" <<-END
		#!/bin/sh
		remote=$BATS_TEST_TMPDIR/remote
		for a; do case \$a in -Dmaven.repo.local=*) m2=\${a#*=} ;; esac done
		echo call >>$BATS_TEST_TMPDIR/calls
		list() { (cd "\$remote" && find . -name '*.jar' | sort | sed "s|^\.|[INFO]    g:x:jar:1:compile:\$m2|"); }
		$1
	END
	chmod 755 "$BATS_TEST_TMPDIR/bin/mvn"
}

calls() {
	[ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" -eq "$1" ] || { echo "mvn ran $(wc -l <"$BATS_TEST_TMPDIR/calls") times, not $1"; return 1; }
}

jar() {
	cat "$DATAFLOW_CACHE"/packages/one-*/lib/"$1"
}

# Waits until the command is true, at most 10 s.
retry() {
	for _ in $(seq 100); do
		if "$@"; then return 0; fi
		sleep 0.1
	done
	echo "never true: $*"
	return 1
}

@test "fetch gets what is missing, and the second time runs no client" {
	ctl fetch --plan -o json
	exits 0
	json '.schema_version == 1 and .complete == false and .transfer_bytes == 11 and .services[0].service == "one"'
	ctl fetch
	exits 0
	says "everything is there"
	[ "$(jar one-1.jar)$(jar two-1.jar)" = firstsecond ]
	calls 1
	ctl fetch
	exits 0
	calls 1
	ctl fetch --plan -o json
	json '.complete and .transfer_bytes == 0'
}

@test "a warm cache needs no client and no network" {
	mkdir -p "$DATAFLOW_CACHE/m2"
	cp -R "$BATS_TEST_TMPDIR/remote/." "$DATAFLOW_CACHE/m2/"
	ctl fetch --offline
	exits 0
	calls 0
	[ "$(jar one-1.jar)" = first ]
}

@test "offline, what is missing is named" {
	ctl fetch --offline
	exits 4
	complains "g/one/1/one-1.jar is not in the cache"
	complains "remedy: run once with a network: platformctl fetch one"
	calls 0
}

@test "a wrong checksum deletes the file and is an error; the next run gets it anew" {
	maven 'cp -R "$remote/." "$m2/"; printf sec0nd >"$m2/g/one/1/two-1.jar"; list'
	ctl fetch
	exits 4
	complains "checksum of g/one/1/two-1.jar differs: expected SHA-256 16367aac"
	complains "remedy: run it again"
	[ ! -e "$DATAFLOW_CACHE/m2/g/one/1/two-1.jar" ]
	[ -e "$DATAFLOW_CACHE/m2/g/one/1/one-1.jar" ]
	maven 'cp -R "$remote/." "$m2/"; list'
	ctl fetch
	exits 0
	[ "$(jar two-1.jar)" = second ]
}

@test "a network that fails is tried twice, then named with a remedy" {
	maven 'echo "[ERROR] Could not transfer artifact g:one:jar:1: https://me:hidden@host.invalid/: Unknown host host.invalid"; exit 1'
	ctl fetch
	exits 4
	complains "Unknown host host.invalid"
	complains "remedy: check the network"
	complains "$DATAFLOW_CACHE/log/one.log"
	[[ $stderr != *hidden* ]]
	calls 2
}

@test "a network that comes back is enough" {
	maven 'if [ "$(wc -l <'"$BATS_TEST_TMPDIR"'/calls)" = 1 ]; then echo "Connection reset"; exit 1; fi; cp -R "$remote/." "$m2/"; list'
	ctl fetch
	exits 0
	calls 2
}

@test "a full disk is called a full disk" {
	[ "$(id -u)" -eq 0 ] || skip "mounting needs root"
	mkdir -p "$DATAFLOW_CACHE"
	mount -t tmpfs -o size=256k tmpfs "$DATAFLOW_CACHE" || skip "no mounts here"
	chmod 777 "$DATAFLOW_CACHE"
	maven 'mkdir -p "$m2/g" && head -c 1000000 /dev/zero >"$m2/g/big"'
	ctl fetch
	exits 4
	complains "no space left on the disk"
	complains "remedy: free some space"
}

@test "a lock that is older than its pom is told apart from a failure" {
	echo "$(printf x | sha256sum | cut -d' ' -f1) 1 g/three/1/three-1.jar" >>"$DATAFLOW_ROOT/services/one/pom.lock"
	ctl fetch
	exits 3
	complains "g/three/1/three-1.jar, which pom.xml does not resolve to"
	complains "platformctl fetch --lock one"
}

@test "fetch --lock writes what Maven resolves" {
	cp "$DATAFLOW_ROOT/services/one/pom.lock" "$BATS_TEST_TMPDIR/before"
	rm "$DATAFLOW_ROOT/services/one/pom.lock"
	ctl fetch
	exits 3
	complains "pom.lock is missing"
	ctl fetch --lock one
	exits 0
	diff <(grep -v '^#' "$DATAFLOW_ROOT/services/one/pom.lock") "$BATS_TEST_TMPDIR/before"
	ctl fetch
	exits 0
}

@test "kill -9 in the middle leaves no process, and the next run completes" {
	maven 'cp "$remote/g/one/1/one-1.jar" "$m2/"; echo $$ >'"$BATS_TEST_TMPDIR"'/calls; exec sleep 47501'
	"$PLATFORMCTL" fetch 3>&- &
	retry test -s "$BATS_TEST_TMPDIR/calls"
	client=$(cat "$BATS_TEST_TMPDIR/calls")
	kill -9 $!
	gone() { ! kill -0 "$client" 2>/dev/null; }
	retry gone
	maven 'cp -R "$remote/." "$m2/"; list'
	ctl fetch
	exits 0
	[ "$(jar two-1.jar)" = second ]
}

@test "Ctrl-C ends it at once, and no process is left" {
	maven 'echo $$ >'"$BATS_TEST_TMPDIR"'/calls; exec sleep 47502'
	"$PLATFORMCTL" fetch 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	retry test -s "$BATS_TEST_TMPDIR/calls"
	kill -TERM $!
	status=0
	wait $! || status=$?
	exits 6
	grep -q interrupted "$BATS_TEST_TMPDIR/stderr"
	run kill -0 "$(cat "$BATS_TEST_TMPDIR/calls")"
	[ "$status" -ne 0 ]
}

@test "two at the same time: the second waits, says for whom, and finds everything there" {
	maven 'while [ ! -e '"$BATS_TEST_TMPDIR"'/go ]; do sleep 0.1; done; cp -R "$remote/." "$m2/"; list'
	"$PLATFORMCTL" fetch 3>&- &
	first=$!
	retry grep -q call "$BATS_TEST_TMPDIR/calls"
	"$PLATFORMCTL" fetch 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	second=$!
	retry grep -q "waiting for platformctl (pid $first)" "$BATS_TEST_TMPDIR/stderr"
	touch "$BATS_TEST_TMPDIR/go"
	wait $first
	wait $second
	calls 1
}

@test "a cache that cannot be written is an error with a remedy" {
	[ "$(id -u)" -eq 0 ] && skip "root writes anywhere"
	mkdir -p "$DATAFLOW_CACHE" && chmod 500 "$DATAFLOW_CACHE"
	ctl fetch
	exits 4
	complains "remedy:"
}

@test "an unknown service is a usage error with a hint" {
	ctl fetch onn
	exits 2
	complains "one"
}
