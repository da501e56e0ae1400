/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A stored key signs and stays where it is: ssh talks to this worker as to an
 * agent. Behind it is the stock ssh-agent, in memory and for this one
 * connection; of its protocol two questions are let through, which keys there
 * are and one signature.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_SIGNER_H
#define JUMP_WORKERS_CREDENTIAL_SIGNER_H

#include "workers/credential/claim.h"

/* Returns the process's exit status. */
int signer_serve(int fd, struct claim *c);

#endif
