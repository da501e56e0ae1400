#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The real service on a loopback port: real TLS and certificates of its own
# making, driven by curl, jumpctl and openssl. What is proper works from
# joining to revoking; what is not, is refused, and nothing makes it fail.
set -u
build=$(cd "${JUMP_BUILDDIR:-.}" && pwd)
src=$(cd "${JUMP_SRCDIR:-.}" && pwd)
service=$build/jump-approvals
jumpctl=$build/jumpctl/jumpctl
fetch=$build/jump-fetch
work=$(mktemp -d /tmp/approvals-test.XXXXXX) || exit 1
port=$((20000 + $$ % 20000))
url=https://127.0.0.1:$port
count=0 failed=0 pid=

finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	[ -z "$pid" ] || wait "$pid" 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT

is() { # what, expected, got
	count=$((count + 1))
	[ "$2" = "$3" ] && return
	failed=$((failed + 1))
	printf 'FAILED: %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
}
like() { # what, pattern, got
	count=$((count + 1))
	printf '%s' "$3" | grep -Eq -- "$2" && return
	failed=$((failed + 1))
	printf 'FAILED: %s\n  pattern: %s\n  got:     %s\n' "$1" "$2" "$3"
}

# ---- an instance -----------------------------------------------------------

instance() { # folder, port
	mkdir -p "$1/state"
	printf '[service]\nUrl = https://127.0.0.1:%s\nListen = 127.0.0.1:%s\nState = %s\n' \
		"$2" "$2" "$1/state" >"$1/approvals.conf"
	chmod 600 "$1/approvals.conf"
	"$service" --config "$1/approvals.conf" init >/dev/null 2>"$1/init.log" ||
		{ cat "$1/init.log"; exit 1; }
}
person() { # folder, name, roles
	local roles=() role
	for role in $3; do roles+=(--role "$role"); done
	"$service" --config "$1/approvals.conf" client "$2" "${roles[@]}" \
		--out "$1/$2" 2>/dev/null
}
serve() {
	"$service" --config "$work/approvals.conf" serve 2>>"$work/log" &
	pid=$!
	for _ in $(seq 100); do
		curl -fsk "$url/healthz" >/dev/null 2>&1 && return
		sleep 0.05
	done
	echo "the service does not answer"
	cat "$work/log"
	exit 1
}
admin() { "$service" --config "$work/approvals.conf" "$@" 2>>"$work/admin.log"; }

instance "$work" "$port"
person "$work" rita requester
person "$work" anna approver
person "$work" bert "approver requester"
person "$work" adam admin
person "$work" olga auditor
is "admin and approver are two people" 2 \
	"$(person "$work" both "admin approver" >/dev/null 2>&1; echo $?)"
is "nothing is made without a configuration" 1 \
	"$("$service" --config "$work/none.conf" client vera --role auditor \
		--out "$work/vera" >/dev/null 2>&1; echo $?)"
person "$work" vera auditor
is "the next attempt has the folder" 4 \
	"$(find "$work/vera" -type f -size +0 | wc -l)"
is "what is there stays" 1 "$("$service" --config "$work/approvals.conf" \
	client cora --role auditor --out "$work/vera" >/dev/null 2>&1; echo $?)"
instance "$work/other" "$port"
person "$work/other" anna approver
serve

j() { # who, words: "status output"
	local who=$1
	shift
	"$jumpctl" "$@" --identity "$work/$who" 2>&1
}
as() { # folder with client.*, curl words
	local who=$1
	shift
	curl -sS --max-time 20 --cacert "$work/rita/ca.crt" \
		--cert "$work/$who/client.crt" --key "$work/$who/client.key" "$@"
}
code() { # who, path, curl words: the status alone
	local who=$1 path=$2
	shift 2
	as "$who" -o /dev/null -w '%{http_code}' "$@" "$url$path" 2>/dev/null
}
json() { # filter in python's terms over `d`
	/usr/bin/python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"
}
post() { # who, path, body: the status alone
	code "$1" "$2" -H 'Content-Type: application/json' -d "$3"
}

# A connection that never says a word; looked at before the service is killed.
silent_from=$SECONDS
mkfifo "$work/quiet"
(exec 9<>"$work/quiet" # held open, never written
	openssl s_client -quiet -connect "127.0.0.1:$port" <&9 >/dev/null 2>&1
	echo $SECONDS >"$work/silent") &
silent=$!

# ---- who may come in at all ------------------------------------------------

is "health" 200 "$(curl -sk -o /dev/null -w '%{http_code}' "$url/healthz")"
is "without a certificate" 403 \
	"$(curl -sk -o /dev/null -w '%{http_code}' "$url/v1/me")"
is "with one" 200 "$(code anna /v1/me)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-subj /CN=anna/OU=person -days 1 -keyout "$work/self.key" \
	-out "$work/self.crt" 2>/dev/null
mkdir -p "$work/self" && mv "$work/self.key" "$work/self/client.key" &&
	mv "$work/self.crt" "$work/self/client.crt"
like "with a self-signed one" '^(000|403)$' "$(code self /v1/me)"
like "with one of another service" '^(000|403)$' "$(code other/anna /v1/me)"
like "the server's own certificate is no client's" '^(000|403)$' "$(
	mkdir -p "$work/server"
	cp "$work/state/server.crt" "$work/server/client.crt"
	cp "$work/state/server.key" "$work/server/client.key"
	code server /v1/me)"
is "TLS 1.1 is not spoken" 000 "$(code anna /v1/me --tls-max 1.1 --tlsv1.1)"
person "$work" gone approver
is "before the end of access" 200 "$(code gone /v1/me)"
admin client-disable gone
is "after it" 403 "$(code gone /v1/me)"

# ---- heads that are read differently by different programs -------------------

raw() { # what, expected status or "closed", bytes for printf, who
	local answer who=${4:-anna}
	answer=$(printf "$3" | timeout 10 openssl s_client -quiet -ign_eof \
		-connect "127.0.0.1:$port" -cert "$work/$who/client.crt" \
		-key "$work/$who/client.key" 2>/dev/null | head -1 | tr -d '\r')
	answer=${answer#HTTP/1.1 }
	is "raw: $1" "$2" "$(case $answer in '') echo closed ;; *) echo "${answer%% *}" ;; esac)"
}
H='Host: x\r\n' E='Connection: close\r\n\r\n'
B="Host: x\r\nContent-Type: application/json\r\n"
raw "proper" 200 "GET /v1/me HTTP/1.1\r\n$H$E"
raw "proper, query" 200 "GET /v1/requests?state=pending&limit=5 HTTP/1.1\r\n$H$E"
raw "empty values" 200 "GET /v1/me HTTP/1.1\r\n${H}X-A:\r\nX-B: \r\n$E"
raw "two Content-Length" 400 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 2\r\nContent-Length: 2\r\n$E{}" rita
raw "length and coding" 400 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n${E}0\r\n\r\n" rita
raw "coding alone" 400 "POST /v1/requests HTTP/1.1\r\n${B}Transfer-Encoding: chunked\r\n${E}2\r\n{}\r\n0\r\n\r\n" rita
raw "unknown coding" 400 "POST /v1/requests HTTP/1.1\r\n${B}Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n$E{}" rita
raw "length with a sign" 400 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: +2\r\n$E{}" rita
raw "length with a tail" 400 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 2x\r\n$E{}" rita
raw "length with zeros" 400 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 002\r\n$E{}" rita
raw "no length" 411 "POST /v1/requests HTTP/1.1\r\n$B$E" rita
raw "body above the limit" 413 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 65537\r\n$E" rita
raw "body beyond numbers" 413 "POST /v1/requests HTTP/1.1\r\n${B}Content-Length: 99999999999999999999\r\n$E" rita
raw "body of a GET" 400 "GET /v1/me HTTP/1.1\r\n${H}Content-Length: 2\r\n$E{}"
raw "blank before the colon" 400 "GET /v1/me HTTP/1.1\r\nHost : x\r\n$E"
raw "name with brackets" 400 "GET /v1/me HTTP/1.1\r\n${H}X(y): x\r\n$E"
raw "no Host" 400 "GET /v1/me HTTP/1.1\r\n$E"
raw "empty Host" 400 "GET /v1/me HTTP/1.1\r\nHost:\r\n$E"
raw "two Hosts" 400 "GET /v1/me HTTP/1.1\r\n$H$H$E"
raw "folded line" 400 "GET /v1/me HTTP/1.1\r\n${H}X-A: b\r\n c\r\n$E"
raw "folded Host" 400 "GET /v1/me HTTP/1.1\r\nHost: x\r\n y\r\n$E"
raw "folded last line" 400 "GET /v1/me HTTP/1.1\r\n${H}Connection: close\r\n\ty\r\n\r\n"
raw "bare LF" 400 "GET /v1/me HTTP/1.1\r\nHost: x\nX-A: b\r\n$E"
raw "bare LF after the request" 400 "GET /v1/me HTTP/1.1\n$H$E"
raw "bare CR" 400 "GET /v1/me HTTP/1.1\r\n${H}X-A: b\rc\r\n$E"
raw "NUL in a value" 400 "GET /v1/me HTTP/1.1\r\n${H}X-A: b\0c\r\n$E"
raw "NUL in the last value" 400 "GET /v1/me HTTP/1.1\r\n${H}Connection: close\0c\r\n\r\n"
raw "NUL in a name" 400 "GET /v1/me HTTP/1.1\r\n${H}X\0A: bc\r\n$E"
raw "NUL in the address" 400 "GET /v1/me\0x HTTP/1.1\r\n$H$E"
raw "NUL in the query" 400 "GET /v1/requests?state=pending\0&limit=5 HTTP/1.1\r\n$H$E"
raw "two blanks" 400 "GET  /v1/me HTTP/1.1\r\n$H$E"
raw "HTTP/1.0" 505 "GET /v1/me HTTP/1.0\r\n$H$E"
raw "HTTP/1.2" 505 "GET /v1/me HTTP/1.2\r\n$H$E"
raw "escaped address" 404 "GET /v1/%%6de HTTP/1.1\r\n$H$E"
raw "address with dots" 404 "GET /v1/../v1/me HTTP/1.1\r\n$H$E"
raw "absolute address" 404 "GET https://x/v1/me HTTP/1.1\r\n$H$E"
raw "other method" 405 "DELETE /v1/me HTTP/1.1\r\n$H$E"
raw "method in small letters" 405 "get /v1/me HTTP/1.1\r\n$H$E"
raw "query twice" 400 "GET /v1/requests?state=pending&state=x HTTP/1.1\r\n$H$E"
raw "unknown query" 400 "GET /v1/requests?bad=1 HTTP/1.1\r\n$H$E"
raw "no media type" 415 "POST /v1/requests HTTP/1.1\r\n${H}Content-Length: 2\r\n$E{}" rita
raw "expectation" 417 "POST /v1/requests HTTP/1.1\r\n${B}Expect: tea\r\nContent-Length: 2\r\n$E{}" rita
raw "70 headers" 431 "GET /v1/me HTTP/1.1\r\n$H$(printf 'X-%d: y\\r\\n' $(seq 70))$E"
raw "40 kB of header" 431 "GET /v1/me HTTP/1.1\r\n${H}X: $(head -c 40000 /dev/zero | tr '\0' a)\r\n$E"
is "several on one connection" "200200200" "$(as anna -o /dev/null -o /dev/null \
	-o /dev/null -w '%{http_code}' "$url/v1/me" "$url/v1/requests" "$url/v1/users")"

# ---- joining ---------------------------------------------------------------

for n in 1 2; do
	mkdir -p "$work/etc$n"
	cp -r "$src/tests/data/jumpctl/plant/." "$work/etc$n/"
	chmod -R u+w,go-w "$work/etc$n"
	sed -i "s/^Id = .*/Id = bastion-$n/" "$work/etc$n/jump.conf"
done
token=$(admin token bastion-1)
like "a token" '^J1-[A-Z2-7]{32}-[A-Z2-7]{32}$' "$token"
is "the token is for another name" 1 "$("$jumpctl" join "$url" --token "$token" \
	--dir "$work/etc2" >/dev/null 2>&1; echo $?)"
is "a token of another authority" 3 "$("$jumpctl" join "$url" --dir "$work/etc1" \
	--token "${token%-*}-$(printf 'A%.0s' $(seq 32))" >/dev/null 2>&1; echo $?)"
is "no token on standard input" 2 "$("$jumpctl" join "$url" --dir "$work/etc1" \
	--token - </dev/null >/dev/null 2>&1; echo $?)"
is "nothing was written" no "$([ -e "$work/etc1/bastion" ] && echo yes || echo no)"
like "joining" "joined $url as bastion-1" \
	"$(echo "$token" | "$jumpctl" join "$url" --token - --dir "$work/etc1" 2>&1)"
like "the token is spent" 'unknown, used or expired' \
	"$("$jumpctl" join "$url" --token "$token" --dir "$work/etc1" 2>&1)"
is "files of a bastion" "ca.crt client.crt client.key seal.jwk url" \
	"$(ls "$work/etc1/bastion" | tr '\n' ' ' | sed 's/ $//')"
is "the sealing key is for its owner" 600 "$(stat -c %a "$work/etc1/bastion/seal.jwk")"
"$jumpctl" join "$url" --token "$(admin token bastion-2)" --dir "$work/etc2" \
	--ca "$work/rita/ca.crt" >/dev/null 2>&1
is "joining with the authority from a file" yes \
	"$([ -e "$work/etc2/bastion/client.crt" ] && echo yes || echo no)"
like "inventory" '2 zones, 3 targets, 3 conduits' \
	"$("$jumpctl" inventory push --dir "$work/etc1" 2>&1)"
"$jumpctl" inventory show --dir "$work/etc1" >"$work/inventory"
is "no address leaves the bastion" 0 "$(grep -cE '10\.2[01]|fd00|AAAA' "$work/inventory")"
is "a person can't report one" 403 "$(code adam /v1/inventory -X PUT \
	-H 'Content-Type: application/json' -d "@$work/inventory")"
ln -s etc1/bastion "$work/b1"
ln -s etc2/bastion "$work/b2"
is "a bastion is no person" 403 "$(code b1 /v1/requests)"
is "a person gets no snapshot" 403 "$(code anna /v1/snapshot)"

# ---- users -----------------------------------------------------------------

for n in 1 2 3; do
	ssh-keygen -q -t ed25519 -N '' -C "laptop $n" -f "$work/key$n"
done
is "a requester makes no users" 1 "$(j rita user add acme-tech1 --key "$work/key1.pub" \
	>/dev/null; echo $?)"
"$jumpctl" user add acme-tech1 --key "$work/key1.pub" --gecos "Tech One, Acme" \
	--bastion bastion-1 --json --identity "$work/adam" >"$work/user"
seed=$(json 'd["otpauth"][0]["uri"].split("secret=")[1].split("&")[0]' <"$work/user")
like "a seed, once" '^[A-Z2-7]{32}$' "$seed"
is "a uid" 1900000000 "$(json 'd["uid"]' <"$work/user")"
is "a seed is never shown again" 0 \
	"$(j adam user show acme-tech1 --json | grep -c -e "$seed" -e otpauth)"
like "a key belongs to one" 'belongs to one person' \
	"$(j adam user add acme-tech2 --key "$work/key1.pub")"
like "a private key is not read" 'is a private key' \
	"$(j adam user add acme-tech2 --key "$work/key1")"
like "a name is a name" 'is no name' "$(j adam user add Acme --key "$work/key2.pub")"
is "second user" 0 "$(j adam user add acme-tech2 --key "$work/key2.pub" >/dev/null; echo $?)"
is "uids go on" 1900000001 "$(j adam user show acme-tech2 --json | json 'd["uid"]')"
is "a key more" 0 "$(j adam user key add acme-tech1 "$work/key3.pub" >/dev/null; echo $?)"
print3=$(ssh-keygen -lf "$work/key3.pub" | cut -d' ' -f2)
is "with ssh-keygen's fingerprint" 1 \
	"$(j olga user show acme-tech1 | grep -cF "$print3")"
is "and gone" 0 "$(j adam user key remove acme-tech1 "$print3" >/dev/null; echo $?)"

# ---- a window --------------------------------------------------------------

ask() { # who, more words: the id
	local who=$1
	shift
	j "$who" request acme-tech1 --target plc-gw --protocol ssh --to +2h \
		--purpose "firmware 4.2" --json "$@" | json 'd["id"]' 2>/dev/null
}
like "beyond the conduit" 'MaxWindow|last 28800 s' "$(j rita request acme-tech1 \
	--target plc-gw --protocol ssh --to +9h --purpose firmware)"
like "no such target" 'no bastion has nowhere' "$(j rita request acme-tech1 \
	--target nowhere --protocol ssh --to +1h --purpose firmware)"
like "not enrolled" 'not enrolled' "$(
	"$jumpctl" inventory push --dir "$work/etc2" >/dev/null 2>&1
	j rita request acme-tech1 --bastion bastion-2 --target plc-gw \
		--protocol ssh --to +1h --purpose firmware)"
like "which bastion" 'say which' "$(j rita request acme-tech1 --target plc-gw \
	--protocol ssh --to +1h --purpose firmware)"
like "in the past" 'in the past' "$(j rita request acme-tech1 --target plc-gw \
	--protocol ssh --from 2026-01-01T00:00Z --to 2026-01-01T01:00Z --purpose firmware)"
id=$(ask bert --bastion bastion-1)
like "an id" '^[0-9A-Z]{26}$' "$id"
like "never one's own" 'someone else decides' "$(j bert approve "$id")"
is "a requester approves nothing" 1 "$(j rita approve "$id" >/dev/null; echo $?)"
is "an administrator approves nothing" 1 "$(j adam approve "$id" >/dev/null; echo $?)"
etag() { as "$1" -D- -o /dev/null "$url/v1/snapshot" | tr -d '\r' | sed -n 's/^ETag: //p'; }
payload() { as "$1" "$url/v1/snapshot" | cut -d. -f2 | /usr/bin/python3 -c \
	'import base64,sys; t=sys.stdin.read().strip(); sys.stdout.buffer.write(base64.urlsafe_b64decode(t+"="*(-len(t)%4)))'; }
is "not granted yet" 0 "$(payload b1 | json 'len(d["grants"])')"
like "one of two" '1 of 2' "$(j anna approve "${id: -6}")"
like "once is enough of each" 'approved this already' "$(j anna approve "$id")"
is "still not granted" 0 "$(payload b1 | json 'len(d["grants"])')"
is "what changed is not approved" 409 "$(post anna "/v1/requests/$id/approve" '{"version":1}')"
person "$work" carl approver
like "two of two" '^approved' "$(j carl approve "$id")"
is "granted" "1 anna carl" "$(payload b1 | json 'len(d["grants"]), *d["grants"][0]["approved_by"]' |
	tr -d "()',")"
is "and nothing at the other bastion" "bastion-2 0" \
	"$(payload b2 | json 'd["aud"], len(d["grants"])' | tr -d "()',")"
is "signed: jose agrees" 0 "$(as b1 "$url/v1/snapshot" >"$work/jws"
	jose jws ver -i "$work/jws" -k "$work"/etc1/trust/*.jwk >/dev/null 2>&1; echo $?)"
is "header" '{"alg":"ES256","kid":"KID","typ":"jump-snapshot+jws"}' \
	"$(cut -d. -f1 "$work/jws" | base64 -d 2>/dev/null | sed 's/jump-[0-9a-f]\{12\}/KID/')"
payload b1 | json 'd["users"][0]["otp"]' | tr -d '\n' >"$work/jwe"
like "the seed opens at its bastion" "\"secret\":\"$seed\"" \
	"$(jose jwe dec -i "$work/jwe" -k "$work/etc1/bastion/seal.jwk" 2>/dev/null)"
is "and nowhere else" 1 \
	"$(jose jwe dec -i "$work/jwe" -k "$work/etc2/bastion/seal.jwk" >/dev/null 2>&1; echo $?)"

# ---- waiting for news ------------------------------------------------------

tag=$(etag b1)
is "nothing new" 304 "$(code b1 /v1/snapshot -H "If-None-Match: $tag")"
wait_poll() { as b1 -o /dev/null -w '%{http_code} %{time_total}' \
	-H "If-None-Match: $tag" -H "Prefer: wait=$1" "$url/v1/snapshot"; }
like "nothing new after a wait" '^304 [1-5]\.' "$(wait_poll 1)"
wait_poll 15 >"$work/poll" &
poll=$!
sleep 0.7
start=$(date +%s%N)
is "extension is asked for" 0 "$(j bert extend "$id" --to +30m >/dev/null; echo $?)"
j anna approve "$id" >/dev/null
j carl approve "$id" >/dev/null
wait $poll
took=$((($(date +%s%N) - start) / 1000000))
like "news comes at once" '^200' "$(cat "$work/poll")"
like "soon, also on a busy machine" '^([0-9]{1,3}|[1-4][0-9]{3})$' "$took"
is "and is the later end" 9000 \
	"$(payload b1 | json 'd["grants"][0]["not_after"] - d["grants"][0]["not_before"]')"
tag=$(etag b1)
wait_poll 15 >"$work/poll" &
poll=$!
sleep 0.5
like "a later poll ends the earlier" '^304 [1-5]\.' "$(wait_poll 1)"
wait $poll
like "long before its time" '^304 [0-5]\.' "$(cat "$work/poll")"
is "revoked" 0 "$(j carl revoke "$id" --reason "enough for today" >/dev/null; echo $?)"
is "and told" True "$(payload b1 | json 'd["grants"][0]["revoked"]')"
like "but not twice" 'revoked already' "$(j carl revoke "$id")"
is "disabling a user" 0 "$(j adam user disable acme-tech1 >/dev/null; echo $?)"
is "is told" True "$(payload b1 | json 'd["users"][0]["disabled"]')"
like "and ends requests" 'is disabled' "$(j rita request acme-tech1 --target plc-gw \
	--bastion bastion-1 --protocol ssh --to +1h --purpose firmware)"
j adam user enable acme-tech1 >/dev/null

# ---- jump-fetch ------------------------------------------------------------

mkdir "$work/inbox"
brings() { timeout "${1:-60}" "$fetch" --identity "$work/etc1/bastion" --inbox "$work/inbox" 2>&1; }
like "brings the snapshot" '^<6>snapshot "[0-9]+", [0-9]+ bytes' "$(brings)"
is "byte for byte" "$(as b1 "$url/v1/snapshot" | sha256sum)" "$(sha256sum <"$work/inbox/snapshot.jws")"
like "with its ETag" '^etag="[0-9]+"$' "$(cat "$work/inbox/etag")"
brings >"$work/fetched" &
fetching=$!
sleep 0.5
start=$(date +%s%N)
j adam user disable acme-tech2 >/dev/null
wait $fetching
is "ends well with news" 0 $?
like "brings news soon" '^([0-9]{1,3}|[1-4][0-9]{3})$' "$((($(date +%s%N) - start) / 1000000))"
like "and says so" '^<6>snapshot' "$(cat "$work/fetched")"
is "a wait for nothing is not an error" "124 " "$(brings 1; echo "$? ")"
rm "$work/inbox/snapshot.jws"
like "what was lost is brought again" '^<6>snapshot' "$(brings)"
cp "$work/inbox/snapshot.jws" "$work/before"
for wrong in "ca.crt other/anna/ca.crt" "client.crt self/client.crt" "client.key self/client.key"; do
	rm -rf "$work/wrong" && cp -r "$work/etc1/bastion" "$work/wrong"
	cp "$work/${wrong#* }" "$work/wrong/${wrong%% *}"
	like "with a wrong ${wrong%% *}" '^<4>no answer from' \
		"$(timeout 3 "$fetch" --identity "$work/wrong" --inbox "$work/inbox" 2>&1)"
done
cp -r "$work/etc1/bastion/." "$work/wrong/" && echo "https://localhost:$port" >"$work/wrong/url"
sed -i 's/localhost/127.0.0.2/' "$work/wrong/url"
like "by another name than the certificate's" '^<4>no answer from' \
	"$(timeout 3 "$fetch" --identity "$work/wrong" --inbox "$work/inbox" 2>&1)"
is "the last good one stays" "$(sha256sum <"$work/before")" "$(sha256sum <"$work/inbox/snapshot.jws")"
j adam user enable acme-tech2 >/dev/null

# ---- bodies ----------------------------------------------------------------

in_hours() { date -u -d "+$1 hours" +%FT%TZ; }
good='"user":"acme-tech1","bastion":"bastion-1","targets":["plc-gw"],"protocols":["ssh"],"not_before":"'$(in_hours 1)'","not_after":"'$(in_hours 2)'","purpose":"firmware"'
for bad in '' '[]' '{' '{}' 'null' '"x"' '{"a":1,"a":2}' "{$good,\"x\":1}" \
	"{$good}{}" '{"user":"\u0000"}' "$(printf '[%.0s' $(seq 3000))"; do
	is "request: $(printf '%.40s' "$bad")" 400 "$(post rita /v1/requests "$bad")"
done
# Each operation, each member of each body, each type that it is not.
for op in requests "requests/$id/approve" "requests/$id/deny" "requests/$id/revoke" \
	"requests/$id/extend" users users/acme-tech1/keys users/acme-tech1/keys/remove \
	users/acme-tech1/otp users/acme-tech1/disable enroll; do
	for field in user bastion bastions targets protocols account not_before not_after \
		purpose ticket record files sources version reason name key gecos \
		fingerprint token csr seal; do
		for value in null -1 1.5 '""' '[null]' '{}' \
			"\"$(printf 'x%.0s' $(seq 600))\""; do
			printf 'next\nurl = "%s"\nheader = "Content-Type: application/json"\ndata = "{\\"%s\\":%s}"\noutput = /dev/null\n' \
				"$url/v1/$op" "$field" "${value//\"/\\\"}"
		done
	done
done | sed '1d' >"$work/curl.cfg"
statuses() { # who
	sed 's|^url = .*|&\ncert = "'"$work/$1/client.crt"'"\nkey = "'"$work/$1/client.key"'"\ncacert = "'"$work/rita/ca.crt"'"\nwrite-out = "%{http_code}\\n"|' \
		"$work/curl.cfg" | curl -s -K - 2>/dev/null | sort | uniq -c | tr -s ' \n' ' '
}
before=$(admin verify-log)
for who in bert adam; do
	like "wrong types on every field, $who" \
		'^( [0-9]+ (400|403|409|422))+ ?$' "$(statuses $who)"
done
is "changed nothing" "$before" "$(admin verify-log)"

# ---- the problem documents --------------------------------------------------

answer=$(as rita -H 'Content-Type: application/json' -d "{${good/plc-gw/nowhere}}" -i "$url/v1/requests")
like "media type" 'application/problem\+json' "$answer"
like "names the field" '"type":"/problems/outside-policy".*"field":"targets"' "$answer"
like "type has a page" 'outside of what the bastion' \
	"$(curl -sk "$url/problems/outside-policy")"
answer=$(as rita -i "$url/v1/me")
for header in 'Cache-Control: no-store' 'X-Content-Type-Options: nosniff' \
	'Content-Security-Policy: default-src' 'Strict-Transport-Security: max-age'; do
	like "header $header" "$header" "$answer"
done

wait $silent
took=$(($(cat "$work/silent" 2>/dev/null || echo 99) - silent_from))
like "who says nothing is hung up on" '^(1[4-9]|2[0-9])$' "$took"

# ---- killed in the middle ----------------------------------------------------

(for n in $(seq 60); do ask rita --bastion bastion-1 --ticket "N$n"; done) >"$work/acked" 2>/dev/null &
asking=$!
sleep 0.8
kill -9 "$pid"
wait "$pid" 2>/dev/null
sleep 0.2
serve
wait $asking
like "the log is whole after kill -9" 'rows, whole' "$(admin verify-log)"
acked=$(sort "$work/acked" | grep -c .)
kept=$(as rita "$url/v1/requests?limit=500" | json '"\n".join(r["id"] for r in d["requests"])' |
	sort | comm -12 - <(sort "$work/acked") | grep -c .)
is "what was acknowledged is there" "$acked" "$kept"
like "some were, before and after" '^[0-9]{2}$' "$acked"

# ---- ends ------------------------------------------------------------------

admin bastion-revoke bastion-2
is "a revoked bastion gets nothing" 403 "$(code b2 /v1/snapshot)"
is "the other one does" 200 "$(code b1 /v1/snapshot)"
grep -rqa -e "$seed" -e "${token:3:32}" "$work/state" "$work/log" "$work/admin.log"
is "seed and token are kept nowhere" 1 $?
is "the key of the signer is nowhere else" 0 "$(
	grep -rla "$(json 'd["d"]' <"$work/state/sign.jwk")" "$work/log" "$work/state/approvals.db"* | wc -l)"
like "refusals are told to the journal" '^<5>refused: POST /v1/requests, 422' "$(cat "$work/log")"
like "decisions too" '^<5>decision: approve .* by carl from 127.0.0.1, log head [0-9a-f]{64}' \
	"$(cat "$work/log")"
is "no fault of ours in all that" 0 "$(grep -c '^<3>' "$work/log")"
tag=$(etag b1)
wait_poll 20 >"$work/poll" &
poll=$!
sleep 0.5
start=$SECONDS
kill "$pid"
wait "$pid"
is "ends well, with a poll waiting" "0 0" "$? $(((SECONDS - start) / 5))"
pid=
wait $poll
like "which is answered" '^304' "$(cat "$work/poll")"
is "its log is whole" 0 "$(admin verify-log >/dev/null; echo $?)"

# ---- a socket from systemd ---------------------------------------------------

handed=$((port + 1))
/usr/bin/python3 - "$handed" "$service" --config "$work/approvals.conf" serve 2>>"$work/log" <<'PY' &
import os, socket, sys
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ready.bind(sys.argv[4] + ".ready")
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()),
                  NOTIFY_SOCKET=sys.argv[4] + ".ready")
if os.fork() == 0:
    ready.settimeout(30)
    open(sys.argv[4] + ".said", "wb").write(ready.recv(100))
    os._exit(0)
os.execv(sys.argv[2], sys.argv[2:])
PY
pid=$!
for _ in $(seq 200); do [ -s "$work/approvals.conf.said" ] && break; sleep 0.05; done
is "says when it is ready" READY=1 "$(cat "$work/approvals.conf.said")"
is "serves the socket it was handed" 200 \
	"$(curl -sk -o /dev/null -w '%{http_code}' "https://127.0.0.1:$handed/healthz")"
is "and no other" 000 "$(curl -sk -o /dev/null -w '%{http_code}' "$url/healthz")"

echo "$((count - failed)) passed, $failed failed"
[ $failed = 0 ] || tail -20 "$work/log"
[ $failed = 0 ]
