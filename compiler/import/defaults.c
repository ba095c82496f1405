// SPDX-License-Identifier: GPL-2.0-only
/* The section of defaults, and what a firewall includes. */
#include "parts.h"

#include "value.h"

static void system_options(struct translation *t,
			   const struct uci_section *section)
{
	const struct option *row = section_find(section->type)->options;

	for (; row->name; row++)
		if (row->fate == OPTION_SYSTEM &&
		    uci_option(section, row->name))
			report_left_out(t, option_span(section, row->name),
					"\"%s\" is no affair of a policy: it "
					"is a sysctl",
					row->name);
}

static void read_codes(struct translation *t, const struct uci_section *section)
{
	static const char *const options[] = { "tcp_reject_code",
					       "any_reject_code" };
	struct str text;
	int i;

	for (i = 0; i < 2; i++) {
		text = option_text(section, options[i]);
		if (!text.p)
			continue;
		t->code[i] = words_code[value_word(text, words_code)];
		t->codes_given = uci_option(section, options[i]);
	}
}

static void read_syn_flood(struct translation *t,
			   const struct uci_section *section)
{
	struct str limit = option_text(section, "synflood_rate");
	struct str rate = STR("25/second");
	bool on = option_bool(section, "syn_flood", false);
	long burst = 50;

	if (!option_bool(section, "synflood_protect", on))
		return;
	if (limit.p && !value_limit(t->arena, limit, &rate))
		return;
	value_int(option_text(section, "synflood_burst"), &burst);
	if (rate.p[0] == '0' || burst > UINT32_MAX) {
		report_left_out(t, section->span,
				"this rate of new TCP connections cannot be "
				"said: they are not limited");
		return;
	}
	t->syn_flood = node_word(
		t, burst > 0 ? arena_printf(t->arena, "%.*s burst %ld",
					    STR_ARG(rate), burst) :
			       arena_printf(t->arena, "%.*s", STR_ARG(rate)));
}

static void report_if(struct translation *t, const struct uci_section *section,
		      const char *option, const char *why)
{
	if (option_bool(section, option, false))
		report_left_out(t, option_span(section, option), "%s", why);
}

void take_defaults(struct translation *t, const struct uci_section *section)
{
	static const char *const hooks[] = { "input", "output", "forward" };
	struct str text;
	int i;

	if (section->index) {
		report_unused(
			t, section->span,
			"fw4 leaves out this section: it is not the first "
			"of defaults");
		return;
	}
	for (i = 0; i < HOOKS; i++) {
		text = option_text(section, hooks[i]);
		if (text.p)
			t->policy[i] =
				(enum policy)value_word(text, words_policy);
	}
	t->drop_invalid = option_bool(section, "drop_invalid", false);
	t->offload = option_bool(section, "flow_offloading", false);
	t->offload_hardware = option_bool(section, "flow_offloading_hw", false);
	read_codes(t, section);
	read_syn_flood(t, section);
	system_options(t, section);
	report_if(
		t, section, "auto_helper",
		"which helpers are loaded is not known: name them with \"list "
		"helper\" of a zone");
	report_if(t, section, "auto_includes",
		  "what /usr/share/nftables.d has is left out");
}

/* Files of fw4's: its chains are not those of a policy. */
void take_include(struct translation *t, const struct uci_section *section)
{
	struct str path = option_text(section, "path");
	struct str kind = option_text(section, "type");
	bool script = !kind.p || value_word(kind, words_include) == 0;
	bool compatible = option_bool(section, "fw4_compatible",
				      !str_is(path, "/etc/firewall.user"));

	if (script && !compatible)
		report_unused(t, section->span,
			      "fw4 leaves out this script: it is not marked as "
			      "compatible with fw4");
	else if (script && (uci_option(section, "position") ||
			    uci_option(section, "chain")))
		report_unused(t, section->span,
			      "fw4 leaves out this script: it has no position "
			      "and no chain");
	else
		report_left_out(t, section->span, "%s \"%.*s\" is left out",
				script ? "the script" : "the nftables file",
				STR_ARG(path));
}
