#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Nobody but slurmctld has select/graph: slurmds and clients read a slurm.conf of their own and work
# on, whichever plugin slurmctld has. Then a slurmctld that is not the one the plugin was built for.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"
select_plugins
SOURCE=$(sed -n 's/^slurmsource = //p' "$T_BUILD/Makefile")
SELECT_OTHERS=1 select_up 3 --conf 'DebugFlags=NO_CONF_HASH' --conf "PluginDir=$PLUGINS"
CTLD_CONF=$CLUSTER_DIR/ctld/slurm.conf
mkdir "$CLUSTER_DIR/ctld"
# with_type TYPE [PLUGINDIR]: slurmctld alone has it
with_type ()
{
    sed "s,^SelectType=.*,SelectType=select/$1,; s,^PluginDir=.*,PluginDir=${2:-$T_TMP/select:$PLUGINS}," \
        "$CLUSTER_DIR/slurm.conf" >"$CTLD_CONF"
    as_root scontrol shutdown slurmctld
    wait_until 20 ctld_gone
    start_ctld env SLURM_CONF="$CTLD_CONF"
}
echo Policy=high >"$CLUSTER_DIR/ctld/graph.conf"
all_up () { [ "$(as_user sinfo -h -N -t idle,mix | wc -l)" -eq 3 ]; }
cores () { as_user scontrol -d show job "$1" | grep -oE ' Nodes=[^ ]* CPU_IDs=[^ ]*'; }
# one that works: a job, its step, what the clients show
works ()
{
    expect_match "^$1$" "$(as_user srun -n1 hostname)"
    expect_equal "n1 n2 n3" "$(as_user salloc -N3 srun hostname 2>/dev/null | sort | xargs)"
    expect_equal 3 "$(as_user sinfo -h -N | wc -l)"
    expect_match 'CPUAlloc=' "$(as_user scontrol show node n3)"
}

test_case 'slurmds and clients without the plugin, slurmctld with it and back, jobs running' <<'END'
expect_no_match 'select/graph|/select:' "$(cat "$CLUSTER_DIR/slurm.conf")"
works 'n[12]'
a=$(submit -N1 -n2 -w n2)
wait_until 20 running 1
cores "$a" >cores
for type in graph cons_tres; do
    with_type $type
    wait_until 20 all_up
    case $type in graph) works n3 ;; *) works 'n[12]' ;; esac
    cores "$a" >now
    expect_same_file cores now
    expect_exit 1 as_user srun -w n2 -N1 -n3 --immediate=1 true
    b=$(as_user sbatch --parsable -N2 -o /dev/null --wrap 'srun true')
    done_is () { as_user scontrol show job "$b" | grep -q 'JobState=COMPLETED'; }
    wait_until 20 done_is
done
expect_in_file 'select/graph: policy high' "$CLUSTER_DIR/log/slurmctld.log"
expect_no_match 'select' "$(grep -E 'error|fatal' "$CLUSTER_DIR"/log/slurmd-*.log)"
clear_jobs
END

test_case 'in front of select/cons_tres, and back' <<'END'
mkdir shadow
cp "$SELECT_GRAPH" shadow/select_cons_tres.so
a=$(submit -N1 -n2 -w n2)
wait_until 20 running 1
cores "$a" >cores
with_type cons_tres "$T_TMP/shadow:$PLUGINS"
wait_until 20 all_up
works n3
cores "$a" >now
expect_same_file cores now
with_type cons_tres "$PLUGINS"
wait_until 20 all_up
works 'n[12]'
cores "$a" >now
expect_same_file cores now
clear_jobs
END

# skewed FROM MEMBER HEADER...: the plugin as if built with a header, the one that has the line FROM, that
# has one more member before the first MEMBER from there on
skewed ()
{
    local header there=()
    header=$(cd "$SOURCE" && grep -sl "^$1" "${@:3}") || [ -n "$header" ]
    mkdir -p "skew/$(dirname "$header")"
    sed "/^$1/,/$2/ s|^.*$2|long added_here;\n&|" "$SOURCE/$header" >"skew/$header"
    expect_equal 1 "$(grep -c '^long added_here;' "skew/$header")"
    [ -z "$T_VERSION" ] || [ -n "${T_SLURM:-}" ] ||
        there=("$top_srcdir/testsuite/slurm/chroot" run "$T_VERSION" -b "$T_BUILD" -b "$SOURCE")
    cd "$T_BUILD"
    ${there[@]+"${there[@]}"} gcc -fPIC -O1 -DHAVE_CONFIG_H -iquote select_graph/conf -Iselect_graph/conf -I. -I"$top_srcdir" \
        -I"$top_srcdir/lib/include" -isystem "$T_TMP/skew" -isystem "$SOURCE" \
        -DSELECT_GRAPH_API="\"select_graph/api_$(sed -n 's/^slurmapi = //p' Makefile).h\"" \
        -c "$top_srcdir/select_graph/layout.c" -o "$T_TMP/layout.o"
    ${there[@]+"${there[@]}"} gcc -shared -o "$T_TMP/select/select_graph.so" "$T_TMP/layout.o" \
        $(find select_graph/.libs -name 'libselectgraph_la-*.o' ! -name '*-layout.o') \
        select_graph/.libs/libselectcore.a lib/graph/io/.libs/libgraphio.a lib/graph/.libs/libgraph.a \
        lib/job/.libs/libjob.a -ljansson -lm -Wl,--version-script="$top_srcdir/select_graph/select_graph.map"
    cd "$T_TMP"
    rm -r skew
}
# refuses WHAT: a slurmctld with it says that WHAT is not as expected
refuses ()
{
    echo >>"$CLUSTER_DIR/log/slurmctld.log"
    said () { sed -n "$from,\$p" "$CLUSTER_DIR/log/slurmctld.log" | grep -q "select/graph: was built for another Slurm: $1 is not as expected"; }
    local from
    from=$(wc -l <"$CLUSTER_DIR/log/slurmctld.log")
    as_root scontrol shutdown slurmctld 2>/dev/null || :
    wait_until 20 ctld_gone
    CTLD_LIMIT=1 start_ctld env SLURM_CONF="$CTLD_CONF" >/dev/null || :
    [ -z "${2:-}" ] || as_user sbatch -o /dev/null --wrap true || :
    wait_until 20 said "$1"
}

test_case 'with headers of another Slurm it refuses to run, and says what differs' <<'END'
with_type graph
cp "$T_TMP/select/select_graph.so" good.so
skewed 'struct node_record {' magic\; src/common/node_conf.h
refuses '[a-z]* of a node_record'
ctld_gone
skewed '	time_t last_update;	.. last update time of the build' 'update time of the build' slurm/slurm.h
refuses 'SelectType in slurm_conf'
ctld_gone
skewed 'struct job_record {' magic\; src/slurmctld/slurmctld.h src/common/job_record.h
refuses 'magic of a job_record' submit
skewed '#define DETAILS_MAGIC' magic\; src/slurmctld/slurmctld.h src/common/job_record.h
refuses 'details of a job_record' submit
expect_equal "" "$(as_user squeue -h -t R)"
cp good.so "$T_TMP/select/select_graph.so"
with_type graph
wait_until 20 all_up
works n3
END

test_case 'the logic asks for no version of Slurm' <<'END'
expect_equal "" "$(grep -lE '^ *# *(if|ifdef|elif).*(SLURM|API|VERSION)' "$top_srcdir"/select_graph/*.c || :)"
expect_equal "" "$(grep -hE '^ *# *if' "$top_srcdir"/select_graph/*.c || :)"
END

test_done
