# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # build, scratch, traffic: lib.sh's
# shellcheck disable=SC2034 # entry, offload, lost: for those who source this
#
# What the tests of whole policies share, beside lib.sh: many connections at a
# time, and the number of packets of each at every place where they are counted.
#
#	 lan, lan2, cam					     wan
#	+---------------+   +-----------------------+   +---------------+
#	| sent received |-->| seen: forward, input, |-->| sent received |
#	+---------------+   | output, before the	    |   +---------------+
#			    | policy's own chains   |
#			    | logged: the kernel's  |
#			    +-----------------------+
#
# A connection is known by its client's port, 4000 to 4999, which no other
# connection of the test has; the router keeps it when it translates addresses.
# The counters stand in a table of the tests' own, "watch", at a priority before
# the policy's chains, so they say what reached the policy, not what it let
# through.  A packet that a flowtable forwards passes none of the router's.
#
# What must stay true: nobody but the connections of a test uses these ports,
# and each of them its own; look() reads everything once, so what it finds
# belongs together only while no packets flow.

# What a policy needs, beyond lib.sh's: loaded one by one they take seconds.
modprobe -qa nft_fib_inet nft_fib_ipv4 nft_fib_ipv6 nft_reject_ipv4 \
	nft_reject_ipv6 nf_conntrack || :

# The policies' log prefixes are the test's own: the host's log may have more.
tag=$(od -An -N 3 -t x1 /dev/urandom | tr -d ' ')
export tag

#
# Policies
#

# apply FILE: at once, and quietly if it works.
apply()
{
	in_ns router "$build/nftoffc" apply --state "$scratch/state" "$1" \
		>"$scratch/applied" 2>&1 ||
		fail "apply $1: $(cat "$scratch/applied")"
}

# policy NAME: standard input, with TAG replaced by this run's tag, as
# $scratch/NAME.yaml.
policy()
{
	sed "s/TAG/$tag/g" >"$scratch/$1.yaml"
}

#
# Counting
#

watch_router()
{
	nft_in router -f - <<-'END'
	table inet watch {
		set there {
			type inet_service
			size 1024
			flags dynamic
			counter
		}

		set back {
			type inet_service
			size 1024
			flags dynamic
			counter
		}

		chain seen-tcp {
			meta l4proto tcp ct original proto-src != 4000-4999 return
			meta l4proto tcp ct direction original add @there { ct original proto-src }
			meta l4proto tcp ct direction reply add @back { ct original proto-src }
		}

		chain seen-udp {
			meta l4proto udp ct original proto-src != 4000-4999 return
			meta l4proto udp ct direction original add @there { ct original proto-src }
			meta l4proto udp ct direction reply add @back { ct original proto-src }
		}

		chain forward {
			type filter hook forward priority -10;
			meta l4proto vmap { tcp : jump seen-tcp, udp : jump seen-udp }
		}

		chain input {
			type filter hook input priority -10;
			meta l4proto vmap { tcp : jump seen-tcp, udp : jump seen-udp }
		}

		chain output {
			type filter hook output priority -10;
			meta l4proto vmap { tcp : jump seen-tcp, udp : jump seen-udp }
		}
	}
	END
}

watch_host()
{
	nft_in "$1" -f - <<-'END'
	table inet watch {
		set sent {
			type inet_service
			size 1024
			flags dynamic
			counter
		}

		set received {
			type inet_service
			size 1024
			flags dynamic
			counter
		}

		chain begin {
			type filter hook output priority -20;
			th sport 4000-4999 add @sent { th sport }
			th dport 4000-4999 add @sent { th dport }
		}

		chain end {
			type filter hook input priority 20;
			th sport 4000-4999 add @received { th sport }
			th dport 4000-4999 add @received { th dport }
		}
	}
	END
}

# watch ROLE...: begins to count, in the router and in these hosts.  The router
# may be one of them: it sends before the policy, and receives behind it.
# What is idle stays offloaded, however slow the machine is.  (Back from the
# flowtable, conntrack keeps it only for its own timeout less the flowtable's.)
watch()
{
	local role

	watched=()
	in_ns router sysctl -qew net.netfilter.nf_conntrack_udp_timeout=1200 \
		net.netfilter.nf_conntrack_udp_timeout_stream=1200 \
		net.netfilter.nf_flowtable_tcp_timeout=600 \
		net.netfilter.nf_flowtable_udp_timeout=600
	watch_log
	watch_router
	for role; do
		watch_host "$role"
		[ "$role" = router ] || watched+=("$role")
	done
}

declare -gA count	# "WHERE PORT" -> packets
declare -gA offload	# PORT -> the connection's line, if it is offloaded
declare -gA entry	# PORT -> the connection's line, offloaded or not

# The kernel's log is read as it grows, for its buffer may be too small.  Only
# what is new, and by dmesg: a plain reader ends when others overrun it.
watch_log()
{
	stdbuf -oL dmesg --follow-new >"$scratch/kmsg" &
	pids+=("$!")
	wait_for 20 log_is_followed || fail "the kernel's log cannot be followed"
}

log_is_followed()
{
	echo "$tag begin" >/dev/kmsg
	grep "$tag begin\$" "$scratch/kmsg" >/dev/null
}

# Has all that was logged until now been read?
log_is_read()
{
	grep "$tag mark $marks\$" "$scratch/kmsg" >/dev/null
}

read_log()
{
	marks=$((marks + 1))
	echo "$tag mark $marks" >/dev/kmsg
	wait_for 20 log_is_read || fail "the kernel's log cannot be read"
}
marks=0

# One awk for all: processes are what takes the time, under emulation.
look_at()
{
	local role

	for role in router "${watched[@]}"; do
		echo "watch $role"
		nft_in "$role" list table inet watch
	done
	echo log
	cat "$scratch/kmsg"
	echo conntrack
	ct_list
}

# What was looked at, as "count WHERE PORT PACKETS" and "entry PORT LINE".
read_look()
{
	awk -v tag="$tag" '
		function counted(line) {
			while (match(line, /[0-9]+ counter packets [0-9]+/)) {
				split(substr(line, RSTART, RLENGTH), part, " ")
				n[set " " part[1]] = part[4]
				line = substr(line, RSTART + RLENGTH)
			}
		}

		function logged(line,	what, port) {
			if (!match(line, tag "-[^:]*: "))
				return
			what = substr(line, RSTART + length(tag) + 1,
				      RLENGTH - length(tag) - 3)
			if (match(line, /[SD]PT=4[0-9][0-9][0-9] /))
				port = substr(line, RSTART + 4, 4)
			n[what " " port]++
		}

		/^(watch|log|conntrack)( |$)/ {
			kind = $1
			role = $2
		}
		kind == "watch" && $1 == "set" {
			set = $2 ~ /^(sent|received)$/ ? role "." $2 : $2
		}
		kind == "watch" { counted($0) }
		kind == "log" { logged($0) }
		kind == "conntrack" && match($0, /sport=[0-9]+/) {
			print "entry", substr($0, RSTART + 6, RLENGTH - 6), $0
		}
		END { for (i in n) print "count", i, n[i] }'
}

# look: fills the arrays.  count has what "watch" counts as "there PORT", "back
# PORT", "ROLE.sent PORT" and "ROLE.received PORT"; and the lines that the
# kernel logged with the prefix "TAG-NAME: " as "NAME PORT".
look()
{
	local kind where rest

	# TCP may have put off an acknowledgement, by 200 ms at most: nothing
	# tells, before it comes.
	sleep 0.3
	count=()
	offload=()
	entry=()
	read_log
	look_at >"$scratch/look"
	while read -r kind where rest; do
		case $kind in
		count)	count["$where ${rest% *}"]=${rest#* } ;;
		entry)	entry[$where]=$rest ;;
		esac
		case $rest in
		*'[OFFLOAD]'*|*'[HW_OFFLOAD]'*) offload[$where]=$rest ;;
		esac
	done < <(read_look <"$scratch/look")
}

# packets WHERE PORT: what look() found.
packets()
{
	echo "${count["$1 $2"]:-0}"
}

#
# Many connections
#

# offer ROLE tcp|udp PORT [OPTION...]: a server for both families.  To be
# followed, once all are begun, by offered.
offer()
{
	local role=$1 protocol=$2 port=$3

	shift 3
	offer_at "$role" "$protocol" :: "$port" "$@"
}

# offer_at ROLE tcp|udp ADDR PORT [OPTION...]: for one address.
offer_at()
{
	local role=$1 name

	shift
	name=server.$role.$1.$2.$3
	start "$role" "$name" "$traffic" server "$@" --seconds 1500
	offers[$name]=$started
}
declare -gA offers

# offered: waits until all servers listen.
offered()
{
	wait_for 30 all_say ready "${!offers[@]}" ||
		fail "a server does not listen"
}

# all_say WORD NAME...: does each of these outputs have that line?
all_say()
{
	local word=$1 n

	shift
	n=$(grep -lx -e "$word" "${@/#/$scratch/}" | wc -l)
	[ "$n" -eq $# ]
}

# begin ROLE NAME tcp|udp ADDR PORT [OPTION...]: as hold of lib.sh, without
# waiting.  The connection ends when finish is called.
begin()
{
	local role=$1 name=$2

	shift 2
	start "$role" "$name" "$traffic" client "$@" --hold "$scratch/go" \
		--seconds 1500
	running[$name]=$started
}
declare -gA running

# begun: waits until all have done their rounds.
begun()
{
	local name

	wait_for 60 all_say holding "${!running[@]}" && return
	for name in "${!running[@]}"; do
		echo "$name: $(tail -n 1 "$scratch/$name")" >&2
	done
	fail "not every connection did its rounds"
}

# finish: ends what begin began, and fills lost: NAME -> the rounds that were
# not answered.  False if there are any.
finish()
{
	local name ok=0

	touch "$scratch/go"
	lost=()
	for name in "${!running[@]}"; do
		wait "${running[$name]}" || ok=1
		lost[$name]=$(sed -n 's/^rounds=.* lost=\([0-9]*\) .*/\1/p' \
			"$scratch/$name")
	done
	running=()
	rm -f "$scratch/go"
	return "$ok"
}
declare -gA lost

#
# Policies that a kernel without flowtables can run, too
#

# To be called after topology, and before offload_words.
find_flowtable()
{
	has_flowtable=no
	if (need_flowtable) 2>/dev/null; then
		has_flowtable=yes
	fi
}

# offload_words: passes the offload section of a policy on, where the kernel has
# flowtables.
offload_words()
{
	if [ "$has_flowtable" = yes ]; then
		cat
	else
		cat >/dev/null
	fi
}
