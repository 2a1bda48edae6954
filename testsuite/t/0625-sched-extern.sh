#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# A scheduler outside of the broker (RFC 27, 28): the example in contrib takes the place of the one
# built in; what resource.acquire tells; schedulers that misbehave.

. "$(dirname "$0")/lib.sh"

RANKS=$top_builddir/contrib/modules/.libs/sched-ranks.so
export LD_LIBRARY_PATH=$top_builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

cat >inside.sh <<'END'
ranks_of () { flux job info "$1" R | jq -r '[.execution.R_lite[].rank] | join (",")'; }
states () { flux jobs -an -o '{state}' "$@" | xargs; }
note () { flux jobs -an -o "{annotations.sched.$2}" "$1"; }
said () { flux dmesg | grep -F -- "$1"; }
END

# ask WHAT COUNT: COUNT responses to a streaming RPC, one a line; an error ends it
cat >ask.c <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>

int main (int argc, char **argv)
{
    flux_t *h = flux_open (NULL, 0);
    int flags = argc > 3 ? 0 : FLUX_RPC_STREAMING;
    flux_future_t *f = h ? flux_rpc (h, argv[1], NULL, FLUX_NODEID_ANY, flags) : NULL;
    const char *text;

    for (int i = 0; f && i < atoi (argv[2]); i++) {
        if (flux_rpc_get (f, &text) < 0) {
            printf ("error %d %s\n", errno, flux_future_error_string (f));
            break;
        }
        puts (text ? text : "");
        fflush (stdout);
        flux_future_reset (f);
    }
    flux_future_destroy (f);
    flux_close (h);
    return f ? 0 : 1;
}
END
compile_client ask || skip_all "no C compiler"

test_case 'a module schedules: jobs in their order, annotations, cancel, priority' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
flux module load $RANKS
expect_equal 'sched' "$(flux module list | awk '$1 == "sched-ranks" {print $6}')"
a=$(flux submit -N2 sleep 60)
flux job wait-event -t 10 $a start >/dev/null
expect_equal '1,2' "$(ranks_of $a)"
expect_equal 'whole ranks' "$(note $a resource_summary)"
b=$(flux submit -N3 true)
c=$(flux submit -n1 true)
wait_until 10 expect_equal 'no ranks' "$(note $b reason_pending)" || :
wait_until 10 eval '[ "$(note '$b' reason_pending)" = "no ranks" ]'
expect_equal 'RUN SCHED SCHED' "$(states $a $b $c)"
expect_equal 2 "$(flux queue status -v | grep -c . >/dev/null; flux jobs -n -f pending -o '{id}' | wc -l)"
flux job urgency $c 20          # goes first
flux job wait-event -t 10 $c clean >/dev/null
expect_equal 0 "$(ranks_of $c)"
d=$(flux submit -N1 true)       # behind b
flux cancel $b
flux job wait-event -t 10 $d clean >/dev/null
expect_equal CANCELED "$(flux jobs -an -o '{result}' $b)"
expect_exit 1 flux submit -N4 true 2>err
flux cancel $a
flux job wait-event -t 10 $a clean >/dev/null
wait_until 10 said 'free: final'
expect_equal '3' "$(flux resource list -n -s free -o '{nnodes}')"
EOF
flux start -s3 bash -eEu -o pipefail run.sh
END

test_case 'it comes and goes while jobs run; the next one learns of them' <<'END'
cat >run.sh <<'EOF'
. ./inside.sh
a=$(flux submit -N1 -x sleep 60)    # of the scheduler that is built in
flux job wait-event -t 10 $a start >/dev/null
expect_equal 0 "$(ranks_of $a)"
flux module load $RANKS limit=1
b=$(flux submit -N1 sleep 60)
flux job wait-event -t 10 $b start >/dev/null
expect_equal 2 "$(ranks_of $b)"
c=$(flux submit -N2 true)           # waits
flux module remove sched-ranks
wait_until 10 said 'the external scheduler is gone: it disconnected'
d=$(flux submit -N1 -x sleep 60)    # built in again: c is first, and does not fit
flux cancel $c
flux job wait-event -t 10 $d start >/dev/null
expect_equal 1 "$(ranks_of $d)"
flux module load $RANKS
e=$(flux submit -N1 true)
wait_until 10 eval '[ "$(note '$e' reason_pending)" = "no ranks" ]'
flux cancel $b
flux job wait-event -t 10 $e clean >/dev/null
expect_equal 2 "$(ranks_of $e)"
flux cancel $a $d
EOF
flux start -s3 bash -eEu -o pipefail run.sh
END

test_case 'ranks that drain and return, a queue that stops, a new time limit, jobs tidied up' <<'END'
cat >tidy.toml <<EOF
[job-manager.housekeeping]
command = ["bash", "-c", "[ \$(flux getattr rank) = 1 ] || exit 0; until [ -e $PWD/go ]; do sleep 0.05; done"]
release-after = "0s"
EOF
cat >run.sh <<'EOF'
. ./inside.sh
flux module load $RANKS
flux resource drain 2 >/dev/null
wait_until 10 said 'acquire: up= down=2'
a=$(flux submit -N2 -t 5m sleep 60)
flux job wait-event -t 10 $a start >/dev/null
expect_equal 0,1 "$(ranks_of $a)"
flux update $a duration=10m
wait_until 10 said 'expiration of a job changed'
b=$(flux submit -N1 true)
wait_until 10 eval '[ "$(note '$b' reason_pending)" = "no ranks" ]'
flux queue stop --all >/dev/null
flux resource undrain 2
wait_until 10 said 'acquire: up=2 down='
expect_equal SCHED "$(states $b)"
flux queue start --all >/dev/null
flux job wait-event -t 10 $b clean >/dev/null
expect_equal 2 "$(ranks_of $b)"
flux cancel $a
flux job wait-event -t 10 $a clean >/dev/null
wait_until 10 said 'free: part'
c=$(flux submit -N2 true)           # rank 1 is not tidy yet
flux job wait-event -t 10 $c start >/dev/null
expect_equal 0,2 "$(ranks_of $c)"
flux module reload $RANKS           # and the next one knows
touch go
wait_until 10 eval '[ "$(flux resource list -n -s free -o {nnodes})" = 3 ]'
EOF
flux start -s3 -c tidy.toml bash -eEu -o pipefail run.sh
END

test_case 'resource.acquire: R and who is up, then what changes' <<'END'
part () { printf '{"version":1,"execution":{"R_lite":[{"rank":"%s","children":{"core":"0-1"}}],"nodelist":["%s"],"properties":%s,"expiration":%s}}' "$@"; }
part 0-2 'a,b,c' '{"fast":"0-2"}' 0 >first.json
part 0-1,3 'a,b,d' '{"fast":"0","slow":"1,3"}' 4000000000 >second.json
cat >run.sh <<'EOF'
. ./inside.sh
lines () { [ "$(wc -l <out)" -ge $1 ]; }
./ask resource.acquire 4 >out &
wait_until 10 lines 1
expect_equal "error 71 acquire requires streaming RPC flag" "$(./ask resource.acquire 1 no)"
flux resource drain 1 >/dev/null
wait_until 10 lines 2
flux resource undrain 1
wait_until 10 lines 3
flux resource reload -f second.json
wait
expect_equal '0 1-2 fast' "$(sed -n 1p out | jq -r '.up + " " + .resources.execution.R_lite[0].rank + " " + (.resources.execution.properties | keys[0])' | sed 's/^0-2/0 1-2/;s/ 0-2 / /')"
expect_equal '{"down":"1"}' "$(sed -n 2p out)"
expect_equal '{"up":"1"}' "$(sed -n 3p out)"
expect_equal '{"down":"2","expiration":4000000000.0,"property-add":{"slow":"1"},"property-remove":{"fast":"1"},"shrink":"2","up":"3"}' \
    "$(sed -n 4p out | jq -cS 'del (.resources)' | sed 's/4000000000,/4000000000.0,/')"
expect_equal '"0-1,3"' "$(sed -n 4p out | jq -c '.resources.execution.R_lite[0].rank')"
# who comes later hears the whole
expect_equal '0-1,3' "$(./ask resource.acquire 1 | jq -r .up)"
EOF
flux start -s3 --conf=resource.path=first.json bash -eEu -o pipefail run.sh
END

test_case 'resource.acquire: without what is excluded; all ranks have come' <<'END'
expect_equal '1-2 1-2' "$(flux start -s3 --conf='resource.exclude="0"' ./ask resource.acquire 1 |
    jq -r '.up + " " + .resources.execution.R_lite[0].rank')"
END

test_case 'schedulers that misbehave are left' <<'END'
sed 's/"id", (json_int_t)req->id,\( *\)$/"id", (json_int_t)req->id + 1,\1/' "$top_srcdir/contrib/modules/sched-ranks.c" >wrong-id.c
sed 's/if (commit_R (s, req->id, R) == 0)/flux_future_t *none = NULL; (void)none;/' "$top_srcdir/contrib/modules/sched-ranks.c" >no-R.c
sed 's/    s->queue\[s->njobs++\] = /    flux_respond_error (h, msg, EIO, NULL); return;\n&/' "$top_srcdir/contrib/modules/sched-ranks.c" >refuses.c
for name in wrong-id no-R refuses; do
    ! cmp -s $name.c "$top_srcdir/contrib/modules/sched-ranks.c"
    compile_plugin $name -ljansson
done
cat >run.sh <<'EOF'
. ./inside.sh
flux module load --name=wrong-id $PWD/wrong-id.so
flux run true                       # by the one built in, in the end
said 'the external scheduler is gone: an answer that nobody asked for'
flux module remove wrong-id
flux module load --name=refuses $PWD/refuses.so
flux run true
said 'the external scheduler is gone: sched.alloc failed'
flux module remove refuses
flux module load --name=no-R $PWD/no-R.so
expect_fail flux run true 2>err
expect_in_file 'R is not in the KVS' err
expect_equal "error 71 sched-hello requires streaming RPC flag" "$(./ask job-manager.sched-hello 1 no)"
expect_equal "error 17 another scheduler is there" "$(./ask job-manager.sched-hello 1)"
flux module remove no-R
expect_equal "error 61 No data available" "$(./ask job-manager.sched-hello 1)"
expect_match '^error 71 ' "$(./ask job-manager.sched-ready 1 no)"
flux run true
EOF
flux start -s2 bash -eEu -o pipefail run.sh
END

test_done
