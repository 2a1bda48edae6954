#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Other users at the local socket (RFC 12): refused unless the configuration lets guests in, who then
# may look, and no more.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
[ "$(id -u)" -eq 0 ] || skip_all "needs root to be two users"
command -v setpriv >/dev/null || skip_all "needs setpriv"
setpriv --reuid=60001 --regid=60001 --clear-groups true 2>/dev/null || skip_all "cannot be another user"

# Others may not be able to read the build folder.
mkdir "$T_TMP/bin"
cp "$top_builddir"/shell/cmd/flux "$top_builddir"/shell/broker/flux-broker "$top_builddir"/shell/job/flux-shell "$T_TMP/bin"
PATH=$T_TMP/bin:$PATH
FLUX_EXEC_PATH=$T_TMP/bin
mkdir "$T_TMP/open" && chown 60001 "$T_TMP/open"

as () # UID COMMAND...
{
    local uid=$1
    shift
    setpriv --reuid="$uid" --regid="$uid" --clear-groups env HOME=/ "$@"
}

# start_instance CONFIG: of user 60001, with its socket where all can go; its URI in FLUX_URI
start_instance ()
{
    rm -f open/*
    printf '%s\n' "$1" >conf.json
    export FLUX_URI=local://$T_TMP/open/local-0
    as 60001 timeout -k 5 50 flux start -c "$T_TMP/conf.json" -Slocal-uri="$FLUX_URI" sh -c 'touch open/up; until [ -e open/stop ]; do sleep .1; done' >instance.out 2>&1 &
    wait_until 20 test -e open/up
}
stop_instance ()
{
    touch open/stop
    wait
}
guest () { as 60002 "$@"; }
owner () { as 60001 "$@"; }

test_case 'off by default, for root too' <<'END'
start_instance '{}'
expect_output 1 owner flux getattr size
chmod 0777 open/local-0 # even if the socket could be written to
expect_fail guest flux getattr size 2>err
expect_in_file 'not permitted|does not let this user in' err
expect_fail flux getattr size 2>err
expect_fail guest env FLUX_HANDLE_USERID=60001 FLUX_HANDLE_ROLEMASK=1 flux getattr size
stop_instance
END

test_case 'the socket itself keeps others out' <<'END'
start_instance '{}'
expect_equal 700 "$(stat -c %a open/local-0)"
stop_instance
END

test_case 'allow-guest-user: a guest may look' <<'END'
start_instance '{"access":{"allow-guest-user":true}}'
expect_output 1 guest flux getattr size
guest flux ping -c 1 --userid attr >ping
expect_in_file 'userid=60002 rolemask=0x6' ping
guest flux jobs -A >/dev/null
guest flux resource list >/dev/null
guest flux overlay status >/dev/null
guest flux uptime >/dev/null
guest flux logger $'\e[31mred' # what it says steers no terminal of the owner's
owner flux dmesg >log
expect_in_file '[?]\[31mred' log
stop_instance
END

test_case 'private-mode: a guest sees no jobs of others, but for those with the admin role' <<'END'
start_instance '{"access":{"allow-guest-user":true,"private-mode":true}}'
id=$(owner flux submit true)
owner flux job wait-event $id clean >/dev/null
expect_output 1 sh -c "$(declare -f as owner); owner flux jobs -A -a -n -o '{id}' | wc -l"
expect_output 0 sh -c "$(declare -f as guest); guest flux jobs -A -a -n -o '{id}' | wc -l"
expect_fail guest flux jobs -n $id 2>err
expect_in_file 'JobID ƒ[^ ]* unknown' err # the same as of a job that is none
expect_fail guest flux jobs --stats-only 2>err
expect_in_file 'not shown' err
stop_instance
start_instance '{"access":{"allow-guest-user":true,"private-mode":true,"roles":{"admin":{"users":["nobody","nosuchuser"]}}}}'
id=$(owner flux submit true)
owner flux job wait-event $id clean >/dev/null
expect_equal 1 "$(as $(id -u nobody) flux jobs -A -a -n -o '{id}' | wc -l)"
as $(id -u nobody) flux ping -c 1 --userid attr >ping
expect_in_file 'rolemask=0xe' ping
expect_fail as $(id -u nobody) flux cancel $id
expect_equal 0 "$(guest flux jobs -A -a -n -o '{id}' | wc -l)"
stop_instance
start_instance '{"access":{"allow-guest-user":true,"private-mode":true,"roles":{"admin":{"groups":["'"$(id -gn nobody)"'"]}}}}'
expect_match '0 running' "$(as $(id -u nobody) flux jobs --stats-only || true)" # without active jobs it says 1
stop_instance
expect_fail as 60001 flux start --conf='{"access":{"roles":{"admin":{"users":"nobody"}}}}' true 2>err
expect_in_file 'arrays of names' err
END

test_case 'a guest may not do what is the owner'"'"'s' <<'END'
start_instance '{"access":{"allow-guest-user":true}}'
id=$(owner flux submit sleep 60)
owner flux kvs put a=1
for c in 'setattr log-stderr-level 7' 'exec true' 'kvs put b=2' 'kvs get a' 'kvs unlink a' 'kvs namespace create g' \
    'shutdown' 'module load x' 'config load /dev/null' 'resource drain 0' 'queue stop' 'dmesg' 'content store' \
    'overlay trace' 'overlay rejoin 0' 'submit true' "cancel $id" "job kill $id" "job urgency $id 0" "job wait $id"; do
    if guest timeout 10 flux $c </dev/null >out 2>err; then echo "done: flux $c"; touch bad; fi
done
[ ! -e bad ]
expect_output R owner flux jobs -no '{status_abbrev}' $id
expect_output 1 owner flux kvs get a
owner flux cancel $id
stop_instance
END

# It says that it is the owner: the broker knows better.
test_case 'a guest cannot pretend' <<'END'
start_instance '{"access":{"allow-guest-user":true}}'
for mask in 1 3 5 7 4294967295; do
    guest env FLUX_HANDLE_USERID=60001 FLUX_HANDLE_ROLEMASK=$mask flux ping -c 1 --userid attr >ping
    expect_in_file 'userid=60002 rolemask=0x6' ping
    expect_fail guest env FLUX_HANDLE_USERID=60001 FLUX_HANDLE_ROLEMASK=$mask flux exec true
done
stop_instance
END

test_case 'allow-root-owner' <<'END'
start_instance '{"access":{"allow-root-owner":true}}'
flux ping -c 1 --userid attr >ping
expect_in_file 'userid=0 rolemask=0x5' ping
expect_fail guest flux getattr size
stop_instance
END

test_case 'access changes with the configuration, for new connections' <<'END'
start_instance '{}'
expect_fail guest flux getattr size
echo '{"access":{"allow-guest-user":true}}' >conf.json
owner flux config reload
expect_output 1 guest flux getattr size
echo '{"access":{"allow-guest-user":"yes"}}' >conf.json
expect_fail owner flux config reload
expect_output 1 guest flux getattr size
echo '{}' >conf.json
owner flux config reload
expect_fail guest flux getattr size
stop_instance
END

test_done
