# SPDX-License-Identifier: GPL-2.0-only
#
# nftoffc(1) for bash: made by tests/tools/completions.c of the program's tables.
# shellcheck shell=bash

_nftoffc_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current")
}

_nftoffc_paths()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

# Directories, too: a policy may be in one.
_nftoffc_policies()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(
		compgen -f -X '!*.yaml' -- "$current"
		compgen -f -X '!*.policy' -- "$current"
		compgen -d -- "$current")
}

# Which operand the cursor is at, from 1.
_nftoffc_operand()
{
	local i

	operand=1
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] || operand=$((operand + 1))
	done
}

_nftoffc()
{
	local current=${COMP_WORDS[COMP_CWORD]} operand
	local previous=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	# "--format=json" is three words to bash
	if [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	elif [ "$current" = = ]; then
		current=
	fi
	_nftoffc_operand
	if [ "$COMP_CWORD" -eq 1 ]; then
		_nftoffc_words compile check audit test explain fmt convert import fw4 apply diff confirm rollback history unload boot watch status flows log release doctor help --help --version
		return
	fi
	case ${COMP_WORDS[1]} in
	compile)
		case $previous in
		-f|--format) _nftoffc_words text json netlink container fw4; return ;;
		-o|--output) _nftoffc_paths -f; return ;;
		--epoch) :; return ;;
		-O|--opt) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -f --format -o --output --unchecked --epoch -O --opt --no-opt --explain-opt -h --help
			return
		fi
		_nftoffc_policies
		;;
	check)
		if [[ $current == -* ]]; then
			_nftoffc_words -k --kernel -v --verbose --json -h --help
			return
		fi
		_nftoffc_policies
		;;
	audit)
		if [[ $current == -* ]]; then
			_nftoffc_words --json -h --help
			return
		fi
		_nftoffc_policies
		;;
	test)
		if [[ $current == -* ]]; then
			_nftoffc_words --json -h --help
			return
		fi
		_nftoffc_policies
		;;
	explain)
		if [[ $current == -* ]]; then
			_nftoffc_words --json -h --help
			return
		fi
		if [ "$operand" -gt 1 ]; then
			_nftoffc_words from to tcp udp source destination protocol port source-port service icmp family mark dscp mac length tcp-flags user ipsec time weekday helper
			return
		fi
		_nftoffc_policies
		;;
	fmt)
		if [[ $current == -* ]]; then
			_nftoffc_words -c --check -w --write -h --help
			return
		fi
		_nftoffc_policies
		;;
	convert)
		case $previous in
		-o|--output) _nftoffc_paths -f; return ;;
		--to) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -o --output --to -h --help
			return
		fi
		_nftoffc_policies
		;;
	import)
		case $previous in
		-o|--output) _nftoffc_paths -f; return ;;
		--to) _nftoffc_words yaml policy; return ;;
		--network) _nftoffc_paths -f; return ;;
		--timezone) :; return ;;
		--name) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -o --output --to --network --timezone --name --strict -h --help
			return
		fi
		;;
	fw4)
		case $previous in
		--root) _nftoffc_paths -d; return ;;
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --root --state --no-reload -h --help
			return
		fi
		;;
	apply)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		--keep-access) :; return ;;
		--confirm) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -n --dry-run --state --validate --force --keep-access --confirm -h --help
			return
		fi
		_nftoffc_policies
		;;
	diff)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --json -h --help
			return
		fi
		_nftoffc_policies
		;;
	confirm)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state -h --help
			return
		fi
		;;
	rollback)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		--keep-access) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --force --keep-access -h --help
			return
		fi
		;;
	history)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		--keep) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --keep --json -h --help
			return
		fi
		;;
	unload)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -n --dry-run --state -h --help
			return
		fi
		;;
	boot)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		--failsafe) _nftoffc_paths -f; return ;;
		--root) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --failsafe --root -h --help
			return
		fi
		;;
	watch)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --once -h --help
			return
		fi
		;;
	status)
		case $previous in
		--state) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --state --json --prometheus -h --help
			return
		fi
		;;
	flows)
		case $previous in
		--policy) _nftoffc_paths -f; return ;;
		--state) _nftoffc_paths -d; return ;;
		-w|--watch) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -a --all --policy --state --json -w --watch -h --help
			return
		fi
		;;
	log)
		case $previous in
		-n|--count) :; return ;;
		--buffer) :; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words -n --count --json --syslog --buffer -h --help
			return
		fi
		;;
	release)
		if [[ $current == -* ]]; then
			_nftoffc_words -n --dry-run -h --help
			return
		fi
		;;
	doctor)
		case $previous in
		--root) _nftoffc_paths -d; return ;;
		esac
		if [[ $current == -* ]]; then
			_nftoffc_words --json --root -h --help
			return
		fi
		;;
	help)
		_nftoffc_words compile check audit test explain fmt convert import fw4 apply diff confirm rollback history unload boot watch status flows log release doctor help
		;;
	esac
}

complete -F _nftoffc nftoffc
