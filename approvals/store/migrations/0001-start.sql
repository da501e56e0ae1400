-- SPDX-License-Identifier: BSD-2-Clause
-- Text and bigint only; times are UTC seconds; lists of names are words with
-- one blank between them; '' and 0 stand for "none". What SQLite and
-- PostgreSQL both understand.

CREATE TABLE counter (
	name text PRIMARY KEY,
	value bigint NOT NULL
);

CREATE TABLE bastion (
	name text PRIMARY KEY,
	state text NOT NULL,           -- 'enrolled' or 'revoked'
	seal_jwk text NOT NULL,        -- public key that its seeds are sealed to
	inventory text NOT NULL,       -- JSON as uploaded; '' until then
	inventory_at bigint NOT NULL,
	inventory_rev bigint NOT NULL, -- counts uploads
	revision bigint NOT NULL,      -- counts changes of what its snapshot says
	enrolled_at bigint NOT NULL
);

-- People who call the service, by client certificate.
CREATE TABLE person (
	name text PRIMARY KEY,
	roles bigint NOT NULL,         -- bits, approvals/rules/role.h
	state text NOT NULL,           -- 'active' or 'disabled'
	created_at bigint NOT NULL
);

CREATE TABLE certificate (
	fingerprint text PRIMARY KEY,  -- SHA-256 of the DER, lower-case hex
	kind text NOT NULL,            -- 'person' or 'bastion'
	owner text NOT NULL,
	state text NOT NULL,           -- 'good' or 'revoked'
	issued_at bigint NOT NULL,
	expires_at bigint NOT NULL
);
CREATE INDEX certificate_owner ON certificate (kind, owner);

-- One-time enrolment tokens of bastions; only their hashes.
CREATE TABLE token (
	hash text PRIMARY KEY,
	bastion text NOT NULL,
	created_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	used_at bigint NOT NULL
);

-- The suppliers' engineers. Never deleted: a uid is given out once.
CREATE TABLE supplier (
	name text PRIMARY KEY,
	uid bigint NOT NULL UNIQUE,
	gecos text NOT NULL,
	disabled bigint NOT NULL,
	created_at bigint NOT NULL
);

CREATE TABLE ssh_key (
	fingerprint text PRIMARY KEY,  -- "SHA256:..."; one key, one person
	supplier text NOT NULL REFERENCES supplier (name),
	line text NOT NULL,            -- "TYPE BASE64"
	state text NOT NULL,           -- 'good' or 'removed'
	added_at bigint NOT NULL,
	added_by text NOT NULL
);
CREATE INDEX ssh_key_supplier ON ssh_key (supplier);

-- Who is known at which bastion, and the seed sealed to it.
CREATE TABLE enrolment (
	supplier text NOT NULL REFERENCES supplier (name),
	bastion text NOT NULL REFERENCES bastion (name),
	otp text NOT NULL,             -- JWE; '' when none was made
	otp_at bigint NOT NULL,
	PRIMARY KEY (supplier, bastion)
);
CREATE INDEX enrolment_bastion ON enrolment (bastion);

-- Requests; the approved ones are the grants.
CREATE TABLE visit (
	id text PRIMARY KEY,
	bastion text NOT NULL REFERENCES bastion (name),
	supplier text NOT NULL REFERENCES supplier (name),
	requester text NOT NULL REFERENCES person (name),
	state text NOT NULL,           -- approvals/rules/visit.h
	version bigint NOT NULL,       -- one more with each change
	targets text NOT NULL,
	protocols text NOT NULL,
	account text NOT NULL,
	not_before bigint NOT NULL,
	not_after bigint NOT NULL,
	purpose text NOT NULL,
	ticket text NOT NULL,
	record bigint NOT NULL,
	files bigint NOT NULL,
	sources text NOT NULL,
	created_at bigint NOT NULL,
	decided_at bigint NOT NULL,
	decided_by text NOT NULL,
	reason text NOT NULL,          -- of the last denial or revocation
	needed bigint NOT NULL,        -- distinct approvers, when last judged
	round bigint NOT NULL,         -- of approvals that are being counted
	open_round bigint NOT NULL,    -- whose approvals made it what it is
	extend_to bigint NOT NULL,
	extend_by text NOT NULL,
	extend_reason text NOT NULL
);
CREATE INDEX visit_bastion ON visit (bastion, not_after);
CREATE INDEX visit_state ON visit (state, not_after);
CREATE INDEX visit_supplier ON visit (supplier);

CREATE TABLE approval (
	visit text NOT NULL REFERENCES visit (id),
	round bigint NOT NULL,
	person text NOT NULL REFERENCES person (name),
	at bigint NOT NULL,
	source text NOT NULL,
	version bigint NOT NULL,       -- of the visit that was looked at
	PRIMARY KEY (visit, round, person)
);

-- The last snapshot signed for each bastion.
CREATE TABLE snapshot (
	bastion text PRIMARY KEY REFERENCES bastion (name),
	serial bigint NOT NULL,
	revision bigint NOT NULL,
	kid text NOT NULL,
	issued_at bigint NOT NULL,
	expires_at bigint NOT NULL,
	jws text NOT NULL
);

-- Append only; each row's hash covers the one before.
CREATE TABLE decision_log (
	seq bigint PRIMARY KEY,
	at bigint NOT NULL,
	who text NOT NULL,
	source text NOT NULL,          -- from where: address, or 'local'
	what text NOT NULL,
	object text NOT NULL,
	detail text NOT NULL,          -- JSON: before and after
	prev text NOT NULL,
	hash text NOT NULL
);
