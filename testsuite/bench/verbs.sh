#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# How long the commands of a user's day take: the median of each, beside that of /bin/true (what a
# process costs here). verbs.sh [REPEATS]; the build folder is $top_builddir, else ./build.

set -eu
repeats=${1:-50}
builddir=${top_builddir:-$(cd "$(dirname "$0")/../.." && pwd)/build}
export PATH=$builddir/shell/cmd:$PATH LC_ALL=C.UTF-8
[ -x "$builddir/shell/cmd/flux" ] || { echo "verbs.sh: no flux in $builddir/shell/cmd" >&2; exit 1; }

if [ -z "${FLUX_URI:-}" ]; then
    exec flux start bash "$0" "$repeats"
fi

# Microseconds of each run, sorted; the one in the middle.
median ()
{
    local i t0 t1
    for ((i = 0; i < repeats; i++)); do
        t0=${EPOCHREALTIME/./}
        "$@" >/dev/null
        t1=${EPOCHREALTIME/./}
        echo $((t1 - t0))
    done | sort -n | sed -n "$(((repeats + 1) / 2))p"
}

id=$(flux submit --wait true)
base=$(median /bin/true)
printf '%-28s %8s %8s\n' command ms 'x true'
while read -r -a words; do
    flux queue drain # what the row before has submitted
    us=$(median "${words[@]}")
    printf '%-28s %4d.%03d %6d.%d\n' "${words[*]}" $((us / 1000)) $((us % 1000)) \
        $((us / base)) $((us * 10 / base % 10))
done <<END
/bin/true
flux submit true
flux run true
flux jobs
flux jobs -a
flux job info $id jobspec
flux job attach $id
flux resource list
flux getattr size
flux queue status
END
