#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a packet costs on its way through the router of tests/kernel/lib.sh, from
# pktgen in lan to a counter in wan that drops it.
#
#	tests/vm/run --icount tests/bench/pktgen.sh
#
# With --icount the guest's clock counts instructions, so a cost is exact where
# a time would not be; without, it is a time, and says little under emulation.
# Both ends are in the figure, so differences are what counts.  There is one
# processor: each packet has gone all the way before the next is made.
#
# pktgen keeps a reference to its packets, and whoever first wants such a packet
# for itself has to clone it, and to copy it before writing: some 2,400
# instructions that no real packet costs.  Here the bridge does, before any
# rule, so that all rulesets pay alike.  Compare nothing with a path without a bridge,
# nor with a flowtable that lists the bridge's port: IP's slow path would pay
# there, and the fast path not.
#
# May be sourced for packet_cost, after lib.sh; run by itself it measures three
# rulesets and prints "name cost".

# One connection.  It has to be established before pktgen takes its place, for
# it sends one way only, and unreplied is another path through the rules.
readonly bench_sport=4000 bench_dport=5201
readonly bench_from=192.168.1.20 bench_to=203.0.113.5

# Not empty: each packet is the first of a connection, by its source port.
bench_new=

# Writes lines to a file of pktgen's; each line is one command.
pktgen()
{
	local command

	while read -r command; do
		in_ns lan sh -c "echo '$command' >/proc/net/pktgen/$1"
	done
}

# send_packets COUNT SIZE NUMBER: prints the nanoseconds that they took; NUMBER
# were sent before.
send_packets()
{
	local first=$bench_sport last=$bench_sport

	if [ "$bench_new" ]; then
		first=$((bench_sport + 1 + $3))
		last=$((first + $1))
	fi
	pktgen eth0 <<-END
	count $1
	pkt_size $2
	udp_src_min $first
	udp_src_max $last
	END
	pktgen pgctrl <<<start
	in_ns lan sed -n 's/^Result: OK: \([0-9]*\)(.*/\1000/p' \
		/proc/net/pktgen/eth0
}

# The sink is the earliest place that can count: it adds little, and no answer.
sink()
{
	nft_in wan -f - <<-END
	table netdev sink {
		counter arrived { }

		chain ingress {
			type filter hook ingress device eth0 priority 0;
			udp dport $bench_dport counter name arrived drop
		}
	}
	END
}

# Here one reply, for conntrack; two rounds more, for a flowtable to take it.
# Nobody may forget the connection, or where it goes: while an idle guest waits
# for the host's files its clock runs on, and a minute is soon over.
establish()
{
	modprobe -qa nf_conntrack nf_flow_table || :
	in_ns router sysctl -qew net.netfilter.nf_conntrack_udp_timeout=86400 \
		net.netfilter.nf_conntrack_udp_timeout_stream=86400 \
		net.netfilter.nf_flowtable_udp_timeout=86400
	start wan bench "$traffic" server udp "$bench_to" "$bench_dport" \
		--count 3 --seconds 86400
	wait_for 10000 says bench ready || fail "no server"
	client lan udp "$bench_to" "$bench_dport" --sport "$bench_sport" \
		--rounds 3 >/dev/null || fail "no answer: the rules drop it"
	ip_in router neighbour replace "$bench_to" dev eth1 nud permanent \
		lladdr "$(mac_of wan eth0)"
}

# Once ksoftirqd has something to do, all packets wait for it.  It would take them
# by the hundred, which is cheaper, or find no room for them, which is cheaper
# still; so it must always have its turn at once.
one_at_a_time()
{
	local pid

	set_sysctl net.core.netdev_max_backlog 100000
	for pid in $(pgrep ksoftirqd); do
		chrt -f -p 50 "$pid"
	done
}

# The allocator's memory of the past may make it take its slow way for every
# packet, which is some 280 instructions.
fresh_slabs()
{
	local file

	for file in /sys/kernel/slab/{skbuff*,kmalloc-*}/shrink; do
		[ ! -w "$file" ] || echo 1 >"$file"
	done
}

# shellcheck disable=SC2120 # the arguments are for those who source this
# packet_cost [COUNT [PAYLOAD]]: the nanoseconds of guest time, which are
# instructions, for one UDP packet of the connection, from lan to wan, with the
# rules that the router has.  The first packets are not measured: they fill
# caches, and the neighbour tables.  Of nine runs the middle one counts: timers
# make some dearer.
packet_cost()
{
	local count=$((${1:-50000} / 9)) size=$((42 + ${2:-18})) warm=1000 i
	local -a took=()

	modprobe -q pktgen || skip "no pktgen"
	one_at_a_time
	establish
	sink
	pktgen kpktgend_0 <<-END
	rem_device_all
	add_device eth0
	END
	pktgen eth0 <<-END
	delay 0
	dst_mac $(mac_of router br-lan)
	src_min $bench_from
	src_max $bench_from
	dst $bench_to
	udp_dst_min $bench_dport
	udp_dst_max $bench_dport
	END
	fresh_slabs
	send_packets "$warm" "$size" 0 >/dev/null
	for ((i = 0; i < 9; i++)); do
		took+=("$(send_packets "$count" "$size" $((warm + i * count)))")
	done
	equal "packets that arrived" $((warm + 9 * count)) \
		"$(counter_of arrived wan)"
	nft_in wan delete table netdev sink
	echo $(($(printf '%s\n' "${took[@]}" | sort -n | sed -n 5p) / count))
}

# mac_of ROLE DEVICE
mac_of()
{
	ip_in "$1" -o link show "$2" | sed 's/.*ether \([^ ]*\).*/\1/'
}

# measure NAME: with the rules on stdin.
measure()
{
	nft_in router flush ruleset
	nft_in router -f -
	[ -z "$conntrack_used" ] || in_ns router conntrack -F 2>/dev/null
	printf '%s ' "$1"
	packet_cost
}

main()
{
	# shellcheck source-path=SCRIPTDIR source=../kernel/lib.sh
	. "$(dirname "$0")/../kernel/lib.sh"
	topology
	need_flowtable
	conntrack_used=
	measure none <<<''
	conntrack_used=yes
	measure established <<-'END'
	table inet t {
		chain forward {
			type filter hook forward priority filter; policy accept;
			ct state established accept
		}
	}
	END
	measure offloaded <<-'END'
	table inet t {
		flowtable ft {
			hook ingress priority filter
			devices = { br-lan, eth1 }
		}

		chain forward {
			type filter hook forward priority filter; policy accept;
			ct state established flow add @ft
		}
	}
	END
	offloaded "sport=$bench_sport" || fail "was not offloaded"
}

[ "${BASH_SOURCE[0]}" != "$0" ] || main
