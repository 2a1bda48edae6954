#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Files in the instance: flux archive, and the job shell's option stage-in.

. "$(dirname "$0")/lib.sh"

mkdir -p tree/sub/deep
echo 'small text ƒ' >tree/small
head -c 3000000 /dev/urandom >tree/sub/large
head -c 500 /dev/urandom >tree/sub/bytes
: >tree/empty
ln -s sub/large tree/link
truncate -s 8M tree/sparse
printf end | dd of=tree/sparse bs=1 seek=5000000 conv=notrunc status=none
chmod 750 tree/small
same () { diff -r --no-dereference "$1" "$2"; }

test_case 'create, list, extract on every rank, remove' <<'END'
cat >run.sh <<'EOF'
flux archive create tree
flux archive list >list
flux archive list --long '*/large' >long
for r in 0 3; do
    mkdir out$r
    flux exec -r $r --dir=$PWD flux archive extract --waitcreate=5s -C out$r
done
flux archive remove
expect_exit 1 flux archive list 2>err
expect_in_file 'archive.main: there is no such archive' err
expect_exit 1 flux archive remove 2>/dev/null
flux archive remove -f
EOF
flux start -s4 bash -eEu run.sh
same tree out0/tree
same tree out3/tree
expect_output 750 stat -c %a out3/tree/small
expect_equal "$(find tree | sort | xargs)" "$(sort list | xargs)"
expect_match '^f 0644 +3000000 tree/sub/large$' "$(cat long)"
[ $(stat -c %b out3/tree/sparse) -lt 4096 ] # the hole is still one
END

test_case 'names, patterns, append, overwrite, folders' <<'END'
cat >run.sh <<'EOF'
flux archive create -n one -C tree small
expect_exit 1 flux archive create -n one -C tree empty 2>err
expect_in_file 'archive.one: it is there already' err
flux archive create -n one --append -C tree sub
expect_output 'small sub sub/bytes sub/deep sub/large' eval 'flux archive list -n one | xargs'
mkdir some
flux archive extract -n one -C some 'sub/b*'
expect_output bytes ls some/sub
expect_exit 1 flux archive extract -n one -C some 'sub/b*' 2>err
expect_in_file 'sub/bytes: File exists' err
flux archive extract -n one -C some --overwrite
cmp some/sub/large tree/sub/large
flux archive create -n one --overwrite --chunksize=64k --small-file-threshold=0 -C tree .
mkdir all
flux archive extract -n one -C all
same tree all
flux archive list -n one --raw sub/large | jq -e '.data | length == 46' >/dev/null
EOF
flux start bash -eEu run.sh
END

test_case 'stage-in: all nodes of a job have the files before its tasks start' <<'END'
cat >run.sh <<'EOF'
flux archive create tree
flux archive create -n other -C tree small
flux run -N2 -o stage-in sh -c 'diff -r --no-dereference tree $FLUX_JOB_TMPDIR/tree && echo same' >out
expect_output 'same same' eval 'xargs <out'
flux run -o stage-in.names=other,main -o 'stage-in.pattern=small' sh -c 'ls $FLUX_JOB_TMPDIR' >out
expect_output small cat out
mkdir shared
flux run -N2 -o stage-in.destination=global:$PWD/shared true
same tree shared/tree
expect_exit 1 flux run -o stage-in.destination=$PWD/nowhere true 2>err
expect_in_file 'nowhere: No such file' err
EOF
flux start -s2 --test-hosts=a,b bash -eEu run.sh
END

test_case 'archives that would lead out of the folder are refused' <<'END'
cat >run.sh <<'EOF'
try () { flux kvs put archive.bad="$1"; expect_exit 1 flux archive extract -n bad -C bad 2>err; expect_in_file "$2" err; }
mkdir bad
try '[{"path":"../x","mode":33188}]' 'its path is not allowed'
try '[{"path":"/etc/x","mode":33188}]' 'its path is not allowed'
try '[{"path":"a/../../x","mode":33188}]' 'its path is not allowed'
try '[{"path":"l","mode":41471,"data":"/tmp"},{"path":"l/x","mode":33188}]' 'l/x: '
try '[{"path":"f","mode":33188,"size":3,"encoding":"blobvec","data":[[0,3,"sha1-zz"]]}]' 'malformed'
try '[{"path":"g","mode":33188,"size":3,"encoding":"blobvec","data":[[0,3,"sha1-0000000000000000000000000000000000000000"]]}]' 'sha1-0000'
try '[{"path":"p","mode":4480}]' 'of no known type'
try '{"no json' 'not an archive'
expect_exit 1 flux archive create -n a.b tree 2>err
expect_in_file 'without dots' err
mkfifo pipe
expect_exit 1 flux archive create -n c pipe 2>err
expect_in_file 'pipe: neither' err
expect_exit 1 flux archive create -n c absent 2>err
expect_in_file 'absent: No such file' err
EOF
flux start bash -eEu run.sh
test ! -e x
END

test_done
