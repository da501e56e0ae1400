#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Quick looks at packaging/, so that what `./check package` would find after
# minutes is found after seconds: every installed program, module and unit is
# in a package, the example of a policy is sound, scripts are shell.
set -u
: "${JUMP_PROGRAMS:?run it with make check}" "${JUMP_UNITS:?}" "${JUMP_SCRIPTS:?}"
src=${JUMP_SRCDIR:-.}
build=${JUMP_BUILDDIR:-.}
debian=$src/packaging/debian
failed=0

bad() {
	echo "FAILED: $*"
	failed=$((failed + 1))
}

mapfile -t patterns < <(grep -h '^[a-z]' "$debian"/*.install)
packaged() {
	local pattern found=0
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053
		[[ $1 == $pattern || $1 == $pattern/* ]] && found=$((found + 1))
	done
	[ $found = 1 ] || bad "$1 is in $found packages: packaging/debian/*.install"
}
for program in $JUMP_PROGRAMS $JUMP_SCRIPTS; do
	program=${program##*/}
	[ "$program" = jumpctl ] || packaged "usr/lib/jump/$program"
done
packaged usr/bin/jumpctl
for unit in $JUMP_UNITS; do
	packaged "lib/systemd/system/${unit##*/}"
	# a unit that is enabled by the package is named in rules
	case ${unit##*/} in *@*) continue ;; esac
	! grep -q '^\[Install\]' "$src/$unit" ||
		grep -Eq "[[:space:]]${unit##*/}( |\$)" "$debian/rules" ||
		bad "${unit##*/}: debian/rules does not say what an upgrade does"
done

copy=$(mktemp -d "${TMPDIR:-/tmp}/jump-debian-XXXXXX") || exit 1
trap 'rm -rf "$copy"' EXIT
cp -r "$src/packaging/examples/." "$copy" && chmod -R u+w,go-w "$copy"
said=$("$build/jumpctl/jumpctl" policy check --dir "$copy" 2>&1) ||
	bad "packaging/examples: $said"

for script in "$src/packaging/setup-host" "$src/packaging/sshd/jump-sshd-options" \
	"$debian"/*.postinst "$debian"/*.prerm "$debian"/*.postrm; do
	sh -n "$script" || bad "$script"
done
bash -n "$src/packaging/build-debs" || bad build-debs

echo "${#patterns[@]} patterns, $failed failed"
[ $failed = 0 ]
