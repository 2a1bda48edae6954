#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What the overlay takes from the configuration: [tbon], a tree by the hosts of [bootstrap].

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"

# tree_of OPTIONS: the parents of ranks 1 to 6 in an instance of 7 with the hosts h0 to h6
tree_of ()
{
    timeout -k 5 30 flux start --test-size=7 --test-hosts='h[0-6]' "$@" \
        sh -c 'for r in 1 2 3 4 5 6; do flux overlay parentof $r; done | xargs; flux overlay status --summary >&2'
}

test_case 'topologies by attribute' <<'END'
expect_output '0 0 1 1 2 2' tree_of -Stbon.topo=kary:2
expect_output '0 1 2 3 4 5' tree_of -Stbon.topo=kary:1
expect_output '0 0 0 0 0 0' tree_of -Stbon.topo=kary:0
expect_output '0 0 0 0 0 0' tree_of
expect_output '0 0 1 0 1 2' tree_of -Stbon.topo=binomial
expect_output '0 0 1 2 1 2' tree_of -Stbon.topo=mincrit:2
expect_fail tree_of -Stbon.topo=kary:x 2>err
expect_in_file "topology kary wants an integer" err
expect_fail tree_of -Stbon.topo=nosuch 2>err
expect_in_file "unknown topology 'nosuch'" err
END

test_case '[tbon]: the attributes that were not set' <<'END'
cat >tbon.toml <<'EOF'
[tbon]
topo = "kary:3"
torpid_min = "2s"
torpid_max = "9s"
tcp_user_timeout = "11s"
zmq_io_threads = 1
EOF
expect_output '0 0 0 1 1 1' tree_of -c tbon.toml
expect_output '0 0 1 1 2 2' tree_of -c tbon.toml -Stbon.topo=kary:2
flux start -c tbon.toml --test-size=2 sh -c 'for a in topo torpid_min torpid_max tcp_user_timeout; do flux exec -r 1 flux getattr tbon.$a; done' >got
expect_equal "kary:3 2s 9s 11s" "$(xargs <got)"
printf '[tbon]\nnosuch = 1\n' >bad.toml
expect_fail tree_of -c bad.toml 2>err
expect_in_file 'tbon.nosuch: there is no such key' err
printf '[tbon]\ntorpid_min = "often"\n' >bad.toml
expect_fail tree_of -c bad.toml 2>err
expect_in_file 'tbon.torpid_min=often' err
END

# A site's racks: r1 has h1 to h3, r2 h4 to h6, their first nodes lead.
test_case 'a custom tree by the parents of hosts' <<'END'
cat >racks.toml <<'EOF'
[bootstrap]
hosts = [
    { host = "h[0,1,4]" },
    { host = "h[2-3]", parent = "h1" },
    { host = "h[5-6]", parent = "h4" },
]
EOF
expect_output '0 1 1 0 4 4' tree_of -c racks.toml
expect_output '0 0 1 1 2 2' tree_of -c racks.toml -Stbon.topo=kary:2
flux start --test-size=2 --test-hosts='h[0-1]' -c racks.toml flux getattr tbon.topo >got
expect_equal custom "$(cat got)"
END

# h1 is not in the instance, so its children go to its own parent.
test_case 'of the hosts that are here: the nearest above, else rank 0' <<'END'
cat >deep.toml <<'EOF'
[bootstrap]
hosts = [
    { host = "top" },
    { host = "mid", parent = "top" },
    { host = "h1", parent = "mid" },
    { host = "h[2-9]", parent = "h1" },
]
EOF
parents () { timeout 30 flux start --test-size=4 --test-hosts="$1" -c deep.toml sh -c 'for r in 1 2 3; do flux overlay parentof $r; done | xargs; flux getattr size'; }
expect_output "0 0 0
4" parents 'h2,h3,h4,other'
expect_output "0 1 1
4" parents 'h9,mid,h2,h3'
expect_output "0 1 2
4" parents 'x,top,h1,h5'
expect_output "0 0 0
4" parents 'h1,h1,h2,h3'
END

test_case 'what cannot be a tree is refused' <<'END'
printf '[bootstrap]\nhosts = [ { host = "h1", parent = "h2" }, { host = "h2", parent = "h1" } ]\n' >cycle.toml
expect_fail tree_of -c cycle.toml 2>err
expect_in_file 'in a cycle' err
expect_fail tree_of -Stbon.topo=custom 2>err
expect_in_file 'topology custom needs the array bootstrap.hosts' err
printf '[bootstrap]\nhosts = [ { hots = "h1", parent = "h2" } ]\n' >bad.toml
expect_fail tree_of -c bad.toml 2>err
expect_in_file 'bootstrap.hosts: ' err
END

test_case 'a custom tree heals as any other' <<'END'
cat >inside.sh <<'EOF'
kill -9 $(broker_pid 1)
wait_until 10 flux ping -c 1 --rank 2 attr
flux overlay rejoin --force 1 & 
wait_until 10 flux ping -c 1 --rank 1 attr
expect_output 0 flux overlay parentof 1
EOF
timeout -k 5 40 flux start --test-size=7 --test-hosts='h[0-6]' -c racks.toml bash -eu inside.sh
END

test_case 'flux config reload: the two that may change while running' <<'END'
cp tbon.toml live.toml
cat >inside.sh <<'EOF'
sed -i 's/9s/7s/' live.toml
flux config reload
wait_until 5 expect_output 7s flux exec -r 1 flux getattr tbon.torpid_max
expect_output 11s flux getattr tbon.tcp_user_timeout
sed -i 's/7s/never/' live.toml
expect_fail flux config reload 2>err
expect_in_file 'tbon.torpid_max=never' err
expect_output 7s flux getattr tbon.torpid_max
EOF
timeout -k 5 40 flux start --test-size=2 -c live.toml bash -eu inside.sh
END

test_case 'config.path as an attribute that comes from Slurm' <<'END'
expect_output 'kary:3' env FLUX_BOOTSTRAP_ATTRS="config.path=$PWD/tbon.toml" flux start --test-size=2 flux getattr tbon.topo
END

test_done
