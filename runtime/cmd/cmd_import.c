// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc import: what another program has for a firewall, as a policy. The
 * exit status says whether all of it is in it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "runtime/base/cli.h"
#include "runtime/base/deliver.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"

#define FIREWALL "/etc/config/firewall"

enum { OUTPUT, TO, NETWORK, TIMEZONE, NAME, STRICT };

static const char *const spellings[] = { "yaml", "policy", NULL };

const struct cli_option import_options[] = {
	[OUTPUT] = { 'o', "output", "FILE",
		     "writes FILE, whole or not at all, instead of standard "
		     "output" },
	[TO] = { 0, "to", "SPELLING", "yaml, the default, or policy",
		 spellings },
	[NETWORK] = { 0, "network", "FILE",
		      "where networks are: /etc/config/network, or what \"ubus "
		      "call network.interface dump\" prints; without it, the "
		      "file network beside FIREWALL" },
	[TIMEZONE] = { 0, "timezone", "CLOCK",
		       "the clock of times, as a policy has it; without it, "
		       "that of the file system beside FIREWALL" },
	[NAME] = { 0, "name", "NAME", "what the policy is called: openwrt" },
	[STRICT] = { 0, "strict", NULL,
		     "writes nothing if the policy does not say all" },
	{ 0 },
};

#define ROOM 4096

/* A file in the directory of @path; NULL if there is none. In @room. */
static const char *beside(const char *path, const char *name, char *room)
{
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash + 1 - path) : 0;

	if (snprintf(room, ROOM, "%.*s%s", n, path, name) >= ROOM ||
	    access(room, R_OK) != 0)
		return NULL;
	return room;
}

static int translate(struct compilation *c, const struct cli *cli,
		     struct import *import, struct buf *out)
{
	struct import_files files = {
		.firewall = cli->noperands > 1 ? cli->operands[1] : FIREWALL,
		.network = cli->values[NETWORK],
	};
	char network[ROOM], system[ROOM];
	enum spelling to = cli_choice(cli, TO) ? SPELLING_POLICY :
						 SPELLING_YAML;

	if (!files.network)
		files.network = beside(files.firewall, "network", network);
	if (cli->values[TIMEZONE])
		import->timezone = str_of(cli->values[TIMEZONE]);
	else
		files.system = beside(files.firewall, "system", system);
	return exit_of_compile(import_policy(c, &files, import, to, out));
}

static int conclude(const struct cli *cli, const struct import *import,
		    const struct buf *out)
{
	bool whole = !import->left_out && !import->nearly;
	int ret;

	if (!whole && cli->values[STRICT]) {
		report_error("the policy would not say all of it: %zu left "
			     "out, %zu nearly; nothing is written",
			     import->left_out, import->nearly);
		return EXIT_POLICY;
	}
	ret = deliver(out, cli->values[OUTPUT]);
	return ret == EXIT_DONE && import->left_out ? EXIT_LOSSES : ret;
}

int cmd_import(const struct cli *cli)
{
	struct import import = { .name = cli->values[NAME] ? cli->values[NAME] :
							     "openwrt" };
	struct buf out = { 0 };
	struct compilation c;
	int ret;

	if (strcmp(cli->operands[0], "uci") != 0) {
		report_error("nothing can be imported from '%s'",
			     cli->operands[0]);
		report_help("it is uci");
		return EXIT_USAGE;
	}
	ret = translate(&c, cli, &import, &out);
	diags_print(c.diags, stderr, report_colour(stderr));
	if (ret == EXIT_DONE)
		ret = conclude(cli, &import, &out);
	buf_free(&out);
	compile_free(&c);
	return ret;
}
