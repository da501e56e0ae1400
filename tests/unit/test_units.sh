#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The units as systemd reads them: nothing in them is unknown to it, what they
# start is there, and each is as closed as doc/hardening.md says (exposure in
# tenths; 20 where the table has no row).
set -u
: "${JUMP_UNITS:?run it with make check}" "${JUMP_PROGRAMS:?}" "${JUMP_SCRIPTS:?}"
src=${JUMP_SRCDIR:-.}
root=$(mktemp -d "${TMPDIR:-/tmp}/jump-units-XXXXXX") || exit 1
trap 'rm -rf "$root"' EXIT
failed=0
export LC_ALL=C.UTF-8

command -v systemd-analyze >/dev/null ||
	{ echo "no systemd-analyze: install systemd"; exit 1; }

bad() {
	echo "FAILED: $*"
	failed=$((failed + 1))
}

# A host's tree with the names that units ask for: the host's own units, ours
# with their drop-ins, and an executable wherever a command line points.
mkdir -p "$root/usr/lib/systemd" "$root/usr/lib/jump" "$root/etc/systemd/system"
cp -r /lib/systemd/system "$root/usr/lib/systemd/system" || exit 1
units=$root/usr/lib/systemd/system
find "$units" -name '*jump*' -delete
for unit in $JUMP_UNITS; do
	cp "$src/$unit" "$units" || exit 1
done
mkdir "$units/jump-apply.service.d"
cp "$src/packaging/nscd/50-nscd.conf" "$units/jump-apply.service.d"
cp -r "$src/packaging/sshd/user@.service.d" \
	"$src/packaging/sshd/session-.scope.d" \
	"$src/packaging/sshd/user-.slice.d" "$units"
for program in $JUMP_PROGRAMS $JUMP_SCRIPTS jump-sshd; do
	install -m 755 /dev/null "$root/usr/lib/jump/${program##*/}"
done
for program in /bin/kill /bin/sh /usr/bin/test /usr/bin/mkdir; do
	install -D -m 755 /dev/null "$root$program"
done

names=()
for unit in $JUMP_UNITS; do
	name=${unit##*/}
	names+=("$units/${name/@./@cell-a.}")
done
# What systemd says of the host's units is not ours.
systemd-analyze verify --root="$root" --man=no "${names[@]}" \
	>"$root/said" 2>&1
grep -E 'jump|session-\.scope|user-\.slice|user@' "$root/said" >"$root/ours" &&
	bad "systemd-analyze verify: $(cat "$root/ours")"

allowed() {
	sed -n "s/^| \`$1\` | \([0-9]*\) |.*/\1/p" "$src/doc/hardening.md"
}
for unit in $JUMP_UNITS; do
	name=${unit##*/}
	case $name in *.service) ;; *) continue ;; esac
	# PID 1 gives every service unlimited cores; sshd and PAM in it hold
	# seeds and keys, and are not ours to make undumpable
	grep -q '^LimitCORE=0$' "$src/$unit" ||
		bad "$unit: no LimitCORE=0"
	limit=$(allowed "$name")
	said=$(systemd-analyze security --offline=true --no-pager \
		--threshold="${limit:-20}" "$src/$unit" 2>&1) ||
		bad "$name: above ${limit:-20} tenths: $(tail -1 <<<"$said")"
	grep -q 'Overall exposure' <<<"$said" || bad "$name: not judged: $said"
	# a row that is not needed any more goes
	[ -z "$limit" ] ||
		! systemd-analyze security --offline=true --no-pager \
			--threshold=20 "$src/$unit" >/dev/null 2>&1 ||
		bad "$name: needs no row in doc/hardening.md"
done
for name in $(sed -n 's/^| `\(jump[^`]*\)` | [0-9]* |.*/\1/p' \
	"$src/doc/hardening.md"); do
	[ -e "$units/$name" ] || bad "doc/hardening.md: there is no $name"
done

# The watch's unit lets notice and above into the journal: so must be what it
# emits, in success and in failure.
for event in $(grep -ho 'EVENT_[A-Z_]*' "$src"/workers/watch/*.c | sort -u); do
	row=$(grep -A2 "^EVENT(${event#EVENT_}," "$src/audit/events.def" |
		tr '\n\t' '  ')
	grep -Eq '"[0-9a-f]{32}", [0-5], [0-5],' <<<"$row" ||
		bad "$event is below notice and jump-watch emits it: $row"
done

echo "${#names[@]} units, $failed failed"
[ $failed = 0 ]
