# One platform for all end-to-end tests: on ports of its own, in a state folder of its own, with the usual cache.
setup_suite() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	E2E_DIR=$(mktemp -d /var/tmp/dataflow-e2e.XXXXXX)
	chmod 755 "$E2E_DIR"
	export E2E_DIR DATAFLOW_STATE=$E2E_DIR/state NO_COLOR=1
	export CTL=$PWD/build/platformctl
	export OFFSET=20000
	unset DATAFLOW_SERVICE
	if ! "$CTL" up --port-offset $OFFSET --timings >"$E2E_DIR/up.txt" 2>&1; then
		cat "$E2E_DIR/up.txt" >&3
		"$CTL" status >&3 2>&1
		return 1
	fi
	sed 's/^/# /' "$E2E_DIR/up.txt" >&3
}

teardown_suite() {
	if [ -n "${KEEP_E2E:-}" ]; then
		echo "# kept: DATAFLOW_STATE=$DATAFLOW_STATE" >&3
		return 0
	fi
	"$CTL" --yes reset >/dev/null
	rm -rf "$E2E_DIR"
}
