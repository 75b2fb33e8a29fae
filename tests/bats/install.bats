#!/usr/bin/env bats
# What `make install` puts where, and that it works from there.
# shellcheck disable=SC2016,SC2154 # backticks and ${} are meant literally; bats sets stderr
load helpers

setup() {
	isolate
}

@test "installed below DESTDIR it finds its catalogue and its agent" {
	make -C "$ROOT" --no-print-directory install DESTDIR="$BATS_TEST_TMPDIR/dest" PREFIX=/opt/df
	local prefix=$BATS_TEST_TMPDIR/dest/opt/df
	unset DATAFLOW_ROOT
	export PLATFORMCTL=$prefix/bin/platformctl
	ctl config check
	exits 0
	ctl config show -o json
	json ".catalogue == \"$prefix/share/dataflow\""
	[ -x "$prefix/libexec/dataflow/platform-agent" ]
	[ -s "$prefix/share/man/man1/platformctl.1" ]
	[ ! -e "$prefix/share/dataflow/services/spark/tests" ]
	# shellcheck source=/dev/null
	source "$prefix/share/bash-completion/completions/platformctl"
	[ -s "$prefix/share/zsh/site-functions/_platformctl" ]
	[ -s "$prefix/share/fish/vendor_completions.d/platformctl.fish" ]
	run ! grep -rIl "$ROOT" "$prefix/share"
}
