// SPDX-License-Identifier: GPL-2.0-only
/*
 * pppoe - one end of a PPPoE session without any negotiation
 *
 *	pppoe DEVICE SESSION PEER-MAC
 *
 * Both ends are told the session's number and the other's address, so there is
 * a ppp device as pppd would have made it, and no daemon. Prints its name and
 * stays; the device goes with it.
 *
 * Source: uapi if_pppox.h, ppp-ioctl.h.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void require(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

/* The number of the session's channel. */
static int open_session(char **argv)
{
	union { /* the kernel's is packed */
		struct sockaddr any;
		struct sockaddr_pppox pppox;
	} address = { .pppox = { .sa_family = AF_PPPOX,
				 .sa_protocol = PX_PROTO_OE } };
	struct pppoe_addr pppoe = { .sid = htons((uint16_t)atoi(argv[2])) };
	unsigned char *mac = pppoe.remote;
	int fd = socket(AF_PPPOX, SOCK_STREAM, PX_PROTO_OE), channel;

	require(fd, "socket");
	strncpy(pppoe.dev, argv[1], sizeof(pppoe.dev) - 1);
	if (sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
		   &mac[2], &mac[3], &mac[4], &mac[5]) != ETH_ALEN)
		require(-1, argv[3]);
	address.pppox.sa_addr.pppoe = pppoe;
	require(connect(fd, &address.any, sizeof(address.pppox)), "connect");
	require(ioctl(fd, PPPIOCGCHAN, &channel), "PPPIOCGCHAN");
	return channel;
}

/* The number of a new device over it. */
static int make_device(int channel)
{
	int unit = -1, over = open("/dev/ppp", O_RDWR | O_CLOEXEC);
	int device = open("/dev/ppp", O_RDWR | O_CLOEXEC);

	require(over, "/dev/ppp");
	require(device, "/dev/ppp");
	require(ioctl(over, PPPIOCATTCHAN, &channel), "PPPIOCATTCHAN");
	require(ioctl(device, PPPIOCNEWUNIT, &unit), "PPPIOCNEWUNIT");
	require(ioctl(over, PPPIOCCONNECT, &unit), "PPPIOCCONNECT");
	return unit;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: pppoe DEVICE SESSION PEER-MAC\n");
		return 2;
	}
	printf("ppp%d\n", make_device(open_session(argv)));
	fflush(stdout);
	pause();
	return 0;
}
