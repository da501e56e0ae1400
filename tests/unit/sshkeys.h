/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Public keys in the form of a snapshot: of each type one that ssh-keygen
 * made (the security keys: put together by hand), and what is almost one.
 */
static const char *const good_keys[] = {
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3"
	"hJnm6Zrx4vDkTJRvUBZN",
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
	"dHAyNTYAAABBBCN2Zuumvbc0YmtkUONtZ49NsRjK6snSSCVgiH+ZqGfQMCyb"
	"g26C/hvuKh7Kg9gaFc/LmrgQ+8MLC1o+6m2tfYM=",
	"ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlz"
	"dHAzODQAAABhBNcZEylVd/2+9qesvyQDyQXm8aFlRLsQVPTWhzc7JG65OJrI"
	"9Mx1twnu3hSk5gQK/q4g3JpONUdASwqmC7QexQShtDEN9/uUNadHo9BPfULk"
	"How2T07jhACOV4i8KIvrIw==",
	"ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlz"
	"dHA1MjEAAACFBACScATzXTEh/eC8z4vVHitrmjMFgSv1gk9D3acQPYeu4Jql"
	"BQ4BIC80Q1BQWwTqeprae1FUQd6U2H95hfmFNUkGrQElzlskpyfPL6csOU+t"
	"R8Jm/PsPai4MaOxh3Hgb1iA25pV0qPI4R4hgTEdSmzOBcBzbUtgiaXuYaRtV"
	"R26ZE/ECkQ==",
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDJjC0lN5BM1NX5IRhagZaa"
	"r/rbN9MVcTeA3DGKrDPU5BD5BtvU7g+2KG7G/V8kJVFe9vs7YJzjo0lc3rci"
	"21iUoLQZGuwrOjmo0XSbhiUQaI240lwa+6xUPb0FSKGeJWbtbq3N0mIrpfrP"
	"XgrIA91UqthCrzjUNTshmMgDdpUIxKV6t2xIO0Y/tIr93/XEhPsUTZ1Xk/Ot"
	"JPvVRm8LHiIZvgNK7Pxr8HP6o9bFs1MQ/3K5bYP4mLr+WkpYn5IHqqCaYqq/"
	"DTAUyKygmTSLZ5LfhjxDKL+nn8ZZszqHuda1eBLwv21jJLHoWO/04YMhVOLh"
	"5BmFhg5EhmmurUT544Mkpc2elpHohgAnWm6C6z4b09jIbjFamGN+pmt1Uf4C"
	"P0S77YgkdfKa/7sfJIeqrbj4GuHEuHkLKd2HezHCk7lvolD1jPKQFsgObhgV"
	"Xj1/mN5NwvLJfyG2KjebSXvPY7Z57hLT6MKZjZ8XJ8EBumVGEuYEh0XqHH8R"
	"VhjnqUAgPpk=",
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAACAQDJxcuPp3wx1NaorHelXn2L"
	"W7MooH2sE3dyZ/OJL3oXFTdDQ8rLAEHIYoKLX0hQdGfcEcAuX7s0SoEIrK/M"
	"ayEGAzQMUksxS3QCthSWnj1EzeSpD4tdb4oNqzWbtcP21X40xlkmpSgH95rx"
	"NhziRn5t15cy2s7GMy81ffRXTos8g+EUSTqdPDMKJN9+honMRGSuVK7Bo8Vl"
	"PLnPZkDEaRdtYn38ZQVe+JlVoxOqsooXWrvp722ti0R+jtay2isVd+atKO1u"
	"Kdf1uRigr6f5pBh4ibTLWZMhy2WEgu1SeUJWIdLxS00eze9UP7ZFKb2gzR9D"
	"kyGbs2HdFxRMcs8CZSMH2nRBAmChezY2/HH3NEclnS0msoaZZlWwx6j8zqZT"
	"Gl8Yg7LutevsMdUG8BMSJJ3WdKwMY6vA82msMhEVrVDA0Z+P9VwaeI7oGPCD"
	"QGUrjWsHqzRbfrVnPk3RRHgRG25nMkycFxLQ4H8gkpfAS82P1J0VLKRZwN6z"
	"tT1KiJPmt5Cuw480g2paABwLkY2aL5YSEKRuydA7qU/1WV7kgN43gsKJfvUe"
	"9w+YUv8rae2SGrVQIlw9dMnpLwinxy8sIKOTS3Ae+A5BBwT8DSJKCgmREN/9"
	"4SREhHCXdQqgcfaOKBwNN9Xl13TNSB45p25g7dllEl83TEfvwqgz2dWALCKE"
	"Hw==",
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc"
	"2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAAB"
	"HNzaDo=",
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc"
	"2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAAC"
	"XNzaDpwbGFudA==",
	"sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItb"
	"mlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBBERERERERERE"
	"RERERERERERERERERERERERERERERERERERERERERERERERERERERERERERE"
	"REREREREREREREAAAAEc3NoOg==",
};

static const char *const bad_keys[] = {
	/* a modulus of 2048 bits */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDH2SGWWDZ+DGY1POweuzXL"
	"x05JXxqrMr7yGGXfJO+ICy9aO9xLYwQqnd7nc25MhuX7q/+uGqEfEd6AnOcc"
	"aCJrerg2DHQ/YeJerCAyZ2iKmNEFi+nbaEIj863C7Jn2MOXHukrmsnV2Ekfy"
	"Qe6lEvTIpvLf6W+ISEGkiCnBl1xU9Zyhttlmq8iG6BsEmLcLLCN6nQezTauG"
	"jHL0Ff9svYMdWBKwq0D+bCz0dpR9kOguaynEI9ngCsiyqUgKRTGPadsxxLQ8"
	"g6FhvlB/iNXmCLHHAjJVNqAzFPpYc4H2X6RYMRY5hFWCuhko+R0/rTVhrzVE"
	"AI25YdoraGCMKevqIBCb",
	/* nothing */
	"",
	/* a blank */
	" ",
	/* no blob */
	"ssh-ed25519",
	/* empty blob */
	"ssh-ed25519 ",
	/* no type */
	" AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3hJnm6Zrx4vD"
	"kTJRvUBZN",
	/* two blanks */
	"ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM"
	"3hJnm6Zrx4vDkTJRvUBZN",
	/* a tab */
	"ssh-ed25519\tAAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM"
	"3hJnm6Zrx4vDkTJRvUBZN",
	/* blank behind */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3"
	"hJnm6Zrx4vDkTJRvUBZN ",
	/* comment */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3"
	"hJnm6Zrx4vDkTJRvUBZN me@host",
	/* a type that the blob is not of */
	"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3hJnm"
	"6Zrx4vDkTJRvUBZN",
	/* a type not allowed */
	"ssh-dss AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3hJnm"
	"6Zrx4vDkTJRvUBZN",
	/* a certificate */
	"ssh-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIJU"
	"T2RS/bPie1yNWusdMOiM3hJnm6Zrx4vDkTJRvUBZN",
	/* an option */
	"cert-authority ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/b"
	"Pie1yNWusdMOiM3hJnm6Zrx4vDkTJRvUBZN",
	/* an option with value */
	"command=\"/bin/sh\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT"
	"2RS/bPie1yNWusdMOiM3hJnm6Zrx4vDkTJRvUBZN",
	/* cut */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJUT2RS/bPie1yNWusdMOiM3"
	"hJnm6Zrx4vDkTJRv",
	/* 31 bytes */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAHwcHBwcHBwcHBwcHBwcHBwcH"
	"BwcHBwcHBwcHBwcHBwc=",
	/* 33 bytes */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIQcHBwcHBwcHBwcHBwcHBwcH"
	"BwcHBwcHBwcHBwcHBwcHeA==",
	/* a part more */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcH"
	"BwcHBwcHBwcHBwcHBwcHAAAAAA==",
	/* a byte more */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcH"
	"BwcHBwcHBwcHBwcHBwcHeA==",
	/* a length beyond all */
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/////wcHBwcHBwcHBwcHBwcHBwcH"
	"BwcHBwcHBwcHBwcHBwcH",
	/* empty */
	"ssh-ed25519 ",
	/* another curve */
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
	"dHAzODQAAABBBBERERERERERERERERERERERERERERERERERERERERERERER"
	"ERERERERERERERERERERERERERERERERERERERE=",
	/* compressed point */
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
	"dHAyNTYAAAAhAhERERERERERERERERERERERERERERERERERERERERER",
	/* point at infinity */
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlz"
	"dHAyNTYAAAABAA==",
	/* point of another size */
	"ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlz"
	"dHAzODQAAABBBBERERERERERERERERERERERERERERERERERERERERERERER"
	"ERERERERERERERERERERERERERERERERERERERE=",
	/* no application */
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc"
	"2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
	/* another application */
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc"
	"2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAAB"
	"HdlYjo=",
	/* a control byte */
	"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc"
	"2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAAB"
	"XNzaDoK",
	/* long application */
	"sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItb"
	"mlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBBERERERERERE"
	"RERERERERERERERERERERERERERERERERERERERERERERERERERERERERERE"
	"REREREREREREREAAABBc3NoOnh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4e"
	"Hh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=",
	/* a modulus of zero */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAAAA=",
	/* exponent 1 */
	"ssh-rsa AAAAB3NzaC1yc2EAAAABAQAAAYEA////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////",
	/* even exponent */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAAAAABgQD/////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"//////////8=",
	/* a negative modulus */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgP//////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"/////////w==",
	/* needless zeros */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABggAA////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////",
	/* even modulus */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQD/////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"//////////4=",
	/* exponent of 33 bits */
	"ssh-rsa AAAAB3NzaC1yc2EAAAAFAQAAAAEAAAGBAP//////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"/////////////w==",
	/* 5120 bits */
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAACgQD/////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////////////"
	"////////////////////////////////////////////////////",
};
