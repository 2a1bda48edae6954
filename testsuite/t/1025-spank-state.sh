#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# srun --flux=state=DIR: an instance over several steps.
. "$(dirname "$0")/lib.sh"
slurm_up 2

DIR=$(mktemp -d)
chown fluxtest "$DIR"
at_end "rm -rf '$DIR'"

test_case 'jobs of one step are pending in the next one, and run' <<'END'
as_user srun --quiet --flux=state=$DIR/s -N2 -c2 sh -c '
    flux run --job-name=done true
    flux queue stop --nocheckpoint
    flux submit --job-name=wide -N2 hostname' >out 2>&1
as_user srun --quiet --flux=state=$DIR/s -N2 -c2 sh -c '
    id=$(flux jobs -a -n -o "{id}" --name=wide)
    flux job wait-event -t 30 $id clean >/dev/null
    flux job attach $id | sort
    flux jobs -a -n -o "{name}={status_abbrev}"' >out 2>&1
expect_equal "n1 n2 wide=CD done=CD" "$(xargs <out)"
END

test_case 'kill -9 of the first broker: the next step knows what ended, has what waits, and what ran has failed' <<'END'
# what a killed broker leaves is not to be in /tmp, where another test looks
as_user env TMPDIR=$DIR srun --quiet --flux=state=$DIR/k -N2 -c2 sh -c '
    echo "{\"kvs\":{\"sync-commits\":true}}" | flux config load
    flux run --job-name=done true
    id=$(flux submit --job-name=ran sleep 1000)
    flux job wait-event -t 30 $id start >/dev/null
    flux submit --urgency=hold --job-name=waits hostname
    flux kvs put k=kept
    kill -9 $(flux getattr broker.pid)
    sleep 60' >out 2>&1 || true
as_user srun --quiet --flux=state=$DIR/k -N2 -c2 sh -c '
    flux kvs get k
    flux jobs -a -n -o "{name}={status_abbrev}" | sort
    flux jobs -a -n -o "{exception.type}: {exception.note}" --name=ran
    id=$(flux jobs -a -n -o "{id}" --name=waits)
    flux job urgency $id 16 >/dev/null
    flux job attach $id' >out 2>err || { cat out err; exit 1; }
expect_equal 'kept done=CD ran=F waits=S' "$(head -4 out | xargs)"
expect_match '^[a-z]*: .' "$(sed -n 5p out)"
expect_match '^n[12]$' "$(sed -n 6p out)"
END

test_case 'the folder must be absolute' <<'END'
expect_fail as_user srun --flux=state=here -N1 true 2>err; expect_in_file "'here': not an absolute path" err
END

test_done
