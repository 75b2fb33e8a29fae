#!/bin/sh
# Runs cmocka programs: one line each, the output of those that fail, and the totals as the last line.
set -u

passed=0
failed=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for program in "$@"; do
	name=$(basename "$program")
	timeout -k 5 "${UNIT_TIMEOUT:-120}" "$program" >"$out" 2>&1
	status=$?
	good=$(grep -c '^\[ *OK \]' "$out")
	bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test(s).*/\1/p' "$out")
	bad=${bad:-0}
	# A crash, a time-out or a sanitizer's report fails no test by name.
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good))
	if [ "$bad" -eq 0 ]; then
		echo "ok     $name: $good"
	else
		failed=$((failed + bad))
		echo "FAILED $name (exit status $status):"
		sed 's/^/    /' "$out"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
