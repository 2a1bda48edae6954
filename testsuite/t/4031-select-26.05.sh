#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph for Slurm 26.05: it compiles against its source ($T_SOURCE_26_05, or what Debian sid
# has), and in a slurmctld made of that source (testsuite/slurm/make-ctld; its folder is $T_MADE_26_05)
# it chooses the nodes of jobs on CLOUD nodes, for which no slurmd is needed.
. "$(dirname "$0")/lib.sh"
SOURCE=${T_SOURCE_26_05:-}
[ -n "$SOURCE" ] || SOURCE=$("$top_srcdir/testsuite/slurm/source" "$top_builddir/slurm-source" --version 26.05 2>"$T_STATE/source") || {
    echo "*** NO SOURCE OF SLURM 26.05, SO select_graph IS NOT COMPILED FOR IT ***" | tee /dev/stderr | sed 's/^/# /'
    skip_all "the source of Slurm 26.05 could not be downloaded"
}
MADE=${T_MADE_26_05:-}
BUILD=$top_builddir/select-26.05

test_case -t 600 'it compiles, without a warning' <<'END'
mkdir -p "$BUILD"
cd "$BUILD"
[ -f config.status ] || "$top_srcdir/configure" --enable-werror CFLAGS=-O1 CC="$(sed -n 's/^CC = //p' "$top_builddir/Makefile")" \
    --with-slurm-source="$SOURCE" >configure.log 2>&1 || { tail configure.log; exit 1; }
nice make -s -j2 select_graph/select_graph.la
expect_equal "fini init plugin_id plugin_name plugin_type plugin_version" \
    "$(nm -D --defined-only select_graph/.libs/select_graph.so | awk '{ print $3 }' | sort | grep -v '^select_p_' | xargs)"
for name in node_init reconfigure job_test job_begin job_fini job_resized job_expand job_suspend job_resume; do
    nm -D --defined-only select_graph/.libs/select_graph.so | grep -q " select_p_$name\$"
done
END

case_if '[ -x "$MADE/slurmctld" ]' 'T_MADE_26_05 names no slurmctld' -- 'slurmctld loads it, and it chooses' <<'END'
mkdir -p state log plugin
cp "$BUILD/select_graph/.libs/select_graph.so" plugin
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >slurm.conf <<CONF
ClusterName=private
SlurmctldHost=localhost
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
PluginDir=$T_TMP/plugin:$MADE/plugins
StateSaveLocation=$T_TMP/state
SlurmctldPidFile=$T_TMP/ctld.pid
SlurmctldLogFile=$T_TMP/log/slurmctld.log
SelectType=select/graph
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
ResumeProgram=/bin/true
SuspendProgram=/bin/true
SuspendTime=600
ResumeTimeout=60
TreeWidth=65533
NodeName=n[1-8] Sockets=2 CoresPerSocket=4 RealMemory=1000 State=CLOUD
PartitionName=all Nodes=ALL Default=YES
CONF
echo Policy=high >graph.conf
export LD_LIBRARY_PATH=$MADE/lib SLURM_CONF=$T_TMP/slurm.conf
slurm () { timeout 20 "$MADE/$1" "${@:2}"; }
start ()
{
    setsid "$MADE/slurmctld" -D "$@" >>log/out 2>&1 8>&- &
    at_end "kill $! 2>/dev/null; timeout 20 tail --pid=$! -f /dev/null"
    wait_until 20 slurm scontrol ping
}
start -c
submit () { slurm sbatch --parsable -o /dev/null "$@" --wrap 'sleep 100'; }
nodes () { slurm squeue -h -S i -o %N | xargs; }
chosen () { [ "$(nodes)" = "$1" ]; }
submit -N1 >/dev/null
submit -N2 --exclusive >/dev/null
submit -N1 -n8 >/dev/null
wait_until 20 chosen 'n8 n[6-7] n5'
slurm scontrol reconfigure
wait_until 20 slurm scontrol ping
submit -N4 --exclusive >/dev/null
submit -N1 --exclusive >/dev/null
wait_until 20 chosen 'n8 n[6-7] n5 n[1-4]'
expect_in_file 'select/graph: policy high, 49 vertices' log/slurmctld.log
expect_no_match 'error.*select/graph' "$(cat log/slurmctld.log)"
# away and back with running jobs, by name and as a shadow
mkdir shadow
cp plugin/select_graph.so shadow/select_cons_tres.so
gone () { ! slurm scontrol ping >/dev/null 2>&1; }
starts () { grep -c 'select/graph: policy high' log/slurmctld.log; }
while read -r type dir ours; do
    before=$(starts)
    slurm scontrol shutdown slurmctld
    wait_until 20 gone
    sed -i "s,^SelectType=.*,SelectType=select/$type,; s,^PluginDir=.*,PluginDir=$dir," slurm.conf
    start
    chosen 'n8 n[6-7] n5 n[1-4]'
    [ $(($(starts) > before)) -eq "$ours" ]
    expect_match 'allocation failure|to start at' "$(slurm sbatch --test-only -N1 --exclusive --wrap true 2>&1)"
done <<LIST
cons_tres $MADE/plugins 0
graph $T_TMP/plugin:$MADE/plugins 1
cons_tres $T_TMP/shadow:$MADE/plugins 1
LIST
END

test_done
