#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every program, module and configuration file that is installed has a page
# whose NAME names it, every page that a unit, an event or another page points
# to is there, and the page of events is the table's.
set -u
: "${JUMP_PROGRAMS:?run it with make check}" "${JUMP_MODULES:?}"
: "${JUMP_SCRIPTS:?}" "${JUMP_PAGES:?}"
src=${JUMP_SRCDIR:-.}
build=${JUMP_BUILDDIR:-.}
failed=0

bad() {
	echo "FAILED: $*"
	failed=$((failed + 1))
}

# NAME(SECTION) of each name that a page's NAME has before its dash.
named=" "
for page in $JUMP_PAGES; do
	section=${page##*.}
	names=$(awk '/^# NAME$/ { on = 1; next } /^#/ { on = 0 } on' \
		"$src/$page.scd" | tr '\n' ' ' | sed 's/ - .*//; s/\\//g; s/,/ /g')
	[ -n "${names// /}" ] || bad "$page: no NAME"
	for name in $names; do
		named+="$name($section) "
	done
	case $named in
	*" $(basename "${page%.*}")($section) "*) ;;
	*) bad "$page: NAME does not name it" ;;
	esac
done

has() {
	[[ $named == *" $1 "* ]] || bad "no page names $1 ($2)"
}

for program in $JUMP_PROGRAMS $JUMP_SCRIPTS; do
	program=${program##*/}
	case $program in
	jumpctl | jumpshell) has "$program(1)" program ;;
	*) has "$program(8)" program ;;
	esac
done
for module in $JUMP_MODULES; do
	case $module in
	libnss_*.la) module=${module#lib}; has "${module%.la}(8)" module ;;
	*) has "${module%.la}(8)" module ;;
	esac
done
has 'jump-sshd(8)' program
has 'jump.conf(5)' file

# What ours point to. Others' pages are another package's.
pointers=$(grep -rhoE 'man:[a-z_.-]+\([0-9]\)' "$src"/packaging/units \
	"$src"/packaging/sshd "$src"/audit | sed 's/^man://'
	sed 's/\*//g; s/\\//g' "$src"/doc/man/*.scd |
		grep -oE '\b(jump[a-z_.-]*|pam_jump|nss_jump)\([0-9]\)')
for page in $(sort -u <<<"$pointers"); do
	case $page in jump* | pam_jump* | nss_jump*) has "$page" 'pointed to' ;; esac
done

"$build/audit/catalog" --scd | diff -u "$src/doc/man/jump-events.7.scd" - ||
	bad "doc/man/jump-events.7.scd is not the table's: audit/catalog --scd"

# A page that groff complains about, or that is wider than a terminal's 80.
for page in $JUMP_PAGES; do
	file=$build/$page
	[ -e "$file" ] || file=$src/$page
	said=$(LC_ALL=C.UTF-8 MANWIDTH=80 groff -man -Tutf8 -ww -rLL=78n \
		"$file" 2>&1 >/dev/null)
	[ -z "$said" ] || bad "$page: $said"
done

echo "$(wc -w <<<"$named") names, $failed failed"
[ $failed = 0 ]
