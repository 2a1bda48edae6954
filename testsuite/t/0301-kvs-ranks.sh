#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The KVS seen from several ranks: a writer reads its own writes, others follow.
. "$(dirname "$0")/lib.sh"

# Run the script on stdin in an instance of $1 brokers, with these options; `on RANK COMMAND...` uses that rank's socket.
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
    timeout 50 flux start --test-size="$1" --test-rundir="$PWD/run" "${@:2}" bash -eEu -o pipefail -c \
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

test_case 'a wide directory: an hdir in the store, one directory for everybody' <<'END'
inst 3 --conf=kvs.maxdirent=100 <<'EOF'
seq 300 | sed 's/.*/wide.k&=&/' | xargs flux kvs put
flux kvs put narrow.a=1
ref () { flux kvs get -t $1 | jq -r '.data[0]'; }
[ "$(flux content load $(ref narrow) | jq -r .type)" = dir ]
[ "$(flux content load $(ref wide) | jq -r '.type, .data.func, .ver' | xargs)" = 'hdir fnv1a32 1' ]
flux content load $(ref wide) | jq -e '.data.size == (.data.bucket | length)'
bucket=$(flux content load $(ref wide) | jq -r '[.data.bucket[] | select(.)][0].data[0]')
flux content load $bucket | jq -e '.type == "dir"'
# the root's blobref is that of the root's blob, whatever is below
root=$(flux kvs getroot -b)
[ "sha1-$(flux content load $root | sha1sum | cut -d' ' -f1)" = $root ]
seq 300 | sed 's/^/k/' | sort >want
for rank in 0 1 2; do
    flux exec -r $rank flux kvs ls -1 wide | sort | cmp - want
    [ "$(flux exec -r $rank flux kvs get wide.k77)" = 77 ]
    flux exec -r $rank flux kvs dir wide | wc -l | grep -qx 300
    ! flux exec -r $rank flux kvs get wide.k301
done
flux exec -r 2 flux kvs put wide.k77=new wide.k301=more
[ "$(flux kvs get wide.k77 wide.k301 | xargs)" = 'new more' ]
[ "$(flux exec -r 1 flux kvs get wide.k77)" = new ]
flux kvs unlink wide.k5; ! flux exec -r 1 flux kvs get wide.k5
flux kvs link wide.k1 wide.l; [ "$(flux exec -r 1 flux kvs get wide.l)" = 1 ]
flux kvs move wide.k2 wide.m; [ "$(flux kvs get wide.m)" = 2 ]
# an old version stays what it was, and a copy is a copy
[ "$(flux kvs get --at='{"ver":1,"type":"dirref","data":["'$root'"]}' wide.k77)" = 77 ]
flux kvs copy wide copied; flux kvs ls -1 copied | wc -l | grep -qx 301
flux dump -q d.tar; tar -tf d.tar | grep -c ^wide/ | grep -qx 301
flux restore -q --key=back d.tar; flux kvs ls -1 back.wide | wc -l | grep -qx 301
flux exec -r 0-2 flux kvs dropcache; [ "$(flux exec -r 2 flux kvs get wide.k99)" = 99 ]
[ "$(flux kvs ls -1 wide | wc -l)" = 301 ]
flux kvs put wide.k3.deep=x; [ "$(flux exec -r 1 flux kvs get wide.k3.deep)" = x ]
flux kvs unlink -R wide; ! flux exec -r 1 flux kvs get wide.k99
EOF
END

test_case 'kvs.maxdirent' <<'END'
inst 1 --conf=kvs.maxdirent=0 <<'EOF'
seq 20000 | sed 's/.*/wide.k&=&/' | xargs -n 5000 flux kvs put
flux content load $(flux kvs get -t wide | jq -r '.data[0]') | grep -q '"type":"dir"'
! flux config load 2>err <<<'{"kvs":{"maxdirent":-1}}'; grep 'kvs.maxdirent' err
flux config load <<<'{"kvs":{"maxdirent":10000}}'
flux kvs put wide.one=more
flux content load $(flux kvs get -t wide | jq -r '.data[0]') | grep -q '"type":"hdir"'
[ "$(flux kvs ls -1 wide | wc -l)" = 20001 ]
EOF
END

test_done
