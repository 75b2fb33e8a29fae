#!/bin/bash
# Measures platformctl itself and the platform's warm start; prints one JSON object. The platform must be up (platformctl up)
# and have been fetched before; it is stopped and started again RUNS times (default 3).
set -euo pipefail
cd "$(dirname "$0")/../.."
ctl=${PLATFORMCTL:-build/platformctl}
runs=${RUNS:-3}

median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# Milliseconds of one run, the mean over a hundred: below the resolution of a single one.
start=$(date +%s%N)
for _ in $(seq 100); do "$ctl" --help >/dev/null; done
help_ms=$(awk "BEGIN {print ($(date +%s%N) - $start) / 1e8}")

# status beside the slowest of its probes, each on its own.
status_ms=$(for _ in $(seq 9); do
	s=$(date +%s%N)
	"$ctl" status >/dev/null || :
	echo $((($(date +%s%N) - s) / 1000000))
done | median)
probe_ms=$(for _ in $(seq 9); do
	worst=0
	for service in $("$ctl" status --no-probe -o json | jq -r '.services[].service'); do
		ms=$("$ctl" probe -o json "$service" | jq .ms)
		[ "${ms%.*}" -le "$worst" ] || worst=${ms%.*}
	done
	echo "$worst"
done | median)
rss_kb=$("${TIME:-/usr/bin/time}" -f %M "$ctl" status 2>&1 >/dev/null | tail -n 1)

warm=$(for _ in $(seq "$runs"); do
	"$ctl" down >/dev/null
	"$ctl" up --offline --timings -o json
done | jq -s -c 'sort_by(.seconds) | {runs_s: map(.seconds), median: .[length / 2 | floor]} |
	{runs_s, seconds: .median.seconds, rss_mb: ([.median.services[].rss_bytes] | add / 1e6 | round),
	 pss_mb: ([.median.services[].pss_bytes] | add / 1e6 | round), cpu_s: ([.median.services[].cpu_s] | add),
	 services: [.median.services[] | {service, start_s, cpu_s, rss_mb: (.rss_bytes / 1e6 | round)}]}')

jq -n --argjson help "$help_ms" --argjson status "$status_ms" --argjson probe "$probe_ms" --argjson rss "$rss_kb" --argjson warm "$warm" \
	--arg machine "$(nproc) cores, $(free -g | awk '/^Mem/{print $2}') GiB" --arg load "$(cut -d' ' -f1 /proc/loadavg)" \
	'{machine: $machine, load_at_the_end: $load, help_ms: $help, status_ms: $status, slowest_probe_ms: $probe, status_rss_kb: $rss, warm_up: $warm}'
