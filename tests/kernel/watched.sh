# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch, program, state: lib.sh's and applied.sh's
#
# What the tests of `nftoffc watch` share, beside those: policies with a flowtable
# that follows devices, and what the kernel has of it.

cat >"$scratch/a.yaml" <<-'END'
policy: a
zones:
  lan:  { devices: [br-lan, late0, "many*"] }
  wan:  { devices: [eth1], masquerade: true }
rules:
  - accept: { from: lan, to: wan }
offload:
  counters: true
  eligible:
    - { from: lan, to: wan }
END
sed 's/policy: a/policy: b/; s/, late0//' "$scratch/a.yaml" >"$scratch/b.yaml"

# The devices of our flowtable, in order, and its flags.
attached()
{
	nft_in router list flowtables | awk '
		/^table/ { ours = $3 == "nftoffc" }
		ours && /devices/ { gsub(/[^a-z0-9. -]/, ""); $1 = ""; d = $0 }
		ours && /offload/ { f = "hardware" }
		ours && /counter/ { c = "counter" }
		END { print d, c, f }' | xargs -n 1 | sort | xargs
}

# Status has nothing to say.
is_unchanged()
{
	in_ns router "$program" status --state "$state" >"$scratch/out"
	said 'condition:  unchanged'
}

# able on|off: says of all that are there whether they can.
able()
{
	local i

	for i in lan0 lan1 eth1; do
		in_ns router ethtool -K "$i" hw-tc-offload "$1"
	done
}

add_late()
{
	ip_in router link add late0 type veth peer name latepeer
}
