#!/bin/bash
# Runs README's two commands on a bare Debian: a fresh system in a folder (debootstrap), with git and make and nothing else,
# its own processes, nothing in any cache. Prints the time of each command. Needs root, a network and the platform's ports.
#
#   tests/clean-machine.sh [bookworm|trixie …]     default: both, one after the other
#
# CLEAN_DIR   where the systems are made (default /var/tmp/dataflow-clean); CLEAN_KEEP=1 keeps them
# CLEAN_RUN   the commands (default "make up;make test")
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
dir=${CLEAN_DIR:-/var/tmp/dataflow-clean}
run=${CLEAN_RUN:-make up;make test}
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
mirror=${mirror:-$(awk '/^deb /{print $2; exit}' /etc/apt/sources.list)}

[ "$(id -u)" -eq 0 ] || { echo "error: needs root, for debootstrap and chroot" >&2; exit 4; }
command -v debootstrap >/dev/null || { echo "error: debootstrap is missing; remedy: apt-get install debootstrap" >&2; exit 4; }

make_system() { # suite root
	[ -e "/usr/share/debootstrap/scripts/$1" ] || ln -s sid "/usr/share/debootstrap/scripts/$1"
	debootstrap --variant=minbase --include=git,make,ca-certificates "$1" "$2" "$mirror" >"$2.log" 2>&1 || { tail "$2.log"; exit 4; }
	printf 'deb %s %s main\ndeb %s %s-updates main\ndeb %s-security %s-security main\n' \
		"$mirror" "$1" "$mirror" "$1" "${mirror%/}" "$1" >"$2/etc/apt/sources.list"
	cp /etc/resolv.conf /etc/hosts "$2/etc/"
	# a machine that trusts authorities of its own passes them on
	cp -n /usr/local/share/ca-certificates/*.crt "$2/usr/local/share/ca-certificates/" 2>/dev/null || :
	chroot "$2" update-ca-certificates >/dev/null 2>&1
	git clone -q "$repo" "$2/root/dataflow"
}

# One command in the system, as in a login: its own processes (they end with it) and a plain environment.
inside() { # root command
	# shellcheck disable=SC2016 # its own arguments
	unshare --mount --pid --fork --kill-child bash -c '
		mount --make-rprivate /
		mount -t proc proc "$1/proc"; mount --rbind /sys "$1/sys"; mount --rbind /dev "$1/dev"
		mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
		exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 CI=true \
			bash -c "cd /root/dataflow && $2"' - "$1" "$2"
}

failed=0
for suite in "${@:-bookworm trixie}"; do
	for one in $suite; do
		root=$dir/$one
		rm -rf --one-file-system "$root"
		mkdir -p "$root"
		echo "== $one: making a bare system"
		make_system "$one" "$root"
		IFS=';' read -ra commands <<<"$run"
		for c in "${commands[@]}"; do
			begin=$(date +%s)
			status=0
			inside "$root" "$c" 2>&1 | tee "$dir/$one.$(tr -c 'a-z\n' - <<<"$c").log" || status=$?
			echo "== $one: $c: status $status, $(($(date +%s) - begin)) s, $(du -sm --one-file-system "$root" | cut -f1) MB in all"
			[ "$status" -eq 0 ] || failed=1
		done
		[ -n "${CLEAN_KEEP:-}" ] || rm -rf --one-file-system "$root"
	done
done
exit $failed
