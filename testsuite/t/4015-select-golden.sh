#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The golden cases of flux resource-query as jobs of a simulated slurmctld: what they get in Slurm's
# books is what the golden files say. A job that has a socket to itself has all its cores in Slurm.
. "$(dirname "$0")/lib.sh"
GOLDEN=$top_builddir/testsuite/sim/golden
[ -d "$top_builddir/testsuite/sim" ] && make -s -C "$top_builddir" testsuite/sim/golden >/dev/null 2>&1 ||
    skip_all "testsuite/sim was not built (configure --with-slurm-source, Slurm 22.05 installed)"

cat >compare.py <<'END'
import re, sys

exact = sys.argv[3] == "exact"

def socket(cores):
    return {c for k in cores for c in range(k // 4 * 4, k // 4 * 4 + 4)}

def wanted(path):
    jobs, job, cores, whole = [], {}, set(), set()
    for line in open(path):
        m = re.match(r"\s+-+([a-z]+)(\d+)\[\d+:(.)\]", line)
        if m and m.group(1) == "core":
            cores.add(int(m.group(2)))
        elif m and m.group(1) == "socket":
            whole |= socket(cores - whole) if m.group(3) == "x" else cores - whole
            cores = set()
        elif m and m.group(1) == "node":
            job["node" + m.group(2)] = whole | cores
            cores, whole = set(), set()
        elif "JOBID=" in line:
            jobs.append(job)
            job = {}
    return jobs

def had(path):
    jobs = []
    for line in open(path):
        parts = line.split(":")[1].split()
        jobs.append({} if parts == ["none"] else
                    {n: {int(c) for c in k.split(",")} for n, k in (p.split("=") for p in parts)})
    return jobs

want, have = wanted(sys.argv[1]), had(sys.argv[2])
if not exact: # the same number of nodes and of cores, whichever they are
    want, have = [[sorted(len(c) for c in job.values()) for job in jobs] for jobs in (want, have)]
if not want or want != have:
    for i, (w, h) in enumerate(zip(want, have), 1):
        print("job", i, "ok" if w == h else f"wants {w}, has {h}")
    sys.exit(f"{len(want)} jobs wanted, {len(have)} had")
END

# Where many are equally good, what Fluxion's sort happens to leave first also depends on what a match
# passes through, which is more here.
how () { case $1 in policy-high | policy-locality) echo sizes ;; *) echo exact ;; esac; }

test_case 'all of them that ask for what Slurm has' <<'END'
cd "$top_srcdir/testsuite/data/resource-query"
for c in cases/policy-*.cmds cases/format-simple.cmds; do
    name=$(basename "$c" .cmds)
    [ "$name" != policy-firstnodex ] || continue # what is equal decides what is left for the later ones
    timeout 20 "$GOLDEN" "$c" >"$T_TMP/had" 2>"$T_TMP/err" || { echo "$name: exit $?"; cat "$T_TMP/err"; exit 1; }
    expect_no_match . "$(cat "$T_TMP/err")"
    echo "$name"
    python3 "$T_TMP/compare.py" "cases/$name.out" "$T_TMP/had" "$(how "$name")"
done
END

test_case 'what Slurm has not is said' <<'END'
cd "$top_srcdir/testsuite/data/resource-query"
for name in flexible constraint time treepool; do
    expect_exit 77 timeout 20 "$GOLDEN" "cases/$name.cmds" >"$T_TMP/had" 2>&1
done
END

test_done
