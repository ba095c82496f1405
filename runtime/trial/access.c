// SPDX-License-Identifier: GPL-2.0-only
/*
 * The address that applies: which zone it is in follows from the device that
 * the route back to it leaves by.
 *
 * sudo takes SSH_CONNECTION out of the environment, so it is looked for in that
 * of the processes above, as far as they may be read.
 */
#include "runtime/trial/access.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/netlink/where.h"

#define SSH "SSH_CONNECTION="
#define ANCESTORS_MAX 16
#define SSH_PORT 22

/*
 * Who it is
 */

/* The value of SSH_CONNECTION in @env, which is NUL-separated, or NULL. */
static const char *ssh_in(const struct buf *env)
{
	const char *at = env->p, *end = env->p + env->n;

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, SSH, strlen(SSH)) == 0)
			return at + strlen(SSH);
	return NULL;
}

static bool read_proc(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "re");
	char room[4096];
	size_t n;

	out->n = 0;
	if (!file)
		return false;
	while ((n = fread(room, 1, sizeof(room), file)) > 0)
		buf_add(out, room, n);
	fclose(file);
	buf_putc(out, '\0');
	return true;
}

/* Behind the command's name, which may hold anything: "S PPID". */
static pid_t parent_of(pid_t pid)
{
	struct buf stat = { 0 };
	const char *at;
	char path[40];
	pid_t parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_proc(path, &stat)) {
		at = strrchr(stat.p, ')');
		if (at && strlen(at) > 4)
			parent = (pid_t)strtol(at + 4, NULL, 10);
	}
	buf_free(&stat);
	return parent;
}

static bool ssh_of(pid_t pid, char *value, size_t n)
{
	struct buf env = { 0 };
	const char *found = NULL;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	if (read_proc(path, &env))
		found = ssh_in(&env);
	if (found)
		snprintf(value, n, "%s", found);
	buf_free(&env);
	return found;
}

static bool find_ssh(char *value, size_t n)
{
	const char *own = getenv("SSH_CONNECTION");
	pid_t pid = getppid();
	int i;

	if (own) {
		snprintf(value, n, "%s", own);
		return *own;
	}
	if (!getenv("SUDO_COMMAND") && !getenv("DOAS_USER"))
		return false;
	for (i = 0; pid > 1 && i < ANCESTORS_MAX; i++) {
		if (ssh_of(pid, value, n))
			return true;
		pid = parent_of(pid);
	}
	return false;
}

/* "fe80::1%eth0" */
static void split_device(struct access *access)
{
	char *percent = strchr(access->address, '%');

	if (!percent)
		return;
	*percent = '\0';
	snprintf(access->device, sizeof(access->device), "%.15s", percent + 1);
}

static bool parse(const char *text, uint8_t out[16], unsigned int *family)
{
	memset(out, 0, 16);
	*family = strchr(text, ':') ? FAMILY_INDEX_IPV6 : FAMILY_INDEX_IPV4;
	return inet_pton(*family ? AF_INET6 : AF_INET, text, out) == 1;
}

bool access_find(struct access *access, const char *given)
{
	unsigned int port = SSH_PORT, source = 0, family;
	uint8_t address[16];
	char ssh[200];

	*access = (struct access){ .port = SSH_PORT };
	if (given) {
		if (strlen(given) >= sizeof(access->address))
			return false;
		snprintf(access->address, sizeof(access->address), "%s", given);
	} else if (!find_ssh(ssh, sizeof(ssh)) ||
		   sscanf(ssh, "%63s %u %63s %u", access->address, &source,
			  access->server, &port) != 4) {
		access->address[0] = '\0';
		return true;
	}
	split_device(access);
	access->port = (uint16_t)port;
	access->source_port = (uint16_t)source;
	if (strchr(access->server, '%'))
		*strchr(access->server, '%') = '\0';
	if (parse(access->address, address, &family))
		return true;
	access->address[0] = '\0'; /* "UNKNOWN", over a pipe */
	return !given;
}

/*
 * Whether he may
 */

static void set_port(struct packet *packet, enum key_id id, uint16_t port)
{
	uint8_t value[WIRE_MAX] = { 0 };

	wire_put(WIRE_PORT, port, value);
	packet_set(packet, id, value);
}

static struct packet first_packet(const struct access *access)
{
	struct packet packet = { .to = -1, .proto = IPPROTO_TCP };
	unsigned int family, server;
	uint8_t address[16];

	parse(access->address, address, &family);
	packet.family = (uint8_t)family;
	packet_set(&packet, packet_source(&packet), address);
	if (parse(access->server, address, &server) && server == family)
		packet_set(&packet, packet_destination(&packet), address);
	set_port(&packet, KEY_TH_DPORT, access->port);
	if (access->source_port)
		set_port(&packet, KEY_TH_SPORT, access->source_port);
	return packet;
}

/* What nft's own rules do, nobody knows. */
static void warn_raw(struct diags *diags, const struct model *model,
		     const struct access *access)
{
	const struct raw *raw = raw_next(model, HOOK_INPUT, NULL);

	if (raw)
		diag_warning(diags, raw->span,
			     "the rules of this chain may cut off %s, from "
			     "where you are: that is not known here",
			     access->address);
}

static void denied_by(struct diags *diags, const struct access *access,
		      struct span span, const char *does)
{
	struct diag *diag;

	diag = diag_error(diags, span,
			  "this would cut off %s, from where it is applied: "
			  "it %s connections to port %u of the router",
			  access->address, does, access->port);
	diag_help(diag, "accept them ahead of it, or apply with --force");
}

static void denied_by_default(struct diags *diags, const struct model *model,
			      const struct access *access, int zone,
			      const char *device)
{
	const struct span nowhere = { 0 };
	struct diag *diag;

	diag = diag_error(diags, nowhere,
			  "this would cut off %s, from where it is applied: "
			  "no rule accepts connections to port %u of the "
			  "router",
			  access->address, access->port);
	if (zone >= 0)
		diag_help(diag,
			  "write \"accept: { from: %s, to: router, protocol: "
			  "tcp, port: %u }\", or apply with --force",
			  model->zones[zone].name, access->port);
	else
		diag_help(diag,
			  "no zone has its device, %s; apply with --force if "
			  "that is meant",
			  device);
}

static bool is_accepted(struct diags *diags, const struct model *model,
			const struct access *access,
			const struct packet *packet, const char *device)
{
	struct answer answer;

	model_evaluate(model, packet, &answer);
	if (answer.nat_forward && !answer.destination.own) {
		denied_by(diags, access, answer.nat_forward->span, "forwards");
		return false;
	}
	if (answer.action == ACTION_ACCEPT) {
		warn_raw(diags, model, access);
		return true;
	}
	if (answer.spoofed)
		denied_by(diags, access, answer.spoofed->antispoof_span,
			  "drops");
	else if (answer.rule)
		denied_by(diags, access, answer.rule->span,
			  answer.action == ACTION_REJECT ? "rejects" : "drops");
	else
		denied_by_default(diags, model, access, packet->from, device);
	return false;
}

bool access_allowed(struct diags *diags, const struct model *model,
		    const struct access *access)
{
	struct packet packet = first_packet(access);
	const uint8_t *source = packet_value(&packet, packet_source(&packet));
	char name[IF_NAMESIZE] = "";

	memcpy(name, access->device, sizeof(access->device));
	if (!*name && where_is(source, packet.family, name) != WHERE_BEHIND)
		return true;
	packet.from = where_zone(model, name, packet.family, source);
	if (packet.from >= 0)
		return is_accepted(diags, model, access, &packet, name);
	if (model->defaults[HOOK_INPUT] == ACTION_ACCEPT)
		return true;
	denied_by_default(diags, model, access, -1, name);
	return false;
}
