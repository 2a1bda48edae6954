# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# For tests of select/graph, after lib.sh: the plugins for the Slurm installed here or, with T_VERSION,
# for that one in a chroot, and a slurmctld that can be restarted.

export T_VERSION="${T_VERSION:-}" # the cases want to know
T_SETTLE=1                        # they want to know which nodes are chosen

# Sets SELECT_GRAPH, SPANK_GRAPH; skips the file where there are none.
select_plugins ()
{
    if [ -z "$T_VERSION" ]; then
        T_BUILD=$top_builddir
    else
        version_build
        [ -n "$T_SOURCE" ] || skip_loudly "THE SOURCE OF SLURM $T_VERSION"
    fi
    SELECT_GRAPH=$T_BUILD/select_graph/.libs/select_graph.so
    SPANK_GRAPH=$T_BUILD/spank/.libs/spank_graph.so
    [ -f "$SELECT_GRAPH" ] || skip_all "select_graph.so was not built (configure --with-slurm-source)"
    PLUGINS=$(dirname "$(find "${T_SLURM:-/usr/lib}" -name select_cons_tres.so 2>/dev/null | head -n 1)")
    mkdir "$T_TMP/select" && cp "$SPANK_GRAPH" "$T_TMP/select"
    SELECT_TYPE=select/graph
    [ -z "${SELECT_SHADOW:-}" ] || SELECT_TYPE=select/cons_tres
    cp "$SELECT_GRAPH" "$T_TMP/select/${SELECT_TYPE/\//_}.so"
}

# version_has PROGRAM: where slurmctld runs. A chroot for T_VERSION has no more than Slurm needs; others can
# be put into one by hand (testsuite/slurm/chroot run VERSION -b /etc/resolv.conf apt-get install ...).
version_has ()
{
    if [ -z "$T_VERSION" ] || [ -n "${T_SLURM:-}" ]; then
        command -v "$1" >/dev/null
    else
        "$top_srcdir/testsuite/slurm/chroot" run "$T_VERSION" sh -c "command -v $1" >/dev/null 2>&1
    fi
}

# select_up N [OPTIONS]: a cluster with select/graph and spank_graph.so; with SELECT_SHADOW it stands
# in front of select/cons_tres under the name of that; with SELECT_OTHERS it has neither plugin.
select_up ()
{
    [ -n "${SELECT_OTHERS:-}" ] || {
        select_plugins
        set -- "$@" --conf "SelectType=$SELECT_TYPE" --conf "PluginDir=$T_TMP/select:$PLUGINS" \
            --plugstack "required $T_TMP/select/spank_graph.so"
    }
    slurm_up "$@"
}

as_root () { timeout -k 2 20 "$CLUSTER" -d "$CLUSTER_DIR" as root "$@"; }
# reconfigure; what slurm.conf and graph.conf say is then in force, or logged
reconfigure () { as_root scontrol reconfigure && wait_until 20 as_root scontrol ping; }
ctld_gone () { ! pgrep -F "$CLUSTER_DIR/slurmctld.pid" >/dev/null 2>&1; }
restart_ctld ()
{
    as_root scontrol shutdown slurmctld
    wait_until 20 ctld_gone
    start_ctld
}
# start_ctld [WRAPPER...]: WRAPPER is a command that runs slurmctld
start_ctld ()
{
    setsid "$CLUSTER" -d "$CLUSTER_DIR" as root "$@" slurmctld -D >>"$CLUSTER_DIR/log/slurmctld.out" 2>&1 8>&- &
    wait_until "${CTLD_LIMIT:-20}" as_root scontrol ping
}

running () { [ "$(as_user squeue -h -t R | wc -l)" -eq "$1" ]; }
shown () { as_user scontrol show job "$1"; }
clear_jobs () { as_user scancel --me && wait_until 30 batch_done; }
submit () { as_user sbatch --parsable -o /dev/null "$@" --wrap 'exec sleep 100'; }
state_is () { [ "$(as_user squeue -h -j "$1" -o %T)" = "$2" ]; }
# AdminComment is written when a job is looked at.
waits_for () { shown "$1" | grep -q "AdminComment=graph: waits: $2"; }

# goes NODES OPTIONS...: the nodes on which srun with these options runs
goes ()
{
    local want=$1
    shift
    expect_equal "$want" "$(as_user srun "$@" hostname | sort -u | xargs)" || { echo "srun $*"; return 1; }
}

# expect_quiet_log: slurmctld has said nothing that it should not have
expect_quiet_log ()
{
    expect_no_match 'select/graph.*(not in the graph|refused)' "$(grep -E 'error|fatal' "$CLUSTER_DIR/log/slurmctld.log")"
    expect_no_match 'under-allocated|overflow|underflow|miscount' "$(cat "$CLUSTER_DIR/log/slurmctld.log")"
}

# write_graph: two racks of two nodes, each with 4 TB of storage and a PDU of 500 W; a node draws 300 W.
write_graph ()
{
    local id=0 r k c edges=
    vertex () { printf '%s{"id":"%s","metadata":{"type":"%s","name":"%s","id":%s,"size":%s,"unit":"%s","properties":{%s}}}' \
        "$([ $id -gt 0 ] && echo ,)" $id "$1" "$2" "$3" "$4" "$5" "$6"; id=$((id + 1)); }
    edge () { edges+="${edges:+,}{\"source\":\"$1\",\"target\":\"$2\",\"metadata\":{\"subsystem\":\"$3\"}}"; }
    printf '{"graph":{"nodes":['
    vertex cluster cluster0 0 1 '' ''
    for r in 0 1; do
        local rack=$id
        edge 0 $id containment; vertex rack rack$r $r 1 '' ''
        edge $rack $id containment; vertex storage storage$r $r 4 TB ''
        local pdu=$id
        edge $rack $id containment; vertex pdu pdu$r $r 500 W ''
        for k in 1 2; do
            local node=$id
            edge $rack $id containment; edge $pdu $id power
            vertex node n$((2 * r + k)) $((2 * r + k)) 1 '' '"watts":"300"'
            for c in 0 1 2 3; do
                edge $node $id containment; vertex core core$c $c 1 '' ''
            done
        done
    done
    printf '],"edges":[%s]}}\n' "$edges"
}
