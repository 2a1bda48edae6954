#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The KVS seen from several ranks: a writer reads its own writes, others follow.
. "$(dirname "$0")/lib.sh"

# Run the script on stdin in an instance of $1 brokers; `on RANK COMMAND...` uses that rank's socket.
inst ()
{
    cat >script.sh
    rm -rf run
    mkdir -m 700 run
    on () # RANK COMMAND...
    {
        FLUX_URI=local://$PWD/run/local-$1 "${@:2}"
    }
    export -f on
    timeout 50 flux start --test-size="$1" --test-rundir="$PWD/run" bash -eEu -o pipefail -c \
        "trap 'echo \"line \$LINENO: \$BASH_COMMAND\" >&2' ERR
$(cat script.sh)"
}

test_case 'a writer on any rank reads what it wrote' <<'END'
inst 4 <<'EOF'
for r in 0 1 2 3; do
    [ "$(on $r flux getattr rank)" = $r ]
    for i in 1 2 3; do
        on $r flux kvs put w.r$r=$i
        [ "$(on $r flux kvs get w.r$r)" = $i ]
    done
done
v=$(flux kvs version)
for r in 0 1 2 3; do
    on $r flux kvs wait $v
    [ "$(on $r flux kvs ls -1 w | wc -l)" -eq 4 ]
    [ "$(on $r flux kvs get w.r3)" = 3 ]
    ! on $r flux kvs get nothing
done
EOF
END

test_case 'version and wait order two ranks' <<'END'
inst 3 <<'EOF'
for i in $(seq 20); do
    v=$(on 1 flux kvs put -s x=$i)
    on 2 flux kvs wait $v
    [ "$(on 2 flux kvs get x)" = $i ]
done
EOF
END

test_case 'a watcher on one rank sees what another one writes' <<'END'
inst 3 <<'EOF'
on 2 flux kvs get -w -A -W -c 5 log >out &
on 1 flux kvs get -w -u -W -c 3 val >out2 &
sleep 0.5
for i in 1 2 3 4 5; do on 1 flux kvs put --append log=$i; sleep 0.15; done
for i in 1 2 2 3; do on 2 flux kvs put val=$i; sleep 0.15; done
wait
[ "$(tr -d '\n' <out)" = 12345 ]
[ "$(tr '\n' ' ' <out2)" = "1 2 3 " ]
EOF
END

test_case 'namespaces, large values, snapshots, blobs from afar' <<'END'
inst 3 <<'EOF'
on 2 flux kvs namespace create far
on 2 flux kvs put -N far a=1
on 1 flux kvs link -T far a l
[ "$(on 1 flux kvs get l)" = 1 ]
on 1 flux kvs namespace list | grep '^far '
head -c 20000000 /dev/urandom >big
on 2 flux kvs put --raw big=- <big
on 1 flux kvs wait "$(flux kvs version)"
on 1 flux kvs get --raw big | cmp - big
root=$(on 1 flux kvs getroot)
flux kvs put l2=1; flux kvs unlink big
on 2 flux kvs get --raw --at "$root" big | cmp - big
ref=$(on 2 flux content store <big)
flux content load $ref | cmp - big
on 1 flux content load $ref | cmp - big
on 2 flux content flush; on 2 flux content dropcache
on 2 flux content load $ref | cmp - big
on 1 flux kvs namespace remove far
! on 2 flux kvs get -N far a
EOF
END

test_case 'writers on all ranks at once lose nothing' <<'END'
inst 4 <<'EOF'
for r in 0 1 2 3; do
    (for i in $(seq 25); do on $r flux kvs put m.r$r.n$i=$i; on $r flux kvs put --append all=x; done) &
done
wait
[ "$(flux kvs get all | tr -d '\n' | wc -c)" -eq 100 ]
[ "$(flux kvs dir -R m | wc -l)" -eq 100 ]
EOF
END

case_if '[ -x "$top_builddir/testsuite/bench/kvs_rpc" ]' 'kvs_rpc is not built' -- \
    'many requests in flight from a far rank, each is answered' <<'END'
inst 3 <<'EOF'
on 2 timeout 30 "$top_builddir/testsuite/bench/kvs_rpc" 3000 0
[ "$(flux kvs ls -1 bench | wc -l)" -eq 30 ]
EOF
END

test_done
