#!/usr/bin/env bats
# Which way folders may depend on each other: a file includes headers of its own layer or of layers below, never above.
bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/../..

# From the bottom up. The catalogue and the machine know each other: a template asks for a secret and for a JVM.
layer() {
	case $1 in
	lib) echo 0 ;;
	platformctl/catalogue | platformctl/host) echo 1 ;;
	platformctl) echo 2 ;;
	platformctl/fetch) echo 3 ;;
	platformctl/supervise) echo 4 ;;
	platformctl/doctor) echo 5 ;;
	platformctl/run | platformctl/agent) echo 6 ;;
	esac
}

@test "includes go down, never up" {
	cd "$ROOT"
	bad=0
	for file in lib/*.[ch] platformctl/*.[ch] platformctl/*/*.[ch]; do
		own=$(layer "${file%/*}")
		for header in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
			from=$(ls lib/"$header" platformctl/"$header" platformctl/*/"$header" 2>/dev/null | head -n 1)
			if [ -n "$from" ] && [ "$(layer "${from%/*}")" -gt "$own" ]; then
				echo "$file includes $from"
				bad=1
			fi
		done
	done
	[ "$bad" -eq 0 ]
}

@test "platformctl links no client of a service, platform-agent does" {
	run ldd "$ROOT/build/platformctl"
	[[ ! $output =~ libcurl|libpq|librdkafka|libavro ]]
	run ldd "$ROOT/build/platform-agent"
	[[ $output == *libpq*  && $output == *librdkafka* ]]
}

@test "no file outgrows its room" {
	cd "$ROOT"
	run bash -c "wc -l lib/*.[ch] platformctl/*.[ch] platformctl/*/*.[ch] | awk '\$1 > 500 && \$2 != \"total\"'"
	[ -z "$output" ]
}
