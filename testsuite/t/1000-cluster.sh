#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The private cluster as a tool of its own.
. "$(dirname "$0")/lib.sh"
SPANK_FLUX=/nonexistent
slurm_up 4

test_case 'nodes have their own hostnames and jobs run as the test user' <<'END'
expect_equal "n1 n2 n3 n4" "$(as_user srun -N4 hostname | sort | xargs)"
expect_output fluxtest as_user srun -N1 id -un
END

test_case 'sbatch, exit codes and stdin work' <<'END'
printf '#!/bin/sh\nhostname\nexit 3\n' >user/job.sh
expect_exit 3 run_batch -w n1 -o out.txt job.sh
expect_equal n1 "$(cat user/out.txt)"
expect_equal hello "$(echo hello | as_user srun -N1 cat)"
END

test_case -t 180 'a second cluster can be up beside it, in each mode' <<'END'
for mode in plain uts netns; do
    "$CLUSTER" up 2 --mode $mode --dir "$T_TMP/second" --names m
    at_end "[ ! -d $T_TMP/second ] || '$CLUSTER' -d $T_TMP/second down"
    "$CLUSTER" --dir "$T_TMP/second" as - timeout 20 srun -l -N2 sh -c 'echo $SLURMD_NODENAME' >out
    expect_equal "0: m1 1: m2" "$(sort out | xargs)"
    expect_equal n1 "$(as_user srun -N1 -w n1 hostname)"
    "$CLUSTER" --dir "$T_TMP/second" down
    [ ! -e "$T_TMP/second" ]
done
END

test_case 'a link can be cut and joined' <<'END'
"$CLUSTER" up 2 --mode netns --dir "$T_TMP/third" --names k
at_end "[ ! -d $T_TMP/third ] || '$CLUSTER' -d $T_TMP/third down"
addr=$(sed -n 's/ k2$//p' "$T_TMP/third/hosts")
ping -c1 -W1 "$addr" || command -v ping || exit 0
"$CLUSTER" --dir "$T_TMP/third" link k2 down
expect_fail ping -c1 -W1 "$addr"
"$CLUSTER" --dir "$T_TMP/third" link k2 up
wait_until 5 ping -c1 -W1 "$addr"
"$CLUSTER" --dir "$T_TMP/third" down
END

test_case 'down ends what runs in it, and only that' <<'END'
"$CLUSTER" up 1 --mode uts --dir "$T_TMP/fourth" --names j
"$CLUSTER" --dir "$T_TMP/fourth" as - sbatch -o /dev/null --wrap 'exec sleep 47474'
as_user sbatch -o /dev/null --wrap 'exec sleep 48484'
wait_until 10 pgrep -f '^sleep 47474'
wait_until 10 pgrep -f '^sleep 48484'
"$CLUSTER" --dir "$T_TMP/fourth" down
expect_fail pgrep -f '^sleep 47474'
pgrep -f '^sleep 48484'
as_user scancel --me
wait_until 10 no_user_processes
END

test_case 'a version that cannot be downloaded is said so, and leaves nothing' <<'END'
export DEBIAN_MIRROR=http://127.0.0.1:1/debian CLUSTER_CHROOTS=$T_TMP/chroots
expect_exit 4 "$CLUSTER" --dir "$T_TMP/bad" up 1 --version 24.11 2>err
expect_in_file 'COULD NOT GET DEBIAN trixie WITH SLURM 24.11 FROM http://127.0.0.1:1/debian' err
[ ! -e "$T_TMP/bad" ] && [ ! -e "$CLUSTER_CHROOTS/24.11" ] && [ ! -e "$CLUSTER_CHROOTS/24.11.new" ]
END

test_case 'bad arguments are refused by name' <<'END'
bad () { expect_exit 2 "$CLUSTER" --dir "$T_TMP/bad" "$@" 2>err; [ ! -e "$T_TMP/bad" ]; }
bad up
bad up x
bad up 0
bad up 9999
bad up 2 --mode magic; expect_in_file magic err
bad up 2 --bind; expect_in_file bind err
bad up 2 --frob; expect_in_file frob err
bad frob; expect_in_file frob err
bad up 2 --dir
expect_exit 1 "$CLUSTER" --dir "$T_TMP/bad" down
expect_exit 1 "$CLUSTER" --dir "$CLUSTER_DIR" up 1
expect_fail "$CLUSTER" --dir "$T_TMP/bad" up 1 --version 9.99 2>err; expect_in_file "9\.99" err
[ ! -e "$T_TMP/bad" ]
END

test_done
