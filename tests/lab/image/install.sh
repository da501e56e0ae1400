#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the packages' maintainer scripts do, for a product that was put into a
# bed by `make install`.   usage: install.sh bastion|approvals
set -eu
role=$1
ldconfig

# setup-host is what the package runs too; the rest is debhelper's work there
# (packaging/debian/jump-bastion.nss, systemd's trigger for its catalogue).
bastion() {
	/usr/lib/jump/setup-host
	for database in passwd group hosts; do
		grep -q "^$database:.*\<jump\>" /etc/nsswitch.conf ||
			sed -i "s/^$database:[[:space:]]*files/& jump/" \
				/etc/nsswitch.conf
	done
	journalctl --update-catalog
	# the approvals service is another host's
	rm -f /usr/lib/systemd/system/jump-approvals* \
		/usr/lib/jump/jump-approvals \
		/usr/lib/sysusers.d/jump-approvals.conf
}

approvals() {
	systemd-sysusers jump-approvals.conf
	find /usr/lib/systemd/system -name 'jump-*' \
		! -name 'jump-approvals*' -prune -exec rm -r {} +
}

$role
systemctl daemon-reload
cd /usr/lib/systemd/system
# a template is enabled by whoever has an instance for it
units=$(grep -ls '^\[Install\]' jump-* | grep -v @ || true)
[ -z "$units" ] || systemctl enable -q $units
