# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests beside fw4 share, beside lib.sh: a router with OpenWrt's files
# in $root, the stand-in of tests/fw4 for its firewall, and a policy there.
#
#	on nftoffc ...		at the router, as its own programs call it
#	firewall VERB		/etc/init.d/firewall
#	reboot			no table and no connection is left, nor what is in
#				/var/run
#
# What must stay true: what fw4 lets pass is lan to wan and to the router.

# shellcheck disable=SC2034,SC2154 # the tests' own, and lib.sh's
nftoffc=$build/nftoffc
root=$scratch/root
state=$scratch/state
readonly wan4=203.0.113.5 lan4=192.168.1.20

# What the router has, and who calls whom: nftoffc is in PATH as it is there.
openwrt()
{
	mkdir -p "$root/etc/config" "$root/etc/init.d" "$root/etc/nftoffc" \
		"$root/etc/rc.d" \
		"$root/usr/share/nftoffc" "$root/bin"
	cp "$here/packaging/openwrt/files/firewall.include" \
		"$root/usr/share/nftoffc/"
	cat >"$root/etc/config/firewall" <<-END

	config defaults
		option input 'REJECT'
		option flow_offloading '0'

	config zone 'lan'
		option name 'lan'
		list network 'lan'

	config zone 'wan'
		option name 'wan'
		list network 'wan'

	config include 'other'
		option type 'script'
		option path '$root/other'

	END
	cat >"$root/etc/config/network" <<-'END'
	config interface 'lan'
		option device 'br-lan'
		option proto 'static'
		option ipaddr '192.168.1.1/24'

	config interface 'wan'
		option device 'eth1'
		option proto 'static'
		option ipaddr '203.0.113.1/24'
	END
	# shellcheck disable=SC2016
	echo 'echo "$ACTION $#" >>"'"$root"'/other.log"' >"$root/other"
	program bin/nftoffc "root=
	case \$1 in fw4|boot) root='--root $root' ;; esac
	state='--state $state'
	[ \"\$1\" != doctor ] || state=\"--root $root\"
	exec '$nftoffc' \"\$@\" \$root \$state"
	program bin/logger "cat >>'$root/log'"
	program etc/init.d/firewall "[ \"\$1\" != stop ] || set -- flush
	FW4_ROOT='$root' exec '$here/tests/fw4/fw4' \"\$@\""
	ln -s ../init.d/firewall "$root/etc/rc.d/S19firewall"
	ln -s "$here/tests/fw4/uci" "$root/bin/uci"
	: >"$root/log"
}

program() # FILE TEXT
{
	printf '#!/bin/sh\n%s\n' "$2" >"$root/$1"
	chmod 755 "$root/$1"
}

# on COMMAND...: at the router.
on()
{
	PATH=$root/bin:$PATH in_ns router "$@"
}

firewall()
{
	on "$root/etc/init.d/firewall" "$@" >"$scratch/said" 2>&1
}

policy()
{
	cat >"$root/etc/nftoffc/policy.yaml" <<-END
	policy: ${1-beside}
	mode: fw4
	zones: ../config
	${2-}
	rules:
	  - log: { from: lan, to: wan, protocol: udp, log: every, name: ${3-said} }
	END
}

shown()
{
	on uci -c "$root/etc/config" show firewall
}

# The kernel's generation: it grows with each commit.
genid()
{
	on nftoffc status --json 2>/dev/null | jq .ruleset_generation
}

# What stays of a policy that translated is a table with one chain that does
# nothing.
ours()
{
	nft_in router list chain inet nftoffc forward >/dev/null 2>&1
}

log_has()
{
	grep -qF -e "$1" "$root/log" || fail "the log has no '$1': $(cat "$root/log")"
}

# Who counts what arrives: in the hosts, and at the router behind all others.
counters()
{
	local role

	for role in lan wan; do
		nft_in "$role" -f - <<-'END'
		table inet counted {
			counter arrived { }
			chain input {
				type filter hook input priority filter
				udp dport 9999 counter name arrived
				udp dport 7777 ip saddr != 203.0.113.1 drop
			}
		}
		END
	done
	count_router
}

# It goes with every table when fw4 stops.
count_router()
{
	nft_in router -f - <<-'END'
	table inet counted
	delete table inet counted
	table inet counted {
		counter arrived { }
		chain input {
			type filter hook input priority filter + 100
			udp dport 9999 counter name arrived
		}
	}
	END
}

# send FROM ADDRESS: ten packets, of as many connections as there are calls.
send()
{
	in_ns "$1" "$traffic" flood udp "$2" 9999 --count 10 >/dev/null
}

# has_counted ROLE COUNT: has so much arrived, or more?
has_counted()
{
	[ "$(counter_of arrived "$1")" -ge "$2" ]
}

# arrived ROLE COUNT WHAT: what is not to come has some time to come all the same.
arrived()
{
	[ "$2" -gt 0 ] || sleep 0.1
	wait_for 20 has_counted "$1" "$2" || :
	equal "$3" "$2" "$(counter_of arrived "$1")"
	nft_in "$1" reset counter inet counted arrived >/dev/null
}

# gate CHAIN: is what fw4 has not marked dropped there?
gate()
{
	nft_in router list chain inet nftoffc "$1" 2>/dev/null |
		grep 'fw4 is not there' >/dev/null
}

# open_router: is what fw4 lets pass let pass?
open_router()
{
	send lan 203.0.113.5
	arrived wan 10 "$1: from lan to wan"
	send lan 192.168.1.1
	arrived router 10 "$1: from lan to the router"
}

closed_router()
{
	send lan 203.0.113.5
	arrived wan 0 "$1: from lan to wan"
	send wan 203.0.113.1
	arrived router 0 "$1: from wan to the router"
	send wan 192.168.1.20
	arrived lan 0 "$1: from wan to lan"
}

of_fw4()
{
	nft_in router list table inet fw4 >/dev/null 2>&1
}

gone()
{
	! of_fw4
}

# As after a power cut; the state directory stays.
reboot()
{
	nft_in router flush ruleset
	in_ns router conntrack -F 2>/dev/null || :
	rm -rf "$root/var/run"
	: >"$root/log"
}
