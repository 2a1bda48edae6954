#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# PMI exchange on 4 brokers: each process puts a value of 100 characters, and gets those of all.
# Medians of 5 exchanges, in milliseconds; with FLUX_CORE naming flux-core's `flux`, that one's beside
# it, in the same run.
#
#   testsuite/bench/pmi.sh [BUILDDIR]
set -u
export LC_ALL=C.UTF-8
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
flux=$build/shell/cmd/flux
[ -x "$flux" ] || { echo "$0: $flux is not there; build first" >&2; exit 1; }

exchange_ms () # FLUX TASKS-PER-NODE
{
    timeout 120 "$1" start --test-size=4 "$1" run -N4 --tasks-per-node="$2" \
        "$1" pmi exchange --count=5 2>/dev/null </dev/null |
        sed 's/.* in \([0-9.]*\)s\.$/\1/' | sort -n |
        awk '{ v[NR] = $1 } END { if (NR) printf "%.0f\n", 1000 * v[int ((NR + 1) / 2)]; else print "nan" }'
}

printf '%-12s %12s %12s\n' PROCESSES slurm-flux flux-core
for n in 1 4 16 32 64; do
    printf '%-12s %12s %12s\n' $((4 * n)) "$(exchange_ms "$flux" $n)" \
        "$([ -n "${FLUX_CORE:-}" ] && exchange_ms "$FLUX_CORE" $n || echo -)"
done
