// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the kernel's errors to diagnostics. The kernel reports every message
 * that it could not prepare, so a flowtable that it refuses is followed by an
 * error for each rule that names it: of those only the first is a cause.
 *
 * Source: uapi nf_tables.h; net/netfilter/nf_tables_api.c for which errno
 * means what.
 */
#include "runtime/netlink/reject.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

struct refusal {
	const struct nl_error *error;
	const struct batch_message *index; /* NULL: of no message we know */
	const struct nlmsghdr *message;
};

static struct refusal refusal_of(const struct batch *batch,
				 const struct nl_error *error)
{
	struct refusal r = { .error = error };

	if (error->seq == 0 || error->seq > batch->n)
		return r;
	r.index = &batch->messages[error->seq - 1];
	r.message = (const struct nlmsghdr *)(batch->bytes.p + r.index->offset);
	return r;
}

/* Of what other messages speak by name. */
static bool makes_something(const struct refusal *r)
{
	if (!r->index)
		return false;
	switch (r->index->type) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_NEWSET:
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_NEWFLOWTABLE:
		return true;
	}
	return false;
}

/* The attribute that the kernel points to, if it is one. */
static const struct nlattr *culprit(const struct refusal *r)
{
	const struct nlattr *attr;
	uint32_t offset = r->error->offset;

	if (!r->message || offset < MNL_NLMSG_HDRLEN || offset % MNL_ALIGNTO ||
	    offset >= r->message->nlmsg_len)
		return NULL;
	attr = (const struct nlattr *)((const char *)r->message + offset);
	return mnl_attr_ok(attr, (int)(r->message->nlmsg_len - offset)) ? attr :
									  NULL;
}

/* The expression of a rule that the kernel points to, or NULL. */
static const char *culprit_expression(const struct refusal *r)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *attr = culprit(r);

	if (!attr || mnl_attr_get_type(attr) != NFTA_LIST_ELEM)
		return NULL;
	nl_attrs(NULL, attr, attrs, NFTA_EXPR_MAX);
	return nl_str(attrs[NFTA_EXPR_NAME]);
}

const char *reject_expression(const struct batch *batch,
			      const struct nl_error *error)
{
	struct refusal r = refusal_of(batch, error);

	if (!r.index || r.index->type != NFT_MSG_NEWRULE ||
	    (error->error != -ENOENT && error->error != -EOPNOTSUPP))
		return NULL;
	return culprit_expression(&r);
}

static void help_flowtable(struct diag *diag, const struct refusal *r)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];

	nl_attrs(r->message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	switch (r->error->error) {
	case -EOPNOTSUPP:
		if (nl_be32(attrs[NFTA_FLOWTABLE_FLAGS], 0) &
		    NFT_FLOWTABLE_HW_OFFLOAD) {
			diag_help(diag, "a device of the offload cannot do it "
					"in hardware: use `mode: software`");
			break;
		}
		/* fall through */
	case -ENOENT:
		/* Its devices were seen to exist a moment ago. */
		diag_help(diag, "this kernel has no flowtables: it needs "
				"CONFIG_NF_FLOW_TABLE and "
				"CONFIG_NF_FLOW_TABLE_INET (the modules "
				"nf_flow_table and nf_flow_table_inet)");
		break;
	case -EEXIST:
	case -EBUSY:
		diag_help(diag, "a device can be in one flowtable only");
		break;
	}
}

static void help_rule(struct diag *diag, const struct refusal *r)
{
	const char *expression = culprit_expression(r);

	switch (r->error->error) {
	case -ENOENT:
	case -EOPNOTSUPP: /* as reject_expression() */
		if (expression)
			diag_help(diag,
				  "this kernel lacks what it needs for it: "
				  "the nftables expression \"%s\" (module "
				  "nft_%s)",
				  expression, expression);
		break;
	case -EMLINK:
	case -ELOOP:
		diag_help(diag, "the rules jump more than 15 deep, or in a "
				"circle");
		break;
	}
}

static void help(struct diag *diag, const struct refusal *r)
{
	switch (r->error->error) {
	case -EPERM:
		diag_help(diag, "needs CAP_NET_ADMIN (run as root)");
		return;
	case -ENOMEM:
	case -ENOBUFS:
		diag_help(diag, "the kernel is out of memory for it");
		return;
	case -ENFILE:
		diag_help(diag, "the set is full: give it a larger `size`");
		return;
	}
	if (r->index && r->index->type == NFT_MSG_NEWFLOWTABLE)
		help_flowtable(diag, r);
	if (r->index && r->index->type == NFT_MSG_NEWRULE)
		help_rule(diag, r);
}

static void report(struct diags *diags, const struct refusal *r)
{
	const struct span nowhere = { 0 };
	const char *what = r->index ? r->index->what : NULL;
	const char *text = r->error->text;

	help(diag_error(diags, r->index ? r->index->span : nowhere,
			"the kernel refuses %s: %s%s%s%s",
			what ? what : "the transaction",
			strerror(-r->error->error), text ? " (" : "",
			text ? text : "", text ? ")" : ""),
	     r);
}

/* Something was refused, and this speaks of something that is not there. */
static bool follows(const struct refusal *r, bool cause)
{
	return cause && r->index && r->error->error == -ENOENT &&
	       !makes_something(r);
}

/*
 * A rule that does not fit its hook makes all rules that follow fail alike: of
 * these, nft's own have no check before this one.
 */
static bool follows_raw(const struct refusal *r, const struct refusal *raw)
{
	return raw->index && r->error->seq > raw->error->seq &&
	       r->error->error == raw->error->error;
}

static bool is_raw(const struct refusal *r)
{
	static const char begin[] = "rule in chain raw.";

	return r->index && r->index->type == NFT_MSG_NEWRULE &&
	       r->index->what &&
	       !strncmp(r->index->what, begin, sizeof(begin) - 1);
}

void reject_report(struct diags *diags, const struct batch *batch,
		   const struct nl_errors *errors)
{
	const struct span nowhere = { 0 };
	struct refusal r, raw = { 0 };
	bool cause = false;
	size_t i;

	for (i = 0; i < errors->list.n; i++) {
		r = refusal_of(batch, &errors->list.v[i]);
		cause = cause || makes_something(&r);
		if (is_raw(&r) && !raw.index)
			raw = r;
	}
	for (i = 0; i < errors->list.n; i++) {
		r = refusal_of(batch, &errors->list.v[i]);
		if (!follows(&r, cause) && !follows_raw(&r, &raw))
			report(diags, &r);
	}
	if (errors->lost)
		diag_error(diags, nowhere,
			   "the kernel refuses more than it could tell");
}

int reject_build(struct diags *diags, struct batch *batch, const struct ir *ir,
		 const struct batch_options *options)
{
	const struct batch_message *message;
	int ret = batch_build(batch, ir, options);

	if (ret == -E2BIG && batch->n) {
		message = &batch->messages[batch->n - 1];
		diag_help(diag_error(diags, message->span,
				     "%s is larger than the kernel allows",
				     message->what ? message->what : "this"),
			  "a rule has at most 128 expressions, a message 64 "
			  "KiB: split it");
	}
	return ret;
}
