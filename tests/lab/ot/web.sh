#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Gives targets of the OT bed a web server with TLS on their own addresses:
# nginx, with what is in panel.py behind it. Standard input: a line
# "TARGET ADDRESS4 ADDRESS6 CA NAME..." for each; the certificate is for these
# names and signed by that CA, both made here.
set -eu
cd /etc/ot/web
KEY="-nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"

authority() {
	openssl req -x509 -days 30 $KEY -subj "/CN=$1" -keyout "$1.key" \
		-out "$1.crt"
}

certificate() { # CA FILE NAME...
	ca=$1 file=$2 first=$3
	shift 2
	openssl req -new $KEY -subj "/CN=$first" -keyout "$file.key" \
		-addext "subjectAltName=$(printf 'DNS:%s,' "$@" | sed 's/,$//')" |
		openssl x509 -req -days 30 -CA "$ca.crt" -CAkey "$ca.key" \
			-copy_extensions copy -out "$file.crt"
}

server() { # TARGET ADDRESS4 ADDRESS6
	cat <<EOT
	server {
		listen $2:443 ssl;
		listen [$3]:443 ssl;
		listen $2:8443 ssl;
		listen [$3]:8443 ssl;
		ssl_certificate /etc/ot/web/$1.crt;
		ssl_certificate_key /etc/ot/web/$1.key;
		root /srv/web;
		add_header Cache-Control no-store;
		client_max_body_size 0;
		location = /port {
			return 200 "\$server_port\n";
		}
		location /app/ {
			proxy_pass http://127.0.0.1:8001;
		}
		location /echo {
			proxy_pass http://127.0.0.1:8002;
			proxy_http_version 1.1;
			proxy_set_header Upgrade \$http_upgrade;
			proxy_set_header Connection upgrade;
		}
		location /slow/ {
			alias /srv/web/;
			limit_rate 1m;
		}
	}
EOT
}

{
	cat <<EOT
pid /run/ot-web.pid;
error_log stderr;
events {}
http {
	include /etc/nginx/mime.types;
	access_log off;
	sendfile on;
	tcp_nopush on;
EOT
	while read -r name four six ca names; do
		[ -e "$ca.crt" ] || authority "$ca" >&2
		certificate "$ca" "$name" $names >&2
		server "$name" "$four" "$six"
	done
	echo "}"
} > nginx.conf

mkdir -p /srv/web/o
echo '<title>Panel</title><h1>Line A</h1>' > /srv/web/index.html
head -c 50000000 /dev/urandom > /srv/web/firmware.bin
{
	echo '<title>Forty</title><h1>Forty</h1><script>there = 0</script>'
	for i in $(seq 40); do
		printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><!-- %s --></svg>\n' \
			"$(head -c 2000 /dev/urandom | base64 -w 0)" > "/srv/web/o/$i.svg"
		echo "<img src=/o/$i.svg onload=there++>"
	done
} > /srv/web/forty.html

cat > /etc/systemd/system/ot-panel.service <<EOT
[Unit]
Description=what is behind the web servers of targets
[Service]
Type=notify
NotifyAccess=all
DynamicUser=yes
ExecStart=/usr/bin/python3 /etc/ot/web/panel.py
EOT
cat > /etc/systemd/system/ot-web.service <<EOT
[Unit]
Description=web servers of targets
[Service]
Type=forking
PIDFile=/run/ot-web.pid
ExecStart=/usr/sbin/nginx -c /etc/ot/web/nginx.conf
EOT
systemctl daemon-reload
systemctl start ot-panel ot-web
