#!/bin/sh
# Installs the Debian packages that the given lists name and this machine lacks, after saying which.
# A list has one package a line; "a | b" takes the first that this release of Debian has; # starts a comment.
set -eu

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }
known() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "error: this is no Debian: dpkg-query and apt-get are missing" >&2
	echo "  remedy: install the packages named in $* by your own means, then run: make all" >&2
	exit 4
fi

# The choices that are not satisfied by what is installed.
wanted=$(cat "$@" | sed 's/#.*//' | grep -v '^[[:space:]]*$' | while IFS= read -r line; do
	found=no
	for p in $(printf '%s' "$line" | tr '|' ' '); do installed "$p" && found=yes; done
	[ $found = yes ] || printf '%s\n' "$line"
done)
[ -n "$wanted" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "error: packages are missing and you are neither root nor have sudo: $(printf '%s' "$wanted" | tr '\n' ';')" >&2
		echo "  remedy: as root, run: make setup" >&2
		exit 4
	}
	as_root=sudo
fi

# PostgreSQL's package would start a cluster of its own on port 5432: tell it not to, before it is there.
conf=/etc/postgresql-common/createcluster.conf
if printf '%s\n' "$wanted" | grep -q '^postgresql' && [ ! -e $conf ]; then
	$as_root mkdir -p /etc/postgresql-common
	printf 'create_main_cluster = false\n' | $as_root tee $conf >/dev/null
fi

export DEBIAN_FRONTEND=noninteractive
echo "packages: reading Debian's lists" >&2
$as_root apt-get update -qq
chosen=
for line in $(printf '%s\n' "$wanted" | tr -d ' '); do
	pick=
	for p in $(printf '%s' "$line" | tr '|' ' '); do [ -n "$pick" ] || { known "$p" && pick=$p; } || :; done
	[ -n "$pick" ] || { echo "error: this release of Debian has no $line" >&2; exit 4; }
	chosen="$chosen $pick"
done
echo "packages: installing$chosen" >&2
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $chosen >/dev/null
