#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What jumpctl says, compared with tests/data/jumpctl/NAME.out: standard
# output, then standard error, then the exit code. JUMP_TEST_UPDATE=1 writes
# the files, for a person to read the diff.
set -u
src=$(cd "${JUMP_SRCDIR:-.}" && pwd)/tests/data/jumpctl
build=$(cd "${JUMP_BUILDDIR:-.}" && pwd)
jumpctl=$build/jumpctl/jumpctl
work=$(mktemp -d /tmp/jumpctl-test.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0 count=0

# A checkout may be group-writable, or read-only; a policy may be neither.
cp -r "$src/plant" "$src/broken" "$src/run" "$src/payload.json" "$work" || exit 1
chmod -R u+w,go-w "$work"
cd "$work" || exit 1
mkdir db
"$build/tests/tools/mkrights" plant payload.json db >mkrights.log 2>&1 || {
	cat mkrights.log
	exit 1
}
cp -r db/1 corrupt && printf x | dd of=corrupt/rights.db bs=1 seek=700 \
	conv=notrunc 2>/dev/null || exit 1

while IFS=: read -r name args; do
	case $name in '#'* | '') continue ;; esac
	# shellcheck disable=SC2086
	"$jumpctl" $args >out 2>err </dev/null
	{ echo "exit $?"; } >code
	{ cat out; echo "--- stderr"; cat err; cat code; } |
		sed 's/^jump [0-9][0-9.]*$/jump VERSION/' >said
	if [ "${JUMP_TEST_UPDATE:-}" ]; then
		cp said "$src/$name.out"
	elif ! diff -u "$src/$name.out" said; then
		echo "FAILED: $name: jumpctl$args"
		failed=$((failed + 1))
	fi
	count=$((count + 1))
done <"$src/cases"

# What all verbs appear in grows with them.
"$jumpctl" --help >out && grep -q '^  policy check  *Check ' out || {
	echo "FAILED: --help"
	failed=$((failed + 1))
}
"$jumpctl" >out 2>err
[ $? = 2 ] && [ ! -s out ] && grep -q '^  policy explain ' err || {
	echo "FAILED: no words"
	failed=$((failed + 1))
}
count=$((count + 2))

# Every word of colour stays away from a pipe and comes to a terminal.
if command -v script >/dev/null; then
	TERM=xterm script -qec "$jumpctl policy check --dir plant" /dev/null \
		</dev/null >tty 2>&1
	grep -q $'\033\[32m' tty || { echo "FAILED: colour"; failed=$((failed + 1)); }
	NO_COLOR=1 TERM=xterm script -qec "$jumpctl policy check --dir plant" \
		/dev/null </dev/null >tty 2>&1
	grep -q $'\033' tty && { echo "FAILED: NO_COLOR"; failed=$((failed + 1)); }
	count=$((count + 2))
fi

# Output that can't be written is a failure.
"$jumpctl" policy check --dir plant >/dev/full 2>/dev/null
[ $? = 3 ] || { echo "FAILED: full disk"; failed=$((failed + 1)); }

# Completion, as bash asks for it.
complete_words() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_jumpctl
	echo "${COMPREPLY[*]}"
}
expect() {
	local want=$1 got
	shift
	got=$(complete_words "$@")
	count=$((count + 1))
	[ "$got" = "$want" ] && return
	echo "FAILED: completion of '$*': '$got', not '$want'"
	failed=$((failed + 1))
}
# shellcheck disable=SC1090
source <("$jumpctl" completion bash)
expect "policy" jumpctl pol
expect "check explain" jumpctl policy ""
expect "explain" jumpctl policy e
expect "--dir --help --json" jumpctl policy check --
expect "--dir" jumpctl --json policy check --d
expect "plant" jumpctl policy check --dir pl
expect "" jumpctl nonsense ""

echo "$count checks, $failed failed"
[ "$failed" = 0 ]
