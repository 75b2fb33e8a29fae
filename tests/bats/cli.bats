#!/usr/bin/env bats
# The command line: help, options, mistakes, completions, logs, bundles. No service is started.
# shellcheck disable=SC2016,SC2154 # backticks and ${} are meant literally; bats sets stderr
load helpers

setup() {
	isolate
}

visible_commands() {
	"$PLATFORMCTL" completion fish | sed -n 's/.*__fish_use_subcommand -a \([a-z-]*\) .*/\1/p'
}

# Lines as s6-log writes them: log SERVICE SECOND TEXT…
log() {
	mkdir -p "$DATAFLOW_STATE/log/$1"
	printf '2026-11-22 10:00:%02d.000000000  %s\n' "$2" "$3" >>"$DATAFLOW_STATE/log/$1/current"
	chmod -R o+rX "$DATAFLOW_STATE"
}

@test "--help fits a terminal of 80 columns and 60 lines" {
	ctl --help
	exits 0
	says "usage: platformctl"
	[ "$(wc -l <<<"$output")" -le 60 ]
	[ "$(LC_ALL=C.UTF-8 awk 'length > 80' <<<"$output" | wc -l)" -eq 0 ]
}

@test "every command has help, by help and by --help" {
	ctl --help
	local overview=$output
	[ "$(visible_commands | wc -l)" -ge 15 ]
	for command in $(visible_commands); do
		ctl help "$command"
		exits 0
		says "usage: platformctl $command"
		local by_help=$output
		ctl "$command" --help
		exits 0
		[ "$output" = "$by_help" ]
		[[ $overview == *"  $command "* ]]
	done
}

@test "an unknown command names the nearest one" {
	ctl stauts
	exits 2
	complains 'unknown command `stauts`'
	complains 'did you mean `status`?'
	ctl help dcotor
	exits 2
	complains 'did you mean `doctor`?'
}

@test "no command points to the help" {
	ctl
	exits 2
	complains "platformctl --help"
}

@test "an unknown option names the nearest one" {
	ctl up --timeuot 5s
	exits 2
	complains "unknown option --timeuot of up"
	complains "did you mean --timeout?"
	ctl --colour
	exits 2
	complains "platformctl --help"
}

@test "an option without its value says what it takes" {
	ctl up --timeout
	exits 2
	complains "--timeout needs a value"
	ctl doctor --yes=no
	exits 2
	complains "--yes takes no value"
	ctl --port-offset many doctor
	exits 2
	complains "--port-offset takes a number"
	ctl -o yaml version
	exits 2
	complains "choose one of: text, json"
}

@test "too few and too many arguments" {
	ctl exec
	exits 2
	complains "exec needs service"
	ctl version now
	exits 2
	complains "too many arguments for version"
	ctl config
	exits 2
	complains "config needs show|check"
}

@test "an unknown service and an unknown profile name the nearest one" {
	ctl doctor alhpa
	exits 2
	complains 'did you mean `alpha`?'
	ctl logs betta
	exits 2
	complains 'did you mean `beta`?'
	ctl doctor --profile extar
	exits 2
	complains 'did you mean `extra`?'
	ctl config show zzzzzz
	exits 2
	complains "services: alpha, beta, gamma"
}

@test "errors are JSON where JSON is asked for" {
	ctl doctor nothing -o json
	exits 2
	jq -e '.schema_version == 1 and .error.kind == "usage" and .error.exit_code == 2 and .error.remedy != ""' <<<"$stderr"
}

@test "version in text and JSON" {
	ctl --version
	exits 0
	[[ $output =~ ^platformctl\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	ctl version -o json
	json '.schema_version == 1 and (.version | test("^[0-9.]+$"))'
}

@test "help on a full disk is an error, into a closed pipe is none" {
	run bash -c "'$PLATFORMCTL' --help >/dev/full"
	[ "$status" -eq 7 ]
	run bash -c "set -o pipefail; '$PLATFORMCTL' help --man | head -n 1"
	[ "$status" -eq 0 ]
}

@test "the manual page has no fault" {
	ctl help --man
	exits 0
	for section in NAME SYNOPSIS DESCRIPTION ENVIRONMENT FILES "EXIT STATUS" EXAMPLES; do
		says ".Sh $section"
	done
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	mandoc -T lint -W warning <<<"$output"
}

@test "bash completes commands, services, options and values" {
	"$PLATFORMCTL" completion bash >"$BATS_TEST_TMPDIR/completion"
	bash -n "$BATS_TEST_TMPDIR/completion"
	# shellcheck source=/dev/null
	source "$BATS_TEST_TMPDIR/completion"
	complete_words() {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_platformctl
		echo "$*: ${COMPREPLY[*]}"
	}
	[ "$(complete_words platformctl sta)" = "platformctl sta: status" ]
	[ "$(complete_words platformctl logs a)" = "platformctl logs a: alpha" ]
	[ "$(complete_words platformctl --state /x up --tim)" = "platformctl --state /x up --tim: --timeout --timings" ]
	[ "$(complete_words platformctl up --profile '')" = "platformctl up --profile : base extra" ]
	[ "$(complete_words platformctl -o '')" = "platformctl -o : text json" ]
	[ "$(complete_words platformctl completion '')" = "platformctl completion : bash zsh fish" ]
}

@test "zsh and fish can read their completions" {
	for shell in zsh fish; do
		ctl completion $shell
		exits 0
		! command -v $shell >/dev/null || $shell -n <<<"$output" || $shell -n <(echo "$output")
	done
	ctl completion tcsh
	exits 2
	complains "choose one of: bash, zsh, fish"
}

@test "fish completes a service" {
	command -v fish >/dev/null || skip "fish is not installed"
	"$PLATFORMCTL" completion fish >"$BATS_TEST_TMPDIR/completion"
	HOME=$BATS_TEST_TMPDIR run fish --no-config -c "source $BATS_TEST_TMPDIR/completion; complete -C 'platformctl logs g'"
	[ "$output" = gamma ]
}

@test "endpoints name the password's file, never the password" {
	mkdir -p "$DATAFLOW_STATE/secrets"
	echo -n TopSecretValue >"$DATAFLOW_STATE/secrets/alpha_admin"
	ctl endpoints
	exits 0
	says "tcp://127.0.0.1:47101"
	says "$DATAFLOW_STATE/secrets/alpha_admin"
	[[ $output != *TopSecretValue* ]]
	[[ $output != *gamma* ]]
	ctl endpoints -o json
	json '.schema_version == 1 and (.endpoints | length) == 2'
	json '.endpoints[0] | .service == "alpha" and .user == "admin" and (.password_file | endswith("/secrets/alpha_admin"))'
}

@test "no log yet says so" {
	ctl logs
	exits 1
	complains "there is no log yet"
	ctl logs alpha
	exits 1
	complains "alpha has no log yet"
	complains "platformctl up alpha"
}

@test "logs put several services in the order of time" {
	log alpha 1 one
	log beta 2 two
	log alpha 3 three
	ctl logs
	exits 0
	[ "$output" = "alpha | 2026-11-22 10:00:01.000000000  one
beta  | 2026-11-22 10:00:02.000000000  two
alpha | 2026-11-22 10:00:03.000000000  three" ]
	ctl logs beta
	[ "$output" = "2026-11-22 10:00:02.000000000  two" ]
}

@test "logs reach back into rotated parts" {
	log alpha 1 one
	log alpha 2 two
	mv "$DATAFLOW_STATE/log/alpha/current" "$DATAFLOW_STATE/log/alpha/@4000000065000000deadbeef.s"
	log alpha 3 three
	ctl logs alpha -n 2
	exits 0
	[ "$output" = "2026-11-22 10:00:02.000000000  two
2026-11-22 10:00:03.000000000  three" ]
	ctl logs alpha -n 0
	[ "$output" = "" ]
	ctl logs alpha -n few
	exits 2
	complains "--lines takes a number"
}

@test "logs as JSON, also of bytes that are no text" {
	log alpha 1 $'caf\xe9 "quoted"'
	ctl logs alpha -o json
	exits 0
	json '.schema_version == 1 and .service == "alpha" and .time == "2026-11-22 10:00:01.000000000" and .text == "caf? \"quoted\""'
}

@test "logs -f goes on across rotation and ends cleanly" {
	log alpha 1 one
	"$PLATFORMCTL" logs -f alpha >"$BATS_TEST_TMPDIR/followed" &
	local pid=$!
	until grep -q one "$BATS_TEST_TMPDIR/followed"; do sleep 0.02; done
	log alpha 2 two
	mv "$DATAFLOW_STATE/log/alpha/current" "$DATAFLOW_STATE/log/alpha/@4000000065000000deadbeef.s"
	log alpha 3 three
	for _ in {1..100}; do grep -q three "$BATS_TEST_TMPDIR/followed" && break || sleep 0.02; done
	kill -INT $pid
	wait $pid
	cat "$BATS_TEST_TMPDIR/followed"
	[ "$(cut -d ' ' -f 4 "$BATS_TEST_TMPDIR/followed" | xargs)" = "one two three" ]
}

@test "logs -f ends when nobody reads any more" {
	log alpha 1 one
	run timeout 5 bash -c "'$PLATFORMCTL' logs -f alpha | head -n 1; exit \${PIPESTATUS[0]}"
	[ "$status" -eq 0 ]
}

@test "a support bundle holds no secret" {
	mkdir -p "$DATAFLOW_STATE"/{secrets,conf/alpha/deep}
	echo TopSecretValue >"$DATAFLOW_STATE/secrets/alpha_admin"
	log alpha 1 "connecting with TopSecretValue as password"
	echo "password=TopSecretValue" >"$DATAFLOW_STATE/conf/alpha/deep/alpha.conf"
	echo '{"ts":"x","service":"alpha","state":"failed","reason":"TopSecretValue is wrong"}' >"$DATAFLOW_STATE/events.jsonl"
	site '{platform: {greeting: goodbye}}'
	ctl support-bundle -f "$BATS_TEST_TMPDIR/bundle.tar.gz"
	exits 0
	mkdir "$BATS_TEST_TMPDIR/unpacked"
	tar -C "$BATS_TEST_TMPDIR/unpacked" --strip-components=1 -xzf "$BATS_TEST_TMPDIR/bundle.tar.gz"
	cd "$BATS_TEST_TMPDIR/unpacked"
	find . -type f
	run ! grep -r TopSecretValue .
	grep -q 'password=\*\*\*' conf/alpha/deep/alpha.conf
	grep -q 'with \*\*\* as password' log/alpha
	grep -q '"failed"' events.jsonl
	jq -e '.platform.greeting.value == "goodbye"' config.json
	jq -e '.findings | length > 5' <(grep -h '^{' doctor.json)
	jq -e .version version.json
	[ -s system/uname ] && [ -s system/disk ] && [ -s endpoints.json ]
}

@test "a support bundle that cannot be written says so" {
	mkdir -p "$DATAFLOW_STATE"
	ctl support-bundle -f /nonexistent/bundle.tar.gz
	exits 7
	complains "cannot be written"
	complains "--file FILE"
}
