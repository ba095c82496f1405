/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who applies a policy must not be cut off by it. Where he sits is what ssh
 * says, or he himself; whether the policy lets him in is asked of the model.
 */
#ifndef NFTOFFC_RUNTIME_TRIAL_ACCESS_H
#define NFTOFFC_RUNTIME_TRIAL_ACCESS_H

#include "base/diag.h"
#include "policy/model.h"

struct access {
	char address[64];     /* empty: nobody is to be protected */
	char device[16];      /* of a link-local address, else empty */
	char server[64];      /* the router's own address; may be empty */
	uint16_t port;	      /* of the router */
	uint16_t source_port; /* 0: not known */
};

/*
 * @given is an address, or NULL: that of the ssh connection that this process
 * runs in, sudo between them or not. False if @given is no address.
 */
bool access_find(struct access *access, const char *given);
/*
 * False, with a diagnostic that names the rule, if the policy denies the
 * address the router's port. Where the kernel knows no way back to it, it is
 * not protected.
 */
bool access_allowed(struct diags *diags, const struct model *model,
		    const struct access *access);

#endif
