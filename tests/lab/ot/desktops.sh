#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Real desktops: xrdp on 3389 and 3390 with an X server of its own for who
# logs in, TigerVNC on 5900, a panel on each. Arguments: the account, the
# panel's colours by RDP, those by VNC. Standard input: the account's
# password. VNC's is in /etc/ot/vnc.passwd.
set -eu
account=$1 by_rdp=$2 by_vnc=$3
useradd -m -s /bin/bash "$account"
{ printf '%s:' "$account"; cat; } | chpasswd
usermod -aG ssl-cert xrdp # its TLS key

sed -i -e 's|^port=3389$|port=tcp://:3389 tcp://:3390|' \
	-e 's|^autorun=.*|autorun=Xvnc|' \
	-e 's|^security_layer=.*|security_layer=tls|' /etc/xrdp/xrdp.ini
printf '#!/bin/sh\nexec /etc/ot/bands.py %s\n' "$by_rdp" \
	> /etc/xrdp/startwm.sh

chown "$account" /etc/ot/vnc.passwd
cat > /etc/systemd/system/ot-vnc.service <<EOF
[Unit]
Description=a desktop by VNC
[Service]
User=$account
ExecStart=/usr/bin/Xtigervnc :59 -rfbport 5900 -geometry 640x480 -depth 24 \
	-SecurityTypes VncAuth -PasswordFile /etc/ot/vnc.passwd -AlwaysShared
EOF
cat > /etc/systemd/system/ot-bands.service <<EOF
[Unit]
Description=what is on that desktop
StartLimitIntervalSec=0
[Service]
User=$account
Environment=DISPLAY=:59
ExecStart=/etc/ot/bands.py $by_vnc
Restart=on-failure
RestartSec=100ms
EOF
systemctl daemon-reload
systemctl start xrdp-sesman xrdp ot-vnc ot-bands
