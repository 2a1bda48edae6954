#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux dump and flux restore.
. "$(dirname "$0")/lib.sh"

inst ()
{
    cat >script.sh
    timeout 50 flux start "$@" bash -eEu -o pipefail -c "trap 'echo \"line \$LINENO: \$BASH_COMMAND\" >&2' ERR
$(cat script.sh)"
}

test_case 'what is dumped can be restored under a key' <<'END'
inst <<'EOF'
flux kvs put d.a=1 d.b.c='two words' d.empty=
head -c 1000000 /dev/urandom >big
flux kvs put --raw d.big=- <big
flux kvs link d.a d.l; flux kvs link -T other x.y d.far
for ext in tar tgz tar.xz zip; do
    flux dump -q dump.$ext
    flux restore -q --key=back dump.$ext
    [ "$(flux kvs get back.d.b.c)" = 'two words' ]
    flux kvs get --raw back.d.big | cmp - big
    [ "$(flux kvs readlink back.d.l back.d.far)" = "d.a
other::x.y" ]
    [ "$(flux kvs ls -1 back.d)" = "$(flux kvs ls -1 d)" ]
    flux kvs unlink -R back
done
flux dump -q - | flux restore -q --key=piped -
[ "$(flux kvs get piped.d.a)" = 1 ]
flux kvs namespace list | grep -c . | grep -x 2
flux dump dump.tar 2>&1 | grep -E '^flux-dump: archived [0-9]+ keys$'
EOF
END

test_case 'the archive is a plain tar' <<'END'
inst <<'EOF'
flux kvs put d.a=1 d.b.c=2
flux kvs link d.a d.l
flux dump -q dump.tar
mkdir x; tar -C x -xf dump.tar
[ "$(cat x/d/a)" = 1 ]
[ "$(cat x/d/b/c)" = 2 ]
[ "$(readlink x/d/l)" = d.a ]
[ "$(stat -c %a x/d/a)" = 644 ]
# and one that somebody else made
mkdir -p y/sub; echo hello >y/sub/file; ln -s target.key y/sub/link
tar -cf other.tar -C y ./sub
flux restore -q --key=z other.tar
[ "$(flux kvs get --raw z.sub.file)" = hello ]
[ "$(flux kvs readlink z.sub.link)" = target.key ]
EOF
END

test_case "an archive of flux-core's flux dump; ours of the same is the same" <<'END'
cp $top_srcdir/testsuite/data/archive/flux-core-0.88.tar.xz theirs.tar.xz
inst <<'EOF'
flux restore -q --key=t theirs.tar.xz
[ "$(flux kvs get t.int t.str t.empty t.dir.sub.leaf t.dir.ümlaut)" = "42
a string with blanks
x
1" ]
[ "$(flux kvs get t.log)" = "one
two" ]
[ "$(flux kvs readlink t.nslink t.dir.link)" = "other::int
dir.sub.leaf" ]
flux kvs get --raw t.blob | wc -c | grep -qx 700
flux kvs get -t t.blob | grep valref
flux kvs unlink -R resource admin
for k in $(flux kvs ls -1 t); do flux kvs move t.$k $k; done
flux kvs unlink t
flux dump -q ours.tar
xz -dkc theirs.tar.xz >theirs.tar
list () { tar -tvf $1 | awk '{ print $1, $2, $3, $6, $7, $8 }' | sort; }
diff <(list ours.tar) <(list theirs.tar)
mkdir ours theirs; tar -C ours -xf ours.tar; tar -C theirs -xf theirs.tar; diff -r --no-dereference ours theirs
EOF
END

test_case 'limits and mistakes' <<'END'
inst <<'EOF'
flux kvs put small=1 large=$(printf %02000d 1)
flux dump -q dump.tar
flux restore -q --size-limit=1k --key=k dump.tar 2>err
grep 'large: 2000 bytes are too many' err
! flux kvs get k.large
[ "$(flux kvs get k.small)" = 1 ]
! flux restore dump.tar 2>err; grep 'one of --key and --checkpoint' err
! flux restore --key=q /nonexistent
head -c 1500 dump.tar >short.tar
! flux restore -q --key=q short.tar
! flux kvs ls q
echo rubbish >bad.tar; ! flux restore -q --key=q bad.tar
flux kvs namespace list | grep -c . | grep -x 2
! flux dump /nonexistent/x.tar
EOF
END

test_case 'restore a checkpoint: the next instance starts from it' <<'END'
mkdir state1 state2
inst -Sstatedir=$PWD/state1 <<'EOF'
flux kvs put a.b=1 --sync
flux kvs put later=1
flux dump -q --checkpoint cp.tar
flux dump -q now.tar
tar -tf cp.tar | grep -x a/b
! tar -tf cp.tar | grep later
EOF
inst -Sstatedir=$PWD/state2 <<'EOF'
flux kvs put own=1
flux restore -q --checkpoint now.tar
flux kvs put afterwards=1
EOF
inst -Sstatedir=$PWD/state2 <<'EOF'
[ "$(flux kvs get a.b later | tr -d '\n')" = 11 ]
! flux kvs get own
! flux kvs get afterwards
EOF
END

test_done
