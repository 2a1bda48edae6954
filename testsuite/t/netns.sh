# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Sourced after lib.sh by tests that put brokers into network namespaces: namespace $NS-RANK has
# address 10.99.0.(1 + RANK) on its eth0, and a bridge in namespace $NS joins them.

[ "$(id -u)" -eq 0 ] || skip_all "needs root for network namespaces"
NS=flux$$

# netns_up N
netns_up ()
{
    local r
    ip netns add "$NS" 2>/dev/null || skip_all "network namespaces are not possible here"
    at_end "for n in \$(ip netns list | grep -oE '^$NS(-[0-9]+)?'); do ip netns del \$n; done"
    ip -n "$NS" link add br0 type bridge 2>/dev/null || skip_all "no bridge is possible here"
    ip -n "$NS" link set br0 up
    for ((r = 0; r < $1; r++)); do
        ip netns add "$NS-$r"
        ip -n "$NS" link add "v$r" type veth peer name eth0 netns "$NS-$r"
        ip -n "$NS" link set "v$r" master br0 up
        ip -n "$NS-$r" addr add "10.99.0.$((r + 1))/24" dev eth0
        ip -n "$NS-$r" link set eth0 up
        ip -n "$NS-$r" link set lo up
    done
}

# Nobody is told: packets of this rank are lost from now on, until link_restore.
link_cut ()
{
    ip -n "$NS" link set "v$1" nomaster
}
link_restore ()
{
    ip -n "$NS" link set "v$1" master br0
}

# lossy N: of 20 packets that any of the namespaces gets one is dropped, by a BPF classifier that
# asks for a random number, since netem is a module that few test machines have.
lossy ()
{
    local r
    for ((r = 0; r < $1; r++)); do
        tc -n "$NS-$r" qdisc add dev eth0 clsact &&
            tc -n "$NS-$r" filter add dev eth0 ingress bpf da \
                bytecode '4,32 0 0 4294963256,53 1 0 214748365,6 0 0 2,6 0 0 0' || return 1
    done
}
lossless ()
{
    local r
    for ((r = 0; r < $1; r++)); do
        tc -n "$NS-$r" qdisc del dev eth0 clsact || true
    done
}
