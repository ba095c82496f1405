// SPDX-License-Identifier: GPL-2.0-only
/*
 * verify: what must be true of the machine once the policy runs, or it is taken
 * back.
 *
 *	verify:
 *	  - command: [/usr/bin/ping, -c1, 192.0.2.1]
 *	    timeout: 5s
 *	  - reach: 192.0.2.1 tcp/443
 *	    device: eth1
 *	  - reach: 192.0.2.53 udp/53
 *	    retries: 3
 *
 * Nothing of it is looked at here but its form: a compiler neither asks whether
 * a program exists nor who can be reached.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "bind.h"

#define ARGUMENTS_MAX 64
#define SECONDS_MAX 600
#define RETRIES_MAX 20

struct verify_fill {
	struct verify *verify;
	const struct node *command, *reach, *device;
};

static void add_argument(struct binder *b, const struct node *node, void *into)
{
	struct verify *verify = ((struct verify_fill *)into)->verify;
	struct str text;

	if (!bind_text(b, node, "a word of a command", &text))
		return;
	if (memchr(text.p, '\0', text.n))
		diag_error(b->diags, node->span,
			   "there is a NUL in this word of the command");
	else if (verify->nargs < ARGUMENTS_MAX)
		verify->args[verify->nargs++] =
			arena_strndup(b->arena, text.p, text.n);
	else
		diag_error(b->diags, node->span,
			   "a command has at most %d words", ARGUMENTS_MAX);
}

static void verify_command(struct binder *b, const struct node *node,
			   void *into)
{
	struct verify_fill *fill = into;
	struct verify *verify = fill->verify;

	fill->command = node;
	/* The list that is passed to it ends with NULL. */
	verify->args =
		arena_array(b->arena, ARGUMENTS_MAX + 1, sizeof(*verify->args));
	bind_each(b, node, add_argument, fill);
	if (verify->nargs && verify->args[0][0] != '/')
		diag_help(diag_error(b->diags, node->span,
				     "\"%s\" is no absolute path",
				     verify->args[0]),
			  "begin it with \"/\": no shell looks for it, and no "
			  "PATH is asked");
}

static bool parse_port(struct str text, uint16_t *port)
{
	unsigned int value = 0;
	size_t i;

	for (i = 0; i < text.n && i < 6; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + (unsigned int)(text.p[i] - '0');
	}
	*port = (uint16_t)value;
	return text.n && i == text.n && value && value <= UINT16_MAX;
}

static bool parse_address(struct str text, struct verify *verify)
{
	char address[INET6_ADDRSTRLEN];

	if (text.n >= sizeof(address))
		return false;
	memcpy(address, text.p, text.n);
	address[text.n] = '\0';
	verify->family = memchr(text.p, ':', text.n) != NULL;
	return inet_pton(verify->family ? AF_INET6 : AF_INET, address,
			 verify->address) == 1;
}

static const struct {
	const char *word;
	uint8_t proto;
} protocols[] = { { "tcp/", IPPROTO_TCP }, { "udp/", IPPROTO_UDP } };

/* "192.0.2.1", "192.0.2.1 tcp/443" or "192.0.2.1 udp/53". */
static bool parse_reach(struct str text, struct verify *verify)
{
	struct str address = str_cut(&text, ' ');
	size_t i;

	if (!parse_address(address, verify))
		return false;
	text = str_trim(text);
	for (i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (text.n < 5 || memcmp(text.p, protocols[i].word, 4) != 0)
			continue;
		verify->proto = protocols[i].proto;
		return parse_port((struct str){ text.p + 4, text.n - 4 },
				  &verify->port);
	}
	return !text.n;
}

static void verify_reach(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] =
		"an address, which is to answer a ping, or one and a port, as "
		"in \"192.0.2.1 tcp/443\" or \"192.0.2.53 udp/53\"";
	struct verify_fill *fill = into;
	struct str text;

	fill->reach = node;
	if (bind_text(b, node, expected, &text) &&
	    !parse_reach(text, fill->verify))
		bind_expected(b, node, expected);
}

static void verify_device(struct binder *b, const struct node *node, void *into)
{
	struct verify_fill *fill = into;
	struct str text;

	fill->device = node;
	if (!bind_text(b, node, "the name of a device", &text))
		return;
	if (text.n >= IF_NAMESIZE || memchr(text.p, '/', text.n) ||
	    memchr(text.p, '\0', text.n))
		bind_expected(b, node, "the name of a device");
	else
		fill->verify->device = arena_strndup(b->arena, text.p, text.n);
}

static void verify_timeout(struct binder *b, const struct node *node,
			   void *into)
{
	struct verify *verify = ((struct verify_fill *)into)->verify;
	uint64_t seconds;

	if (!bind_duration(b, node, &seconds))
		return;
	if (seconds > SECONDS_MAX)
		diag_error(b->diags, node->span,
			   "an apply does not wait for longer than %d seconds",
			   SECONDS_MAX);
	else
		verify->timeout = (unsigned int)seconds;
}

static void verify_retries(struct binder *b, const struct node *node,
			   void *into)
{
	uint64_t n;

	if (bind_number(b, node, 0, RETRIES_MAX, &n))
		((struct verify_fill *)into)->verify->retries = (unsigned int)n;
}

const struct field verify_fields[] = {
	{ "command", verify_command, FIELD_LIST, .type = "<path> | <list>",
	  .doc = DOC("A program by its absolute path, and its arguments. It is "
		     "run without a shell, with no input and an environment of "
		     "`PATH` and `LC_ALL` alone, and is to end with 0. What it "
		     "started is ended with it.") },
	{ "reach", verify_reach, FIELD_PHRASE,
	  .type = "<address> | <address> tcp/<port> | <address> udp/<port>",
	  .doc = DOC("A host that is to answer a ping, or to take a connection "
		     "to the port, which is closed at once; or to answer a "
		     "datagram to it, whatever with. Port 53 is asked as a "
		     "name server is, 123 as a time server; any other gets an "
		     "empty line, and what answers nothing to that needs a "
		     "`command`. That nobody listens there fails at once.") },
	{ "device", verify_device, false, .type = "<name>",
	  .doc = DOC("Which device `reach` is to use, whatever the routes "
		     "say.") },
	{ "timeout", verify_timeout, false, .type = "<duration>", .dflt = "10s",
	  .doc = DOC("How long one try may take: then it is ended, "
		     "and has failed. At most 10 minutes.") },
	{ "retries", verify_retries, false, .type = "<number>", .dflt = "0",
	  .doc = DOC("How often it is tried again, a second later, at most 20 "
		     "times.") },
	{ NULL, NULL, false },
};

static void check_fill(struct binder *b, const struct verify_fill *fill)
{
	struct span span = fill->verify->span;

	if (fill->command && fill->reach)
		diag_error(b->diags, fill->reach->span,
			   "an entry is either a command or who is to be "
			   "reached");
	else if (!fill->command && !fill->reach)
		diag_help(diag_error(b->diags, span,
				     "this entry verifies nothing"),
			  "say \"command\" or \"reach\"");
	else if (fill->device && !fill->reach)
		diag_error(b->diags, fill->device->span,
			   "a device belongs to \"reach\": a command has its "
			   "own way to say one");
}

void bind_verifies(struct binder *b, const struct node *node)
{
	struct verify_fill fill;
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_list(b, node,
			  "a list of what is to be verified, as in \"- reach: "
			  "192.0.2.1\"");
		return;
	}
	b->model->verifies =
		arena_array(b->arena, node->list.n, sizeof(struct verify));
	for (i = 0; i < node->list.n; i++) {
		fill = (struct verify_fill){
			.verify = &b->model->verifies[b->model->nverifies++],
		};
		fill.verify->span = node->list.items[i]->span;
		fill.verify->timeout = VERIFY_SECONDS;
		if (bind_map(b, node->list.items[i], verify_fields, &fill,
			     "what is to be verified", NULL))
			check_fill(b, &fill);
	}
}
