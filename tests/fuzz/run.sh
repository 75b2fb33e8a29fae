#!/bin/sh
# Builds the fuzz targets and runs each for FUZZ_SECONDS (default 20), from the kept corpus and the real catalogue.
# With arguments only the targets named: tests/fuzz/run.sh yaml template
set -eu

cd "$(dirname "$0")/../.."
root=$(pwd)
out=build/fuzz
seconds=${FUZZ_SECONDS:-20}

clang=
for candidate in "${CLANG:-clang}" clang-19 clang-16 clang-14; do
	if command -v "$candidate" >/dev/null; then
		clang=$candidate
		break
	fi
done
if [ -z "$clang" ]; then
	echo "clang is missing; make setup-test installs it" >&2
	exit 4
fi

# The objects with coverage counters, the programs with the fuzzer's own main.
make --no-print-directory -s CC="$clang" OUT="$out" SAN=fuzzer-no-link,address,undefined CFLAGS="-O1 -g" \
	"$out/libplatform.a" "$out/libdataflow.a"

folders=
for folder in . catalogue host fetch supervise doctor run; do
	folders="$folders -Iplatformctl/$folder"
done

status=0
[ $# -gt 0 ] || set -- yaml template service
for name in "$@"; do
	# shellcheck disable=SC2086 # $folders is a list of options
	"$clang" -std=gnu17 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE -Ilib $folders \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		"tests/fuzz/fuzz_$name.c" "$out/libplatform.a" "$out/libdataflow.a" \
		-Wl,--as-needed -lyaml -ljansson -lcrypto -o "$out/fuzz_$name"

	# What it finds grows in the build folder; the kept corpus is only read.
	mkdir -p "$out/corpus/$name" "$out/seeds/$name" "$out/work"
	for entry in services/*/service.yaml; do
		service=$(basename "$(dirname "$entry")")
		case $name in
		yaml) cp "$entry" "$out/seeds/yaml/$service" ;;
		service) sed 's/^name: .*/name: fuzz/' "$entry" >"$out/seeds/service/$service" ;;
		template) { printf 'A'; cat "$entry"; } >"$out/seeds/template/$service" ;;
		esac
	done
	if FUZZ_ROOT=$root FUZZ_DIR=$root/$out/work "$out/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-verbosity=0 -print_final_stats=1 -artifact_prefix="$out/$name-" \
		"$out/corpus/$name" "tests/fuzz/corpus/$name" "$out/seeds/$name" >"$out/$name.log" 2>&1; then
		echo "ok     fuzz_$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$name.log") inputs"
	else
		status=1
		echo "FAILED fuzz_$name; the input is kept as $out/$name-*:"
		tail -n 40 "$out/$name.log" | sed 's/^/    /'
	fi
	rm -rf "$out/work"
done
exit $status
