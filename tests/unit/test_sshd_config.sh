#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What sshd makes of our configuration, option by option, against what was
# looked at once (golden/sshd-T.txt, of Debian 12's OpenSSH 9.2). Other
# versions know more options and print some otherwise: there each golden line
# whose option they print must be the same.
set -u
top=${JUMP_SRCDIR:-.}
golden=$top/tests/unit/golden/sshd-T.txt
sshd=/usr/sbin/sshd
work=$(mktemp -d "${TMPDIR:-/tmp}/jump-sshd-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

[ -x "$sshd" ] || { echo "no $sshd: install openssh-server"; exit 1; }
for type in ed25519 rsa; do
	ssh-keygen -q -t $type -N '' -f "$work/ssh_host_${type}_key" || exit 1
done
sed "s|^HostKey /etc/ssh/|HostKey $work/|" \
	"$top/packaging/sshd/sshd_config" >"$work/config"
"$sshd" -T -f "$work/config" >"$work/raw" || exit 1
sed "s|$work/|/etc/ssh/|" "$work/raw" | LC_ALL=C sort >"$work/got"
if [ "${1:-}" = --write ]; then
	cp "$work/got" "$golden"
	exit
fi
case $("$sshd" -V 2>&1) in
OpenSSH_9.2*)
	diff -u "$golden" "$work/got" && echo "as the golden output"
	exit ;;
esac
failed=0
while read -r line; do
	grep -q "^${line%% *} " "$work/got" || continue
	grep -qxF "$line" "$work/got" || { echo "not so: $line"; failed=1; }
done <"$golden"
exit $failed
