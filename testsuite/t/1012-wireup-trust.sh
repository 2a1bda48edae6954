#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Who may take part in a wire-up: the owner's processes that know of this very wire-up.
. "$(dirname "$0")/lib.sh"
make -s -C "$top_builddir" testsuite/helpers/wire_broker testsuite/helpers/wire_server >/dev/null 2>&1
SPANK_FLUX=/nonexistent
slurm_up 1
cp "$top_builddir"/testsuite/helpers/wire_{broker,server} "$T_TMP/flux"
MUNGE=$CLUSTER_DIR/munge/socket

by () { local user=$1; shift; setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; }

# serve USER: a server for one broker; leaves $port and $nonce
serve ()
{
    rm -f served
    by "$1" "$T_TMP/flux/wire_server" 1 "$MUNGE" >served &
    server=$!
    wait_until 5 test -s served
    read -r port nonce <served
}

# broker USER [VARIABLE=VALUE...]: connects, and says that it is the broker of rank 0
broker ()
{
    local user=$1
    shift
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    by "$user" env FLUX_BOOTSTRAP_METHOD=wireup FLUX_BOOTSTRAP_AUTH=munge FLUX_BOOTSTRAP_MUNGE_SOCKET="$MUNGE" \
        FLUX_BOOTSTRAP_FD=5 FLUX_BOOTSTRAP_RANK=0 FLUX_BOOTSTRAP_SIZE=1 FLUX_BOOTSTRAP_JOBID=7 \
        FLUX_BOOTSTRAP_STEPID=0 FLUX_BOOTSTRAP_NONCE="$nonce" FLUX_BOOTSTRAP_TIMEOUT=1 "$@" \
        "$T_TMP/flux/wire_broker" -- echo started
}

test_case 'the owner is admitted' <<'END'
serve fluxtest
expect_output started broker fluxtest
wait $server
expect_in_file '^complete$' served
END

test_case 'another user is not, be it root' <<'END'
for user in nobody root; do
    serve fluxtest
    expect_fail broker $user >out
    ! wait $server
    expect_in_file '^no word from rank 0 within 3 s$' served
    [ ! -s out ]
done
END

test_case 'nor is a record of another job, step or wire-up, or of another size' <<'END'
for change in FLUX_BOOTSTRAP_JOBID=8 FLUX_BOOTSTRAP_STEPID=1 FLUX_BOOTSTRAP_NONCE=00 FLUX_BOOTSTRAP_SIZE=2; do
    serve fluxtest
    expect_fail broker fluxtest $change >out
    kill $server
    ! wait $server
    [ ! -s out ]
    expect_equal 1 "$(wc -l <served)"
done
END

test_case 'a broker takes no answer of another user' <<'END'
serve nobody
expect_fail broker fluxtest >out
! wait $server
[ ! -s out ]
END

test_case 'a record for an earlier wire-up is no use in the next' <<'END'
serve fluxtest
expect_output started broker fluxtest
wait $server
old=$nonce
serve fluxtest
expect_fail broker fluxtest FLUX_BOOTSTRAP_NONCE=$old >out
kill $server
! wait $server
[ ! -s out ]
END

test_done
