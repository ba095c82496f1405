// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies and sets of any size, for tests/bench/run:
 *
 *	bench_gen rules N	a policy of N rules, of the kinds people write
 *	bench_gen zones N	a policy of N zones, and rules between them
 *	bench_gen nested N	a policy of N rules that lie in each other: hosts,
 *				their networks, and networks of those
 *	bench_gen tuples N	a policy of N rules that differ in source, protocol
 *				and port, and at times in what they decide
 *	bench_gen intervals N	N lines of a set's file: prefixes and ranges
 *	bench_gen addresses N	N lines of a set's file: single addresses
 *
 * What must stay true: the same N gives the same bytes, and numbers measured
 * years apart are of the same policy. Nothing repeats and nothing touches its
 * neighbour, so that N stays N in the kernel.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rules of one kind stand together, as people keep them. */
#define RUN 25

static const char policy_zones[] =
	"policy: bench\n"
	"\n"
	"zones:\n"
	"  lan:     { devices: [br-lan] }\n"
	"  guests:  { devices: [br-guest, \"wlan-guest*\"] }\n"
	"  cameras: { devices: [br-cam] }\n"
	"  servers: { devices: [br-srv] }\n"
	"  office:  { devices: [eth2] }\n"
	"  wan:     { devices: [eth1], masquerade: true }\n"
	"\n";

static const char policy_sets[] =
	"sets:\n"
	"  admins:  { type: address, elements: [192.168.1.2, 192.168.1.3] }\n"
	"\n";

static const char policy_rules[] =
	"default: { input: drop, forward: drop, output: accept }\n"
	"\n"
	"rules:\n";

/* A set that nothing asks for is warned of. */
static void put_head(bool asks_sets)
{
	fputs(policy_zones, stdout);
	if (asks_sets)
		fputs(policy_sets, stdout);
	fputs(policy_rules, stdout);
}

static void put_address(unsigned int first, unsigned long i)
{
	printf("%u.%lu.%lu.%lu", first, i >> 16 & 255, i >> 8 & 255, i & 255);
}

static void lan_to_wan(unsigned long i)
{
	printf("  - accept: { from: lan, to: wan, source: ");
	put_address(10, i);
	printf(", protocol: tcp, port: %lu }\n", 1024 + i % 60000);
}

static void lan_to_servers(unsigned long i)
{
	printf("  - accept: { from: [lan, office], to: servers, destination: ");
	put_address(10, i);
	printf(", service: [https, ssh] }\n");
}

static void wan_dropped(unsigned long i)
{
	printf("  - drop:   { from: wan, to: any, source: %lu.%lu.%lu.0/24 }\n",
	       20 + (i >> 16 & 63), i >> 8 & 255, i & 255);
}

static void guests_rejected(unsigned long i)
{
	printf("  - reject: { from: guests, to: lan, destination: ");
	put_address(10, i);
	printf(", protocol: [tcp, udp], port: [137-139, 445] }\n");
}

static void servers_ipv6(unsigned long i)
{
	printf("  - accept: { from: wan, to: servers, "
	       "destination: \"fd00:50::%lx:%lx\", service: https }\n",
	       1 + (i >> 16), i & 0xffff);
}

static void admins_logged(unsigned long i)
{
	printf("  - accept: { from: office, to: cameras, source: \"@admins\", "
	       "destination: ");
	put_address(10, i);
	printf(", log: new }\n");
}

static void to_router(unsigned long i)
{
	printf("  - accept: { from: lan, to: router, source: ");
	put_address(10, i);
	printf(", service: [dns, ntp] }\n");
}

static void cameras_to_one(unsigned long i)
{
	printf("  - accept: { from: cameras, to: servers, source: ");
	put_address(10, i);
	printf(", protocol: udp, port: 5004, name: camera-%lu }\n", i);
}

static void rules(unsigned long n)
{
	static void (*const kinds[])(unsigned long i) = {
		lan_to_wan,   lan_to_servers, wan_dropped, guests_rejected,
		servers_ipv6, admins_logged,  to_router,   cameras_to_one,
	};
	const unsigned long before_admins = 5 * RUN;
	unsigned long i;

	put_head(n > before_admins);
	for (i = 0; i < n; i++)
		kinds[i / RUN % (sizeof(kinds) / sizeof(kinds[0]))](i);
}

/* None is covered, and nearly each is asked about by those behind it. */
static void nested(unsigned long n)
{
	unsigned long i, hosts = n - n / 4, nets = n / 4 - n / 64;

	put_head(false);
	for (i = 0; i < n; i++) {
		printf("  - %s: { from: [lan, office], to: any, source: ",
		       i % 3 ? "accept" : "drop");
		if (i < hosts) {
			put_address(10, i * 4);
			printf(", port: %lu }\n", 1 + i % 1000);
		} else if (i < hosts + nets) {
			put_address(10, (i - hosts) * 16);
			printf("/28, protocol: tcp }\n");
		} else {
			put_address(10, (i - hosts - nets) * 256);
			printf("/24 }\n");
		}
	}
}

static void tuples(unsigned long n)
{
	unsigned long i;

	put_head(false);
	for (i = 0; i < n; i++) {
		printf("  - %s: { from: lan, to: wan, source: ",
		       i % 5 ? "accept" : "reject");
		put_address(10, i);
		printf(", protocol: %s, port: %lu }\n", i % 3 ? "tcp" : "udp",
		       1 + i * 7 % 60000);
	}
}

static void zones(unsigned long n)
{
	unsigned long i;

	printf("policy: bench-zones\n\nzones:\n");
	for (i = 0; i < n; i++)
		printf("  z%lu: { devices: [vlan%lu] }\n", i, i);
	printf("\ndefault: { input: drop, forward: drop, output: accept }\n\n"
	       "rules:\n"
	       "  - accept: { from: any, to: z0 }\n"
	       "  - accept: { from: any, to: router, icmp: echo-request }\n");
	for (i = 2; i < n; i++) /* to z0 all is accepted */
		printf("  - accept: { from: z%lu, to: z%lu, service: https }\n",
		       i, i / 2);
}

/* Every 4th is a range that is no prefix; a gap follows each. */
static void intervals(unsigned long n)
{
	unsigned long i, at;

	for (i = 0; i < n; i++) {
		at = i * 8;
		put_address(20 + (unsigned int)(at >> 24), at);
		if (i % 4) {
			printf("/30\n");
		} else {
			printf("-");
			put_address(20 + (unsigned int)((at + 4) >> 24),
				    at + 4);
			printf("\n");
		}
	}
}

static void addresses(unsigned long n)
{
	unsigned long i, at;

	for (i = 0; i < n; i++) {
		at = i * 8;
		put_address(20 + (unsigned int)(at >> 24), at);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(unsigned long n);
	} kinds[] = {
		{ "rules", rules },	    { "zones", zones },
		{ "nested", nested },	    { "tuples", tuples },
		{ "intervals", intervals }, { "addresses", addresses },
	};
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		kinds[i].make(strtoul(argv[2], NULL, 10));
		return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	fprintf(stderr, "usage: bench_gen rules|zones|nested|tuples|intervals|"
			"addresses N\n");
	return 2;
}
