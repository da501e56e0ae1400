#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The module lives in sshd: exactly the entry points that libpam calls come
# out of it, nothing goes in that could end, signal, fork, exec or reconfigure
# the process or reach a network, and no variable of it outlives a call.
set -u
so=${JUMP_BUILDDIR:-.}/.libs/pam_jump.so
failed=0
say() { echo "pam_jump.so: $*"; failed=1; }

want='pam_sm_acct_mgmt pam_sm_authenticate pam_sm_close_session pam_sm_open_session pam_sm_setcred'
got=$(nm -D --defined-only "$so" | awk '{print $3}' | sort | tr '\n' ' ')
[ "${got% }" = "$want" ] || say "exports '$got', not '$want'"

if nm -D "$so" | grep -q __asan_; then
	echo "instrumented build: only the exports were looked at"
	exit $failed
fi

# Allowed, because each was looked at: a name that is new here is a decision.
allowed='
EVP_Digest EVP_sha256
audit_log_user_message audit_open oath_totp_generate2
pam_get_data pam_get_item pam_getenv pam_modutil_getpwnam pam_prompt
pam_putenv pam_set_data pam_syslog
asprintf calloc clock_gettime clock_nanosleep close closedir errno_location
explicit_bzero fchmod fchown fdopendir flock free fstat fsync getpid getrandom
inet_ntop inet_pton malloc memchr memcmp memcpy memset nanosleep open openat
pread qsort read readdir reallocarray renameat snprintf stat
strchr strcmp strcspn strlen strncmp strnlen strrchr strspn strstr unlinkat
vsnprintf write
poll sendto socket
'
for name in $(nm -D --undefined-only "$so" |
	awk '$1 == "U" {sub(/@.*/, "", $2); print $2}' |
	sed 's/^__//; /^stack_chk_fail$/d; s/_chk$//'); do
	case " $(echo $allowed) " in
	*" $name "*) ;;
	*) say "calls $name" ;;
	esac
done

needed=$(readelf -d "$so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | tr '\n' ' ')
for lib in $needed; do
	case $lib in
	libpam.so.*|liboath.so.*|libcrypto.so.*|libaudit.so.*|libc.so.*) ;;
	*) say "needs $lib" ;;
	esac
done

# Mutable variables of our own; completed.0 is the C runtime's.
for name in $(objdump -t "$so" |
	awk '$0 ~ /[ \t]\.(data|bss|tdata|tbss)[ \t]/ && / O / {print $NF}' |
	grep -v -e '^completed' -e '^__'); do
	say "keeps $name"
done
[ $failed = 0 ] && echo "exports, imports, libraries and variables as meant"
exit $failed
