// SPDX-License-Identifier: GPL-2.0-only
/* OpenWrt's files: see openwrt.h. */
#include "runtime/apply/openwrt.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ir/fw4.h"
#include "own.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"

void openwrt_init(struct openwrt *o, struct arena *arena, const char *root)
{
	*o = (struct openwrt){
		.arena = arena,
		.root = root,
		.config = arena_printf(arena, "%s/etc/config", root),
		.firewall = arena_printf(arena, "%s/etc/config/firewall", root),
		.own = arena_printf(arena, "%s/etc/config/nftoffc", root),
		.include = arena_printf(
			arena, "%s/usr/share/nftoffc/firewall.include", root),
		.seen = arena_printf(arena, "%s/etc/nftables.d/nftoffc.nft",
				     root),
	};
}

/*
 * uci's files
 */

#define SECTION "nftoffc"

struct wanted {
	const char *option, *value;
};

enum { OPTIONS = 4 };

static void wanted_options(const struct openwrt *o, struct wanted out[OPTIONS])
{
	const struct wanted all[OPTIONS] = {
		{ "type", "script" },
		{ "enabled", "1" },
		{ "path", o->include },
		{ "fw4_compatible", "1" },
	};

	memcpy(out, all, sizeof(all));
}

struct uci_file {
	struct sources sources;
	struct diags *diags;
	struct uci *uci; /* NULL: it is not there, or cannot be read */
};

static int read_uci(const struct openwrt *o, const char *path,
		    struct uci_file *out)
{
	struct source *source;
	int ret;

	*out = (struct uci_file){ 0 };
	sources_init(&out->sources, o->arena);
	out->diags = diags_new(o->arena, &out->sources);
	ret = source_read(&out->sources, path, &source);
	if (ret)
		return ret;
	out->uci = uci_read(o->arena, source, out->diags);
	return diags_errors(out->diags) ? -EINVAL : 0;
}

static const struct uci_section *find_section(const struct uci *uci,
					      const char *name)
{
	size_t i;

	for (i = 0; uci && i < uci->sections.n; i++)
		if (uci->sections.v[i]->name.p &&
		    str_is(uci->sections.v[i]->name, name))
			return uci->sections.v[i];
	return NULL;
}

static struct str value_of(const struct uci_section *section, const char *name)
{
	const struct uci_option *option = section ? uci_option(section, name) :
						    NULL;

	return option && option->values.n ? option->values.v[0].text :
					    (struct str){ 0 };
}

const struct uci *openwrt_firewall(const struct openwrt *o)
{
	struct uci_file file;
	int ret = read_uci(o, o->firewall, &file);

	if (!ret)
		return file.uci;
	diags_print(file.diags, stderr, report_colour(stderr));
	if (ret != -EINVAL)
		report_failure(ret, "cannot read %s", o->firewall);
	return NULL;
}

bool openwrt_is_enabled(const struct openwrt *o, const struct uci *firewall)
{
	const struct uci_section *section = find_section(firewall, SECTION);
	struct wanted wanted[OPTIONS];
	size_t i;

	if (!section || !str_is(section->type, "include"))
		return false;
	wanted_options(o, wanted);
	for (i = 0; i < OPTIONS; i++)
		if (!str_is(value_of(section, wanted[i].option),
			    wanted[i].value))
			return false;
	return true;
}

void openwrt_put_section(const struct openwrt *o, struct buf *out)
{
	struct wanted wanted[OPTIONS];
	size_t i;

	wanted_options(o, wanted);
	buf_puts(out, "set firewall." SECTION "=include\n");
	for (i = 0; i < OPTIONS; i++)
		buf_printf(out, "set firewall." SECTION ".%s='%s'\n",
			   wanted[i].option, wanted[i].value);
	buf_puts(out, "commit firewall\n");
}

void openwrt_delete_section(const struct uci *firewall, struct buf *out)
{
	if (find_section(firewall, SECTION))
		buf_puts(out, "delete firewall." SECTION "\n"
			      "commit firewall\n");
}

/*
 * The policy
 */

/* What stands in uci's file; -ENOENT: nothing of ours, 0 with @section. */
static int read_own(const struct openwrt *o, const struct uci_section **section)
{
	struct uci_file own;
	int ret = read_uci(o, o->own, &own);

	*section = NULL;
	if (ret)
		return ret;
	if (!own.uci->sections.n)
		return -ENOENT;
	*section = own_main(own.uci);
	return *section ? 0 : -EINVAL;
}

bool openwrt_is_off(const struct openwrt *o)
{
	const struct uci_section *section;

	return !read_own(o, &section) && own_section_is_off(section);
}

const char *openwrt_policy(const struct openwrt *o)
{
	static const char *const names[] = { "yaml", "policy" };
	const struct uci_section *section;
	size_t i;
	int ret = read_own(o, &section);

	if (!ret)
		return own_section_is_off(section) ? NULL : o->own;
	if (ret != -ENOENT)
		return o->own; /* what is wrong is said when it is compiled */
	for (i = 0; i < 2; i++) {
		const char *file = arena_printf(o->arena,
						"%s/etc/nftoffc/policy.%s",
						o->root, names[i]);

		if (files_exist(file))
			return file;
	}
	return NULL;
}

bool openwrt_mask_of(const char *policy, uint32_t *mask)
{
	struct compilation c;
	bool good = !compile_policy(&c, policy);

	if (good)
		*mask = c.model->mark_mask;
	compile_free(&c);
	return good;
}

/*
 * What is there
 */

static bool matches(const char *pattern)
{
	glob_t found;
	bool any = !glob(pattern, GLOB_NOSORT, NULL, &found);

	globfree(&found);
	return any;
}

const char *openwrt_unable(const struct openwrt *o)
{
	struct uci_file file;

	if (!matches(arena_printf(o->arena, "%s/etc/rc.d/S[0-9]*firewall",
				  o->root)))
		return "does not start with this machine";
	if (read_uci(o, o->firewall, &file) ||
	    !openwrt_is_enabled(o, file.uci) || !files_exist(o->include))
		return "does not call nftoffc";
	if (!openwrt_marks(o))
		return "does not mark what it sees";
	return NULL;
}

bool openwrt_offloads(const struct uci *firewall)
{
	static const char *const yes[] = { "1", "on", "true", "yes",
					   "enabled" };
	struct str said = { 0 };
	size_t i;

	for (i = 0; i < firewall->sections.n && !said.n; i++)
		if (str_is(firewall->sections.v[i]->type, "defaults"))
			said = value_of(firewall->sections.v[i],
					"flow_offloading");
	for (i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (str_is(said, yes[i]))
			return true;
	return false;
}

bool openwrt_marks(const struct openwrt *o)
{
	return files_exist(o->seen);
}

static bool is_written(const struct openwrt *o, const struct buf *text)
{
	struct buf old = { 0 };
	bool same = !files_read(AT_FDCWD, o->seen, &old) && old.n == text->n &&
		    !memcmp(old.p, text->p, text->n);

	buf_free(&old);
	return same;
}

bool openwrt_marks_with(const struct openwrt *o, uint32_t mask)
{
	struct buf text = { 0 };
	bool same;

	fw4_seen_chains(&text, mask);
	same = is_written(o, &text);
	buf_free(&text);
	return same;
}

int openwrt_write_seen(const struct openwrt *o, uint32_t mask)
{
	struct buf text = { 0 };
	int ret = 0;

	fw4_seen_chains(&text, mask);
	if (!is_written(o, &text)) {
		mkdir(arena_printf(o->arena, "%s/etc/nftables.d", o->root),
		      0755);
		ret = files_replace(o->seen, text.p, text.n);
		ret = ret ? ret : 1;
	}
	buf_free(&text);
	return ret;
}
