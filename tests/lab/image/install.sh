#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the packages' maintainer scripts do, for a product that was put into a
# bed by `make install`.   usage: install.sh bastion|approvals
set -eu
role=$1
systemd-sysusers
systemd-tmpfiles --create 2>/dev/null || true
ldconfig

bastion() {
	shell=/usr/lib/jump/jumpshell
	if [ -e $shell ]; then
		chown root:jump-users $shell
		chmod 0750 $shell
		setcap cap_audit_write+ep $shell
	fi
	[ -e /usr/lib/jump/jump-sshd ] ||
		ln -s /usr/sbin/sshd /usr/lib/jump/jump-sshd
	for database in passwd group; do
		grep -q "^$database:.*jump" /etc/nsswitch.conf ||
			sed -i "s/^$database:.*/& jump/" /etc/nsswitch.conf
	done
	# the approvals service is another host's
	rm -f /usr/lib/systemd/system/jump-approvals*
}

approvals() {
	find /usr/lib/systemd/system -name 'jump-*' \
		! -name 'jump-approvals*' -delete
}

$role
systemctl daemon-reload
cd /usr/lib/systemd/system
# a template is enabled by whoever has an instance for it
units=$(grep -ls '^\[Install\]' jump-* | grep -v @ || true)
[ -z "$units" ] || systemctl enable -q $units
