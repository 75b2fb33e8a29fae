# What every test of the command line needs: folders of its own, a small catalogue, and the whole transcript on failure.
# shellcheck disable=SC2154 # bats sets output, stderr and status
bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
PLATFORMCTL=${PLATFORMCTL:-$ROOT/build/platformctl}
TINY=$BATS_TEST_DIRNAME/fixtures/tiny

# Every test has its own state, cache and (empty) site file, whatever the machine has.
isolate() {
	export DATAFLOW_STATE=$BATS_TEST_TMPDIR/state DATAFLOW_CACHE=$BATS_TEST_TMPDIR/cache
	export DATAFLOW_CONFIG=$BATS_TEST_TMPDIR/platform.yaml DATAFLOW_ROOT=$TINY
	unset NO_COLOR
	echo '{}' >"$DATAFLOW_CONFIG"
	# As root, commands become the service user, who must be able to pass.
	chmod o+x "$BATS_RUN_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" "$BATS_TEST_TMPDIR"
}

# A copy of the small catalogue that a test may change: edit FILE SED-EXPRESSION
edit() {
	if [ "$DATAFLOW_ROOT" = "$TINY" ]; then
		cp -R "$TINY" "$BATS_TEST_TMPDIR/tiny"
		export DATAFLOW_ROOT=$BATS_TEST_TMPDIR/tiny
	fi
	sed -i "$2" "$DATAFLOW_ROOT/services/$1"
}

# The site file's text.
site() {
	printf '%s\n' "$1" >"$DATAFLOW_CONFIG"
}

# Runs platformctl with a deadline; bats shows what this prints when the test fails.
ctl() {
	run --separate-stderr timeout -k 2 20 "$PLATFORMCTL" "$@"
	printf '$ platformctl %s\n%s\n%s\nexit status %d\n' "$*" "$output" "$stderr" "$status"
}

exits() {
	[ "$status" -eq "$1" ] || { echo "exit status $status where $1 was expected"; return 1; }
}

# Standard output holds the text.
says() {
	[[ $output == *"$1"* ]] || { echo "not in the output: $1"; return 1; }
}

# The error holds the text; its remedy is part of it.
complains() {
	[[ $stderr == *"$1"* ]] || { echo "not in the error: $1"; return 1; }
}

# Standard output is JSON of which the jq expression is true.
json() {
	jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; return 1; }
}
