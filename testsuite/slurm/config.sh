# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What a private cluster is configured with; a part of ./cluster.

# ---- Ports and addresses

port_is_free () { ! ss -Hltn "sport = :$1" | grep -q .; }

# `count` free ports in a row below the ephemeral ones; prints the first
free_ports ()
{
    local base try i low
    low=$(cut -f1 /proc/sys/net/ipv4/ip_local_port_range)
    [ "$low" -gt 12000 ] || low=32768
    for try in $(seq 100); do
        base=$((10000 + (RANDOM * 32768 + RANDOM) % (low - 10000 - $1)))
        for i in $(seq 0 $(($1 - 1))); do
            port_is_free $((base + i)) || continue 2
        done
        echo $base
        return
    done
    return 1
}

controller_address ()
{
    case $mode,$ipv6 in
    netns,) echo "10.$net.255.254" ;;
    netns,*) printf 'fd00:%x::ffff\n' "$net" ;;
    *) echo 127.0.0.1 ;;
    esac
}

address ()
{
    case $mode in
    plain) echo 127.0.0.1 ;;
    uts) echo "127.0.$((1 + $1 / 250)).$((1 + $1 % 250))" ;;
    netns) [ -n "$ipv6" ] && printf 'fd00:%x::%x\n' "$net" "$1" || echo "10.$net.$(($1 / 250)).$((1 + $1 % 250))" ;;
    esac
}

write_hosts ()
{
    local i
    echo "127.0.0.1 localhost"
    [ "$mode" = netns ] && echo "$(controller_address) $(hostname -s)"
    for i in $(seq "$n"); do
        echo "$(address "$i") $names$i"
    done
}

# The usual slurm.conf, where --conf lines take the place of those with the same key.
write_conf ()
{
    local key i line
    {
        cat <<END
ClusterName=private
SlurmctldHost=$(hostname -s)($(controller_address))
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd-%n.log
PlugStackConfig=$dir/plugstack.conf
ProctrackType=proctrack/$proctrack
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=3
MessageTimeout=20
MailProg=/bin/true
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
END
        [ -z "$ipv6" ] || echo "CommunicationParameters=EnableIPv6,DisableIPv4"
    } | while IFS= read -r line; do
        key=${line%%=*}
        printf '%s\n' ${conf[@]+"${conf[@]}"} | grep -qi "^$key=" || echo "$line"
    done
    printf '%s\n' ${conf[@]+"${conf[@]}"}
    for i in $(seq "$n"); do
        line="NodeName=$names$i NodeAddr=$(address "$i") CPUs=$cpus RealMemory=2000"
        # A port each, rather than CommunicationParameters=NoInAddrAny with which srun on a node
        # listens on another address than it calls from.
        case $mode in
        plain) echo "$line NodeHostname=$(hostname -s) Port=$((port + i))" ;;
        *) echo "$line NodeHostname=$names$i Port=$((port + i))" ;;
        esac
    done
    printf '%s\n' ${conf[@]+"${conf[@]}"} | grep -qi '^PartitionName=' ||
        echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=YES"
}

# Later versions know an answer for a machine without cgroups, and some keys no more.
write_cgroup_conf ()
{
    case ${version:-$(slurmctld -V)},$proctrack in
    *22.05*,*) printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\nCgroupAutomount=yes\n' ;;
    *,linuxproc) echo CgroupPlugin=disabled ;;
    *) printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=/sys/fs/cgroup\n' ;;
    esac
}

write_files ()
{
    mkdir -p "$dir"/{munge,state,spool,log,home} || die "cannot make $dir"
    chmod 755 "$dir" "$dir/munge"
    chown "$user:" "$dir/home"
    dd if=/dev/urandom of="$dir/munge/key" bs=128 count=1 2>/dev/null
    chmod 400 "$dir/munge/key"
    write_hosts >"$dir/hosts"
    write_conf >"$dir/slurm.conf"
    printf '%s\n' ${plugstack[@]+"${plugstack[@]}"} >"$dir/plugstack.conf"
    write_cgroup_conf >"$dir/cgroup.conf"
    [ ${#files[@]} -eq 0 ] || cp "${files[@]}" "$dir"
    printf '%s=%q\n' mode "$mode" n "$n" names "$names" user "$user" port "$port" net "$net" ipv6 "$ipv6" \
        version "$version" chroots "$chroots" >"$dir/settings"
    echo "binds=(${binds[*]@Q})" >>"$dir/settings"
}

