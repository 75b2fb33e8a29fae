#!/bin/bash
# Runs every test and ends with one line of counts. Sections can be named: tests/run.sh unit bats
# A section whose counts cannot be read counts as one failure: nothing passes silently.
set -u
cd "$(dirname "$0")/.." || exit 7
log=$(mktemp -d "${TMPDIR:-/tmp}/dataflow-tests.XXXXXX")
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 skipped=0 broken=()

# Adds one section's counts; its output stays on the terminal as it comes.
count() { # section passed failed skipped status
	local name=$1 p=$2 f=$3 s=$4 status=$5
	if [ "$status" -ne 0 ] && [ "$f" -eq 0 ] || [ $((p + f + s)) -eq 0 ]; then f=$((f + 1)); fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || broken+=("$name")
	printf -- '--- %s: %d passed, %d failed, %d skipped, %d s\n' "$name" "$p" "$f" "$s" "$SECONDS"
}

# cmocka programs: the runner's last line is "N passed, N failed".
section_unit() {
	make --no-print-directory "$1" 2>&1 | tee "$log/out"
	local status=${PIPESTATUS[0]} line
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log/out" | tail -n 1)
	count "$1" "$(first "$line" passed)" "$(first "$line" failed)" 0 "$status"
}

section_bats() { # name folder
	bats --tap "$2" 2>&1 | tee "$log/out"
	local status=${PIPESTATUS[0]} s
	s=$(grep -cE '^ok .* # skip' "$log/out")
	count "$1" $(($(grep -cE '^ok ' "$log/out") - s)) "$(grep -cE '^not ok ' "$log/out")" "$s" "$status"
}

section_pytest() {
	make --no-print-directory pytest 2>&1 | tee "$log/out"
	local status=${PIPESTATUS[0]} line
	line=$(grep -E '[0-9]+ (passed|failed|error)' "$log/out" | tail -n 1)
	count pytest "$(first "$line" passed)" $(($(first "$line" failed) + $(first "$line" error))) "$(first "$line" skipped)" "$status"
}

section_fuzz() {
	make --no-print-directory fuzz 2>&1 | tee "$log/out"
	local status=${PIPESTATUS[0]} n
	n=$(grep -c '^FAILED ' "$log/out")
	count fuzz "$(grep -c '^ok ' "$log/out")" "$n" 0 "$status"
}

# The number before a word in a line such as "3 failed, 41 passed in 8.1s"; 0 when it is not there.
first() { printf '%s' "$1" | grep -oE "[0-9]+ $2" | grep -oE '^[0-9]+' || echo 0; }

make --no-print-directory all || exit 7
for section in "${@:-all}"; do
	case $section in
	all) set -- unit unit-san bats fuzz pytest e2e ;;
	esac
done
for section in "$@"; do
	printf '=== %s\n' "$section"
	SECONDS=0
	case $section in
	unit | unit-san) section_unit "$section" ;;
	bats) section_bats bats tests/bats ;;
	e2e) section_bats e2e tests/e2e ;;
	pytest) section_pytest ;;
	fuzz) section_fuzz ;;
	*) echo "error: unknown section $section (unit unit-san bats fuzz pytest e2e)" >&2 && exit 2 ;;
	esac
done
[ ${#broken[@]} -eq 0 ] || printf 'failed in: %s\n' "${broken[*]}"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
