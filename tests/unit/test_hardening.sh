#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every program and module that is installed, as it was linked: position
# independent, relocations read-only before anything runs, canaries, fortified
# calls, no executable stack, no writable code, no search paths, and on amd64
# code that control-flow enforcement accepts.
set -u
: "${JUMP_PROGRAMS:?run it with make check}" "${JUMP_MODULES:?}"
build=${JUMP_BUILDDIR:-.}
failed=0 looked=0

if [ "${JUMP_BUILD:-}" != hardened ]; then
	echo "an instrumented build: nothing of it is installed"
	exit 77
fi
command -v readelf >/dev/null && command -v objdump >/dev/null ||
	{ echo "no readelf or objdump: install binutils"; exit 1; }

bad() {
	echo "FAILED: $1: $2"
	failed=$((failed + 1))
}

# Does FILE's own code begin FUNCTION with endbr64? crt1.o of Debian 12 has no
# mark, so the linker gives none to the program: the code itself tells.
accepts_enforcement() {
	objdump -d --no-show-raw-insn --disassemble="$2" "$1" |
		grep -A1 "<$2>:" | grep -q endbr64
}

# The compiler replaces a call when it knows the size behind the pointer and
# can't prove the call right. libnss_jump has none: it copies between buffers
# of its caller.
fortified() {
	case $1 in
	*libnss_jump*) ;;
	*)
		grep -Eq 'UND +__[a-z_]+_chk(@|$)' ||
			bad "$1" "nothing fortified"
		;;
	esac
}

look() {
	local file=$1 name=${1#"$build"/} entry=$2 dynamic segments symbols
	dynamic=$(readelf -Wd "$file") && segments=$(readelf -Wl "$file") &&
		symbols=$(readelf -W --dyn-syms "$file") ||
		{ bad "$name" "can't be read"; return; }
	looked=$((looked + 1))
	readelf -Wh "$file" | grep -q 'Type:.*DYN' || bad "$name" "not PIE"
	grep -q GNU_RELRO <<<"$segments" || bad "$name" "no RELRO"
	grep -Eq 'FLAGS_1.*NOW' <<<"$dynamic" || bad "$name" "lazy binding"
	grep -Eq 'R(UN)?PATH' <<<"$dynamic" && bad "$name" "RUNPATH"
	grep -q TEXTREL <<<"$dynamic" && bad "$name" "TEXTREL"
	grep -Eq 'GNU_STACK.* RW +0x' <<<"$segments" ||
		bad "$name" "executable stack"
	grep -Eq 'LOAD.* RWE ' <<<"$segments" && bad "$name" "writable code"
	grep -q '__stack_chk_fail' <<<"$symbols" || bad "$name" "no canary"
	fortified "$name" <<<"$symbols"
	case $(readelf -Wh "$file" | sed -n 's/^ *Machine: *//p') in
	*X86-64*)
		accepts_enforcement "$file" "$entry" ||
			bad "$name" "no endbr64 at $entry"
		;;
	esac
}

for program in $JUMP_PROGRAMS; do
	readelf -Wd "$build/$program" | grep -q 'FLAGS_1.*PIE' ||
		bad "$program" "not PIE"
	look "$build/$program" main
done
for module in $JUMP_MODULES; do
	file=$build/.libs/$(sed -n "s/^dlname='\(.*\)'/\1/p" "$build/$module")
	entry=$(readelf -W --dyn-syms "$file" |
		sed -nE 's/.* (pam_sm_[a-z_]+|_nss_[a-z_]+)(@.*)?$/\1/p' | head -1)
	look "$file" "${entry:-none}"
done
grep -q '^JUMP_CPPFLAGS = .*-D_FORTIFY_SOURCE=2' "$build/Makefile" ||
	bad Makefile "no fortify for all"
[ "$looked" -ge 10 ] || bad "$looked files" "too few: is the list right?"
echo "$looked looked at, $failed failed"
[ $failed = 0 ]
