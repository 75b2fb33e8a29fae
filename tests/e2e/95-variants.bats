#!/usr/bin/env bats
# The other choices, all at once in an installation of their own: JSON events, MinIO.
load helpers

setup_file() {
	export DATAFLOW_STATE=$E2E_DIR/variants DATAFLOW_CONFIG=$E2E_DIR/variants.yaml
	cat >"$DATAFLOW_CONFIG" <<-YAML
		port_offset: 21000
		platform: {format: json}
		services: {objectstore: {engine: minio}}
	YAML
}

teardown_file() { "$CTL" --yes reset >/dev/null 2>&1; }

teardown() { [ -n "${BATS_TEST_COMPLETED:-}" ] || transcript; }

@test "the platform comes up on MinIO, with JSON events" {
	run ctl up
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $(tr '\0' ' ' <"/proc/$(pid_of objectstore)/cmdline") == *minio* ]]
}

@test "the demo's changes arrive there, too" {
	run ctl demo
	echo "$output"
	[ "$status" -eq 0 ]
	within 180 lake_equals_source
}
