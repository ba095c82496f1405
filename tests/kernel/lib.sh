# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel tests share.  A test is a bash script that sources this file,
# runs as root, in the machine that tests/vm/run boots or on any Linux, and ends
# with 0 (passed), 1 (failed) or 4 (cannot be run here).
#
#	 lan   192.168.1.20/24 ---+ br-lan	 router		eth1
#	       fd00:1::20/64	  | 192.168.1.1			203.0.113.1
#				  | fd00:1::1			2001:db8:113::1
#	 lan2  192.168.1.10/24 ---+				   |
#	       fd00:1::10/64					   |
#				    br-cam			   |
#	 cam   192.168.30.20/24 --- 192.168.30.1		   |
#	       fd00:30::20/64	    fd00:30::1			   |
#							  wan  203.0.113.5/24
#							       2001:db8:113::5/64
#
# Each name on the picture's left and wan is a namespace whose one device is
# eth0; br-lan is a bridge with the ports lan0 and lan1, all else is veth.  All
# hosts' default route is the router.  Nothing is sent that a test did not ask
# for but neighbour discovery, and no device merges or splits packets, so that
# they can be counted.
#
# What must stay true: whatever is made here is gone when the test ends, however
# it ends; the namespaces' names are random, so that tests may run side by side;
# a command that fails unasked ends the test with its line; nothing waits for a
# time where it can wait for a condition.

set -eEuo pipefail
unset SSH_CONNECTION SUDO_COMMAND DOAS_USER	# who applies is the test's affair

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${NFTOFFC_BUILD:-$here/build}
traffic=$build/tests/traffic
scratch=$(mktemp -d)

declare -gA netns		# role -> name of the namespace
pids=()			# what start() started
mounts=()		# what to unmount
sysctls=()		# what to put back: file, value, file, value...

fail()
{
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

skip()
{
	printf 'SKIP: %s\n' "$*" >&2
	exit 4
}

# For whoever reads the failure: the router as it was at that moment.
save_state()
{
	nft_in router list ruleset >"$RESULTS/ruleset"
	ct_list >"$RESULTS/conntrack"
	cp -r "$scratch/." "$RESULTS/scratch"
}

cleanup()
{
	local status=$? i

	trap - ERR
	set +e
	if [ "$status" -eq 1 ] && [ -n "${RESULTS-}" ] &&
	   [ -n "${netns[router]-}" ]; then
		save_state 2>/dev/null
	fi
	for i in "${pids[@]}"; do
		kill "$i" 2>/dev/null
		kill -CONT "$i" 2>/dev/null	# it may have been stopped
	done
	for i in "${netns[@]}"; do
		ip netns del "$i"
	done
	for i in "${mounts[@]}"; do
		umount -l "$i" 2>/dev/null
	done
	for ((i = 0; i < ${#sysctls[@]}; i += 2)); do
		echo "${sysctls[i + 1]}" >"${sysctls[i]}"
	done
	rm -rf "$scratch"
	exit "$status"
}

trap cleanup EXIT
trap 'fail "${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND"' ERR
trap 'exit 130' INT
trap 'exit 143' TERM

[ "$(id -u)" -eq 0 ] || skip "needs root"

# wait_for SECONDS COMMAND...: false if COMMAND is still false by then.
wait_for()
{
	local end=$((${EPOCHREALTIME/[.,]} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]}" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# sampled N: is the Nth of many that are tried one by one to be? "make check" asks
# for each VM_EVERYth, without it all are.
sampled()
{
	[ $(($1 % ${VM_EVERY:-1})) -eq 0 ]
}

# Both checks print what they compared, so that a failure explains itself.
# equal WHAT EXPECTED FOUND
equal()
{
	[ "$2" = "$3" ] || fail "$1: expected $2, found $3"
}

# between WHAT LOWEST HIGHEST FOUND
between()
{
	if [ "$4" -lt "$2" ] || [ "$4" -gt "$3" ]; then
		fail "$1: expected $2 to $3, found $4"
	fi
}

# guard: the process that waits for a policy to be confirmed, which is who has the
# file of $state open that it locks.
guard()
{
	# shellcheck disable=SC2154 # the test's
	find /proc/[0-9]*/fd -lname "$state/guard" 2>/dev/null |
		sed 's|/proc/\([0-9]*\)/.*|\1|; q' || :
}

# no_guard: there is none any more; all that it had to do is done.
no_guard()
{
	[ -z "$(guard)" ]
}

# kill_guard: when this returns, it is gone.
kill_guard()
{
	local pid

	pid=$(guard)
	[ -n "$pid" ] || fail "there is no guard"
	kill -KILL "$pid"
	wait_for 20 no_guard || fail "the guard outlives SIGKILL"
}

# with_fault POINT ARGUMENT...: nftoffc ARGUMENT... on the router, where what
# runtime/base/fault.def calls POINT fails.
with_fault()
{
	in_ns router env NFTOFFC_FAULT="$1" "$build/tests/nftoffc-faulty" "${@:2}"
}

# set_sysctl NAME VALUE: of the initial namespace; put back at the end.
set_sysctl()
{
	local file=/proc/sys/${1//.//}

	[ -w "$file" ] || skip "no sysctl $1"
	sysctls=("$file" "$(cat "$file")" "${sysctls[@]}")
	echo "$2" >"$file"
}

#
# Namespaces
#

# netns_new ROLE
netns_new()
{
	local name

	name=nftoffc-$1-$(od -An -N 4 -t x4 /dev/urandom | tr -d ' ')
	ip netns add "$name"
	netns[$1]=$name
}

# in_ns ROLE COMMAND...: not "ip netns exec", which takes three times as long
# under emulation.  /proc is the namespace's; /sys stays the caller's.
in_ns()
{
	local name=${netns[$1]}

	shift
	nsenter --net="/run/netns/$name" "$@"
}

# ip_in ROLE ARG... and nft_in ROLE ARG...
ip_in()
{
	local name=${netns[$1]}

	shift
	ip -n "$name" "$@"
}

nft_in()
{
	local role=$1

	shift
	in_ns "$role" nft "$@"
}

# No duplicate address detection, so that addresses are of use at once, and
# nothing that speaks by itself but neighbour discovery.  To be called before
# there are devices: they take over what "default" says.
quiet_ipv6()
{
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.dad_transmits=0 \
		net.ipv6.conf.default.router_solicitations=0 \
		net.ipv6.conf.default.accept_ra=0
}

# exact_packets ROLE DEVICE...: one packet in is one packet out.  Not every
# device has every one of these.
exact_packets()
{
	local role=$1 device

	shift
	for device; do
		in_ns "$role" ethtool -K "$device" \
			tx off tso off gso off gro off >/dev/null 2>&1 || :
	done
}

# host ROLE V4 V6: ...20 has ...1 for its router.
host()
{
	ip_in "$1" -batch - <<-END
	link set lo up
	link set eth0 up
	address add $2/24 dev eth0
	address add $3/64 dev eth0 nodad
	route add default via ${2%.*}.1
	route add default via ${3%::*}::1
	END
	exact_packets "$1" eth0
}

# br-lan has an address of its own: a bridge's follows its ports otherwise.
router()
{
	ip_in router -batch - <<-END
	link set lo up
	link add br-lan address 02:00:00:00:01:01 type bridge
	link add lan0 type veth peer name eth0 netns ${netns[lan]}
	link add lan1 type veth peer name eth0 netns ${netns[lan2]}
	link add br-cam type veth peer name eth0 netns ${netns[cam]}
	link add eth1 type veth peer name eth0 netns ${netns[wan]}
	link set lan0 master br-lan up
	link set lan1 master br-lan up
	link set br-lan up
	link set br-cam up
	link set eth1 up
	address add 192.168.1.1/24 dev br-lan
	address add fd00:1::1/64 dev br-lan nodad
	address add 192.168.30.1/24 dev br-cam
	address add fd00:30::1/64 dev br-cam nodad
	address add 203.0.113.1/24 dev eth1
	address add 2001:db8:113::1/64 dev eth1 nodad
	END
	exact_packets router lan0 lan1 br-lan br-cam eth1
	in_ns router sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
}

# The kernel would load these one by one as rules need them, and begin the
# transaction again each time: seconds, under emulation.
load_modules()
{
	modprobe -qa veth bridge nf_tables nft_ct nft_log nf_log_syslog \
		nft_flow_offload nf_flow_table nf_flow_table_inet \
		nft_nat nft_masq nft_limit nft_reject_inet \
		nf_conntrack_netlink || :
}

# Builds the picture above.
topology()
{
	local role

	load_modules
	for role in router lan lan2 cam wan; do
		netns_new "$role"
		quiet_ipv6 "$role"
	done
	router
	host lan 192.168.1.20 fd00:1::20
	host lan2 192.168.1.10 fd00:1::10
	host cam 192.168.30.20 fd00:30::20
	host wan 203.0.113.5 2001:db8:113::5
}

# To be called after topology: where the kernel lacks flowtables, skip.
need_flowtable()
{
	nft_in router -f - 2>/dev/null <<-'END' ||
	table inet probe {
		flowtable ft {
			hook ingress priority filter
			devices = { eth1 }
		}
	}
	END
		skip "this kernel has no flowtables"
	nft_in router delete table inet probe
}

#
# What the router knows
#

# In conntrack's spelling, which has addresses as one writes them.
ct_list()
{
	if command -v conntrack >/dev/null; then
		in_ns router conntrack -L -f ipv4 2>/dev/null
		in_ns router conntrack -L -f ipv6 2>/dev/null
	else
		in_ns router cat /proc/net/nf_conntrack
	fi
}

# tracked PATTERN: is there a connection whose line matches (grep's basic
# expressions)?  offloaded PATTERN: and does the kernel call it offloaded?
# No grep -q: what it leaves unread kills the writer, and that fails the pipe.
tracked()
{
	ct_list | grep -e "$1" >/dev/null
}

offloaded()
{
	ct_list | grep -e "$1" | grep -e '\[OFFLOAD]' -e '\[HW_OFFLOAD]' \
		>/dev/null
}

# counter_of NAME [ROLE]: the packets of the named counter, whatever its table.
counter_of()
{
	nft_in "${2:-router}" list counters | awk -v name="$1" '
		$1 == "counter" { found = $2 == name }
		found && $1 == "packets" && !n++ { print $2 }'
}

# The kernel keeps what namespaces log to itself unless told otherwise.
logging()
{
	modprobe nf_log_syslog 2>/dev/null || :
	set_sysctl net.netfilter.nf_log_all_netns 1
	set_sysctl kernel.printk_ratelimit 0
}

# logged PREFIX: the number of lines in the kernel's log that have it.  Call
# logging before the packets flow, and choose a prefix of the test's own.
logged()
{
	dmesg | grep -cF -e "$1" || :
}

#
# Traffic
#

# start ROLE FILE COMMAND...: in the background, its output in $scratch/FILE;
# $started is its process.
start()
{
	local role=$1 out=$scratch/$2

	shift 2
	: >"$out"		# now: not what an earlier use of the name left
	# Not in_ns: a function's process would be a shell, and its command
	# would outlive it.
	nsenter --net="/run/netns/${netns[$role]}" "$@" \
		>>"$out" 2>&1 </dev/null &
	started=$!
	pids+=("$started")
}

says()
{
	grep -qx -e "$2" "$scratch/$1"
}

# serve ROLE FILE tcp|udp ADDR PORT [OPTION...]: returns when it listens.
serve()
{
	local role=$1 file=$2

	shift 2
	[ -x "$traffic" ] || fail "$traffic is not built"
	start "$role" "$file" "$traffic" server "$@"
	wait_for 10 says "$file" ready ||
		fail "no server: $(cat "$scratch/$file")"
}

# client ROLE tcp|udp ADDR PORT [OPTION...]: true if each round was answered.
client()
{
	local role=$1

	shift
	in_ns "$role" "$traffic" client "$@"
}

# hold ROLE FILE tcp|udp ADDR PORT [OPTION...]: a client in the background that
# has done its rounds when this returns, and keeps its connection until let_go.
hold()
{
	local role=$1 file=$2

	shift 2
	rm -f "$scratch/$file.go"
	start "$role" "$file" "$traffic" client "$@" \
		--hold "$scratch/$file.go"
	wait_for 20 says "$file" holding ||
		fail "no connection: $(cat "$scratch/$file")"
	held[$file]=$started
}
declare -gA held

# let_go FILE: true if the rounds after the hold (--again) were answered too.
let_go()
{
	touch "$scratch/$1.go"
	wait "${held[$1]}"
}
