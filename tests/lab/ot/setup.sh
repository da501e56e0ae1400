#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes the OT bed: one sshd a target, each with its own address, host key and
# the CA of its zone; accounts; the other services. Arguments: the accounts.
# Standard input: a line "NAME ZONE ADDRESS4 ADDRESS6" for each target; zone "-" trusts no CA.
set -eu
for account; do
	useradd -m -s /bin/bash -p '*' "$account"
	echo 'PS1="\u@$TARGET:\w\$ "' >> "/home/$account/.bashrc"
done
mkdir -p /etc/ot/ca /run/ot
: > /etc/ot/addresses
while read -r name zone four six; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "/etc/ot/$name.key"
	cat > "/etc/ot/$name.conf" <<EOF
ListenAddress $four
ListenAddress $six
HostKey /etc/ot/$name.key
PidFile none
UsePAM no
LogLevel VERBOSE
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile /etc/ot/keys/%u
SetEnv TARGET=$name
Subsystem sftp internal-sftp
PrintMotd no
UseDNS no
MaxStartups 500
MaxSessions 100
EOF
	if [ "$zone" != - ]; then
		[ -e "/etc/ot/ca/$zone.pub" ] || : > "/etc/ot/ca/$zone.pub"
		echo "TrustedUserCAKeys /etc/ot/ca/$zone.pub" >> "/etc/ot/$name.conf"
	fi
	echo "$four $six" >> /etc/ot/addresses
	units="${units:-} ot-sshd@$name.service"
done
cat > /etc/systemd/system/ot-sshd@.service <<EOF
[Unit]
Description=sshd of the target %i
[Service]
Type=notify
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
ExecStart=/usr/sbin/sshd -D -e -f /etc/ot/%i.conf
SyslogIdentifier=%i
EOF
cat > /etc/systemd/system/ot-services.service <<EOF
[Unit]
Description=what answers on an OT machine besides ssh
[Service]
Type=notify
NotifyAccess=all
Environment="OT_ADDRESSES=$(tr '\n' ' ' < /etc/ot/addresses)"
ExecStart=/usr/bin/python3 /etc/ot/services.py
LimitNOFILE=65536
EOF
systemctl disable -q --now ssh.service
systemctl daemon-reload
systemctl start ot-services.service $units
