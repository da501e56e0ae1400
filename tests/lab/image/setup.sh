#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What every bed has beyond stock Debian: no name services, no first-boot
# questions, no timers that wake up in the middle of a test, and the control
# sshd of the VM. Works on the tree from outside.   usage: setup.sh TREE KEY.pub
set -eu
tree=$1 control_key=$2

rm -f "$tree/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$tree/etc/apt/apt.conf.d/99mmdebstrap"
rm -f "$tree/etc/resolv.conf" "$tree/var/lib/dbus/machine-id" "$tree/etc/fstab"
echo localhost > "$tree/etc/hostname"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' > "$tree/etc/hosts"
# A set id: without one systemd takes each start for a first boot.
echo 6a756d706c616200000000000000beef > "$tree/etc/machine-id"
echo 'LANG=C.UTF-8' > "$tree/etc/default/locale"
mkdir -p "$tree/var/log/journal"
install -d -m 755 "$tree/etc/systemd/journald.conf.d"
printf '[Journal]\nRateLimitIntervalSec=0\nSyncIntervalSec=10s\n' \
	> "$tree/etc/systemd/journald.conf.d/lab.conf"

# One key type for the administrator's sshd: quick to check, never asked.
rm -f "$tree"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C bed -f "$tree/etc/ssh/ssh_host_ed25519_key"
install -d -m 700 "$tree/root/.ssh"
install -m 600 "$control_key" "$tree/root/.ssh/authorized_keys"

# The VM is driven over an sshd of its own: without PAM, so that it leaves no
# trace in logind, wtmp or the audit log under test.
cat > "$tree/etc/ssh/lab_control_config" <<EOF
Port 2200
ListenAddress 10.0.2.15
UsePAM no
PermitRootLogin prohibit-password
PidFile none
AuthorizedKeysFile /root/.ssh/authorized_keys
Subsystem sftp internal-sftp
PrintMotd no
MaxSessions 100
EOF
cat > "$tree/etc/systemd/system/lab-control.service" <<EOF
[Unit]
Description=control sshd of the lab
ConditionVirtualization=!container
After=systemd-networkd.service
[Service]
ExecStartPre=/bin/mkdir -p /run/sshd
ExecStart=/usr/sbin/sshd -D -f /etc/ssh/lab_control_config
Restart=on-failure
RestartSec=200ms
[Install]
WantedBy=multi-user.target
EOF
wants="$tree/etc/systemd/system/multi-user.target.wants"
mkdir -p "$wants"
ln -sf ../lab-control.service "$wants/lab-control.service"
install -d "$tree/etc/systemd/system/systemd-networkd.service.d"
printf '[Unit]\nConditionVirtualization=!container\n' \
	> "$tree/etc/systemd/system/systemd-networkd.service.d/lab.conf"
ln -sf /lib/systemd/system/systemd-networkd.service "$wants/"

# The container shares the host's clock and kernel: what would manage them
# runs in the VM only.
for unit in auditd chrony apparmor; do
	install -d "$tree/etc/systemd/system/$unit.service.d"
	printf '[Unit]\nConditionVirtualization=!container\n' \
		> "$tree/etc/systemd/system/$unit.service.d/lab.conf"
done

mask() {
	for unit; do
		ln -sf /dev/null "$tree/etc/systemd/system/$unit"
	done
}
mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
	e2scrub_all.timer e2scrub_reap.service fstrim.timer logrotate.timer \
	man-db.timer systemd-networkd-wait-online.service \
	systemd-pstore.service systemd-update-utmp-runlevel.service \
	getty@tty1.service console-getty.service serial-getty@ttyS0.service \
	ssh.socket systemd-resolved.service systemd-timesyncd.service
# A third of the tree, for 3D that no X server here has.
rm -rf "$tree"/usr/lib/x86_64-linux-gnu/libLLVM* \
	"$tree"/usr/lib/x86_64-linux-gnu/dri
# Installed for the tests that start them.
for unit in nscd chrony xrdp xrdp-sesman nginx; do
	rm -f "$wants/$unit.service"
done
