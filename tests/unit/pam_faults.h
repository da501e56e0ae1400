/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into the module under test only: events go to a file of the test,
 * and the Nth call that can fail, fails. The test reaches these through
 * dlsym(3).
 */
#ifndef JUMP_TESTS_PAM_FAULTS_H
#define JUMP_TESTS_PAM_FAULTS_H

struct pam_test {
	int audit_down; /* events are not taken */
	long fail_at;   /* 1: the first call that can fail; 0: none */
	long calls;     /* so far */
	int hurry;      /* answers do not wait for their time */
};
extern struct pam_test pam_test_control;

#endif
