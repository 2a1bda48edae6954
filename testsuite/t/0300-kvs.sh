#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux kvs and flux content against an instance of one broker.
. "$(dirname "$0")/lib.sh"

# Run the words after the options in an instance of their own.
inst ()
{
    cat >script.sh
    timeout 50 flux start "$@" bash -eEu -o pipefail -c "trap 'echo \"line \$LINENO: \$BASH_COMMAND\" >&2' ERR
$(cat script.sh)"
}

test_case 'put, get: several keys, empty values, raw bytes' <<'END'
inst <<'EOF'
flux kvs put a.b=1 a.c='two words' empty=
[ "$(flux kvs get a.b a.c)" = "1
two words" ]
[ -z "$(flux kvs get empty)" ]
[ "$(flux kvs get --label a.b)" = a.b=1 ]
printf 'x\0y' | flux kvs put --raw bin=-
flux kvs get --raw bin | od -c | grep -q 'x  \\0   y'
flux kvs put --append log=abc; flux kvs put --append log=def
[ "$(flux kvs get log)" = abcdef ]
flux kvs put .a..b.=3
[ "$(flux kvs get a.b)" = 3 ]
EOF
END

test_case 'what must fail, fails with a sentence' <<'END'
inst <<'EOF'
flux kvs put d.x=1
fails () { ! "$@" 2>err; cat err; }
fails flux kvs get nothing | grep 'nothing: No such file or directory'
fails flux kvs get d | grep 'd: Is a directory'
fails flux kvs put noval | grep 'a value is needed'
fails flux kvs put .=1 | grep 'Invalid argument'
fails flux kvs put --append d=1 | grep 'Is a directory'
fails flux kvs unlink nothing | grep 'No such file'
fails flux kvs unlink d | grep 'not empty'
fails flux kvs get -N elsewhere x | grep 'Operation not supported'
fails flux kvs wait abc | grep 'not a version'
fails flux kvs readlink d.x | grep 'Invalid argument'
fails flux kvs put -t t='{"ver":1,"type":"dirref","data":["sha1-00"]}'
fails flux content load sha1-0000000000000000000000000000000000000000 | grep 'No such file'
fails flux content load nonsense | grep 'not a blobref'
[ "$(flux kvs get d.x)" = 1 ]
EOF
END

test_case 'a commit is all or nothing' <<'END'
inst <<'EOF'
flux kvs put d.x=1
v=$(flux kvs version)
! flux kvs put --append new=1 d=1
! flux kvs get new
EOF
END

test_case 'ls, dir' <<'END'
inst <<'EOF'
flux kvs mkdir t
flux kvs put t.a=1 t.b.c='line one
line two' t.b.d="$(printf %0100d 7)"
flux kvs link a t.l
[ "$(flux kvs ls -1F t)" = "a
b.
l@" ]
[ "$(flux kvs ls -w 0 t)" = "a    b    l" ]
[ "$(flux kvs ls -d t)" = t ]
[ "$(flux kvs ls -R t)" = "t:
a    b    l

t.b:
c    d" ]
[ "$(flux kvs dir t)" = "t.a = 1
t.b.
t.l -> a" ]
flux kvs dir -R -w 40 t | grep -x 't.b.c = line one...'
[ "$(flux kvs dir -R -w 40 t | wc -L)" -eq 40 ]
flux kvs dir -R -d t | grep -x t.b.d
! flux kvs ls nothing
! flux kvs ls t.a.
EOF
END

test_case 'unlink, link, readlink, mkdir, copy, move' <<'END'
inst <<'EOF'
flux kvs put a.b.c=1
flux kvs link a.b l
[ "$(flux kvs get l.c)" = 1 ]
[ "$(flux kvs readlink l)" = a.b ]
flux kvs put l.d=2
[ "$(flux kvs get a.b.d)" = 2 ]
flux kvs link loop2 loop1; flux kvs link loop1 loop2
! flux kvs get loop1 2>err
grep 'Too many levels' err
flux kvs copy a z
flux kvs unlink -R a
[ "$(flux kvs get z.b.c)" = 1 ]
flux kvs move z y
[ "$(flux kvs get y.b.c)" = 1 ]
! flux kvs get z.b.c
flux kvs unlink -f nothing y.b.c
flux kvs mkdir e; flux kvs unlink e; ! flux kvs ls e
EOF
END

test_case 'roots, versions and snapshots' <<'END'
inst <<'EOF'
flux kvs put s=1
root=$(flux kvs getroot)
case $root in '{"data":["sha1-'*) ;; *) false ;; esac
v=$(flux kvs put -s s=2)
[ "$v" = "$(flux kvs version)" ]
[ "$(flux kvs put -b s=2 t=1)" = "$(flux kvs getroot -b)" ]
[ "$(flux kvs get --at "$root" s)" = 1 ]
[ "$(flux kvs getroot -o)" = "$(id -u)" ]
(sleep 0.3; flux kvs put w=1) &
flux kvs wait $((v + 2))
wait
[ "$(flux kvs get w)" = 1 ]
# an RFC 11 object goes in and comes out as it is
obj='{"data":"YWJj","type":"val","ver":1}'
flux kvs put -t o="$obj"
[ "$(flux kvs get -t o)" = "$obj" ]
[ "$(flux kvs get o)" = abc ]
EOF
END

test_case 'watch: each write, uniq, append, a key to come' <<'END'
inst <<'EOF'
flux kvs put w=0
flux kvs get -w -c 3 w >out1 & flux kvs get -w -u -c 2 w >out2 &
flux kvs get -W later >out3 & flux kvs get -w -A -W -c 2 app >out4 &
flux kvs get -w -f -c 2 dir.x >out5 2>err5 & p5=$!
sleep 0.3
flux kvs put w=0; flux kvs put w=1; flux kvs put later=7
flux kvs put --append app=abc; flux kvs put --append app=def
wait $(jobs -p | grep -v $p5)
[ "$(cat out1)" = "0
0
1" ]
[ "$(cat out2)" = "0
1" ]
[ "$(cat out3)" = 7 ]
[ "$(cat out4)" = "abc
def" ]
! wait $p5
grep 'No such file' err5
EOF
END

test_case 'watch: the directories above with --full only, tree objects, a count' <<'END'
inst <<'EOF'
shows () # FILE LINES
{
    for i in $(seq 500); do [ "$(wc -l <$1)" -ge $2 ] && return; sleep .02; done
    return 1
}
flux kvs put d.k=1
flux kvs watch d.k >plain 2>&1 & flux kvs get --watch --full d.k >full 2>&1 &
flux kvs watch --count=2 --label d.k >two & two=$!
flux kvs watch -t -c 1 d.k >obj & obj=$!
flux kvs watch -W -c 1 later.key >later & later=$!
shows plain 1; shows full 1; shows two 1; wait $obj
[ "$(cat obj)" = '{"data":"MQ==","type":"val","ver":1}' ]
flux kvs put d.k=2; wait $two; shows plain 2; shows full 2
[ "$(cat two)" = "d.k=1
d.k=2" ]
flux kvs put e.k=3; flux kvs copy e d # the directory above is another one
shows full 3
flux kvs put later.key=came; wait $later; [ "$(cat later)" = came ]
flux kvs put d.k=4; shows plain 3; shows full 4
[ "$(xargs <full)" = '1 2 3 4' ]
[ "$(xargs <plain)" = '1 2 4' ]
kill $(jobs -p)
EOF
END

test_case 'namespaces' <<'END'
inst <<'EOF'
flux kvs namespace create foo bar
flux kvs put -N foo x=1
! flux kvs get x
[ "$(flux kvs get -N foo x)" = 1 ]
[ "$(FLUX_KVS_NAMESPACE=foo flux kvs get x)" = 1 ]
flux kvs link -T foo x tofoo
[ "$(flux kvs readlink tofoo)" = foo::x ]
[ "$(flux kvs get tofoo)" = 1 ]
flux kvs namespace list | grep -E '^foo +[0-9]+ 0x00000000'
! flux kvs namespace create foo
flux kvs namespace create -r "$(flux kvs getroot -b -N foo)" baz
[ "$(flux kvs get -N baz x)" = 1 ]
flux kvs namespace create -r "$(flux kvs getroot -N foo)" baz2
[ "$(flux kvs get -N baz2 x)" = 1 ]
! flux kvs namespace create -r '{"ver":1}' baz3
flux kvs namespace remove foo
! flux kvs get -N foo x
! flux kvs namespace remove primary
EOF
END

test_case 'event logs' <<'END'
inst <<'EOF'
flux kvs eventlog append -t 42.5 ev start '{"a":1}'
flux kvs eventlog append ev middle
(sleep 0.3; flux kvs eventlog append ev end) &
[ "$(flux kvs eventlog wait-event -v ev end | wc -l)" -eq 3 ]
[ "$(flux kvs eventlog get -u ev | head -1)" = '{"timestamp":42.5,"name":"start","context":{"a":1}}' ]
flux kvs eventlog get ev | grep -x '42.500000 start a=1'
! flux kvs eventlog wait-event -t 0.2s ev never 2>err
grep 'in time' err
flux kvs eventlog wait-event -q -W -t 5s other go & sleep 0.2
flux kvs eventlog append other go
wait $!
! flux kvs eventlog append ev bad not-json
EOF
END

test_case 'content: store, load, chunks, flush; values of 64 MiB' <<'END'
inst <<'EOF'
[ "$(printf 'foo\n' | flux content store)" = sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec15 ]
flux content load sha1-f1d2d2f924e986ac86fdf7b36c94bcdf32beec15 | grep -x foo
[ "$(seq 1000 | flux content store --chunksize=1000 | wc -l)" -eq 4 ]
seq 1000 | flux content store --chunksize=1000 | flux content load | cmp - <(seq 1000)
flux content store </dev/null | flux content load | wc -c | grep -x 0
flux kvs put kept=1
flux content flush; flux content dropcache; flux kvs dropcache
[ "$(flux kvs get kept)" = 1 ]
head -c 67108864 /dev/urandom >big
flux kvs put --raw big=- <big
flux kvs get --raw big | cmp - big
EOF
END

test_case 'a large value is made of blobs, and is a value as any other' <<'END'
inst --test-size=2 <<'EOF'
head -c 9000000 /dev/urandom >big
flux kvs put --raw d.big=- <big
[ "$(flux kvs get --treeobj d.big | jq -r '.type, (.data | length)' | xargs)" = "valref 3" ]
flux kvs get --raw d.big | cmp - big
flux exec -r 1 flux kvs get --raw d.big | cmp - big
flux kvs get --raw --stream d.big | cmp - big
flux kvs link d.big l && flux kvs get --raw l | cmp - big
flux kvs get --raw --at $(flux kvs getroot) d.big | cmp - big
flux kvs copy d.big copy && flux kvs get --raw copy | cmp - big
flux kvs put small=x empty=
[ "$(flux kvs get --label small empty)" = "small=x
empty=" ]
flux kvs get --label l >out; head -c 2 out | grep -x l=
head -c 2000000 big | flux kvs put --raw --append d.big=-
flux kvs get --raw d.big | cmp - <(cat big; head -c 2000000 big)
if flux kvs get d 2>err; then false; fi; grep 'Is a directory' err
flux exec -r 1 sh -c 'head -c 3000000 big | flux kvs put --raw from1=-' && flux kvs get --raw from1 | cmp - <(head -c 3000000 big)
EOF
END

test_case 'a state folder: the next instance goes on' <<'END'
mkdir state
timeout 50 flux start -Sstatedir=$PWD/state sh -c 'flux kvs put a.b=1 && flux kvs put --sync c=2 && flux content checkpoint list'
timeout 50 flux start -Sstatedir=$PWD/state sh -c 'flux kvs get a.b c && flux kvs put c=3'
[ "$(timeout 50 flux start -Sstatedir=$PWD/state flux kvs get c)" = 3 ]
END

test_case 'kill -9: what was synced is there again' <<'END'
mkdir killed
for i in 1 2 3; do
    timeout -s KILL 50 flux start -Sstatedir=$PWD/killed bash -c '
        flux kvs put --sync n.k'$i'=1
        flux kvs put lost=1
        kill -9 $(flux getattr broker.pid)' || true
done
[ "$(timeout 50 flux start -Sstatedir=$PWD/killed flux kvs ls -1 n | tr '\n' ' ')" = "k1 k2 k3 " ]
END

# What is referred to, from everywhere, and garbage of 10 MiB: more than stays in memory
cat >collect.sh <<'EOF'
set -eEu -o pipefail
fill () { head -c $1 /dev/urandom; }
many () { seq 1 2000 | tr -d '\n'; }
flux kvs put keep.small=1 keep.large=$(many)
flux kvs put --treeobj same="$(flux kvs get --treeobj keep)"
flux kvs namespace create other
flux kvs put -N other large=$(many)x
old=$(flux kvs getroot)
mkdir -p tree
fill 300000 >tree/one; flux archive create -C tree one
fill 300000 >tree/two; flux archive create -C tree --append two
cp -r tree before
fill 20000 >loose; ref=$(flux content store <loose)
for ((i = 0; i < 10; i++)); do fill 1000000 | flux kvs put --raw big=-; done
flux kvs get --raw big >big
# a directory's text as a value, which is looked at first or last
text=$(flux content load $(flux kvs getroot -b))
flux kvs put aa="$text" zz="$text"
flux kvs dropcache; flux content dropcache
flux kvs get --watch --count=2 keep.small >watched & watcher=$!
(for ((i = 0; i < 30; i++)); do flux kvs put during.k$i=$(many)$i; done) & writer=$!
flux content gc >said
read -r kept _ before _ <said
[ $kept -lt $before ]
wait $writer
flux content gc
! flux kvs get --at "$old" keep.small 2>/dev/null
flux kvs put keep.small=2
wait $watcher
check () {
    [ "$(flux kvs get keep.small keep.large)" = "2
$(many)" ]
    [ "$(flux kvs get same.large)" = "$(many)" ]
    flux kvs get --raw big | cmp - big
    for ((i = 0; i < 30; i++)); do [ "$(flux kvs get during.k$i)" = $(many)$i ]; done
    flux archive extract --overwrite -C tree; diff -r tree before
    flux kvs dir -R >all
}
[ "$(xargs <watched)" = "1 2" ]
[ "$(flux kvs get -N other large)" = $(many)x ]
flux content load $ref | cmp - loose
check
flux kvs dropcache; flux content dropcache
check
EOF

test_case 'flux content gc: a store that is not kept' <<'END'
timeout 50 flux start bash collect.sh
inst <<'EOF'
[ "$(flux content gc)" = '0 of 0 blobs are kept' ] # all is in memory
EOF
# by itself, also while values come and the instance ends
inst --conf=kvs.gc-interval=50ms -Sstatedir=$(mktemp -d) <<'EOF'
old=$(flux kvs put --sync -b a=1)
for i in $(seq 200); do
    flux kvs put --sync a=$i b=$(head -c 20000 /dev/urandom | base64 -w0); flux content dropcache
    flux content load $old >/dev/null 2>&1 || break
done
! flux content load $old 2>/dev/null
[ "$(flux kvs get a)" = $i ]
flux dmesg | grep 'kvs.gc-interval: [0-9]* of [0-9]* blobs are kept'
! flux config set kvs.gc-interval never 2>/dev/null
EOF
END

test_case 'flux content gc: a store that is kept, from another rank, and after a crash' <<'END'
rm -rf kept tree before; mkdir -m 700 kept
timeout 50 flux start --test-size=2 -Sstatedir=$PWD/kept flux exec -r1 --dir=$PWD bash collect.sh
[ $(stat -c %s kept/content.lmdb) -lt 5000000 ]
(sed -n '/^many/p; /^check ()/,/^}/p' collect.sh; echo 'flux content gc; check; kill -9 $(flux getattr broker.pid); sleep 10') >again.sh
! timeout 50 flux start -Sstatedir=$PWD/kept bash -eu again.sh
(sed -n '/^many/p; /^check ()/,/^}/p' collect.sh; echo check) >last.sh
timeout 50 flux start -Sstatedir=$PWD/kept bash -eu last.sh
END

test_case 'another hash' <<'END'
timeout 50 flux start -Scontent.hash=sha256 sh -c 'flux kvs put -b x=1 | grep ^sha256-'
END

test_done
