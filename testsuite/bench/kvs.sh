#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The KVS as a client sees it, beside another Flux's on the same machine in the same run:
#
#   kvs.sh [-n COUNT] [-r ROUNDS] BUILDDIR [PEER-FLUX]
#
# PEER-FLUX is the program `flux` of a flux-core, whose broker speaks the same protocol; the client is
# ours for both. On a busy machine of two cores, against flux-core 0.88 (medians of four rounds):
#
#                                      ours      flux-core
#   commits, one after another       14,000 /s      970 /s
#   commits, 128 at a time           24,000 /s    6,600 /s
#   lookups, one after another       14,000 /s    2,600 /s
#   lookups, 128 at a time           45,000 /s   13,000 /s
#   put of 16 MiB                      0.16 s       0.48 s
#   get of 16 MiB                      0.15 s       2.0 s
#
# With a state folder and kvs.sync-commits=true, so that each commit is answered when it is on the disk
# (flux start -Sstatedir=DIR --conf=kvs.sync-commits=true kvs_rpc 2000 0; ext4 on that machine's disk):
# 950 commits/s one after another, 31,000 /s 128 at a time.

set -eu
count=3000 rounds=2
while getopts n:r: opt; do
    case $opt in
    n) count=$OPTARG ;;
    r) rounds=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
build=$(cd "${1:?which build folder}" && pwd)
peer=${2:-}

for ((i = 0; i < rounds; i++)); do
    echo "== ours"
    "$build/shell/cmd/flux" start "$build/testsuite/bench/kvs_rpc" "$count" 16
    [ -z "$peer" ] && continue
    echo "== $peer"
    "$peer" start "$build/testsuite/bench/kvs_rpc" "$count" 16
done
