#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Processes of tasks: flux job hostpids, tasks that stop in exec, the MPIR interface for debuggers.

. "$(dirname "$0")/lib.sh"

stopped () { for p in "$@"; do grep -q '^State:.T' "/proc/$p/status" || return 1; done; }

test_case 'hostpids: all tasks of all nodes, some of them, another delimiter' <<'END'
cat >run.sh <<'EOF'
id=$(flux submit -N3 -n6 sleep 300)
pids=$(flux job hostpids $id)
expect_match '^a:[0-9]+,a:[0-9]+,b:[0-9]+,b:[0-9]+,c:[0-9]+,c:[0-9]+$' "$pids"
for p in ${pids//,/ }; do
    expect_output sleep cat /proc/${p#*:}/comm
done
expect_output "$(cut -d, -f2,5 <<<"$pids" | tr , ' ')" flux job hostpids -d' ' -r1,4 $id
expect_output "$(cut -d, -f2,5 <<<"$pids" | tr , '\n')" flux job hostpids -d'\n' -r1,4 $id
one=$(flux submit sleep 300)
expect_match '^[abcd]:[0-9]+$' "$(flux job hostpids $one)"
flux cancel --all 2>/dev/null
flux job wait-event -q $id clean
expect_exit 1 flux job hostpids $id 2>err
expect_in_file 'it is not running' err
held=$(flux submit --urgency=hold true)
expect_exit 1 flux job hostpids -t 0.1s $held 2>err
expect_in_file 'not started in time' err
flux cancel $held
expect_exit 1 flux job hostpids $held 2>err
expect_exit 1 flux job hostpids -r x $id 2>err
expect_in_file '^flux-job: --ranks=x: not an idset$' err
EOF
flux start -s4 --test-hosts=a,b,c,d bash -eEu run.sh
END

test_case 'stop-tasks-in-exec: tasks wait for SIGCONT' <<'END'
cat >run.sh <<'EOF'
id=$(flux submit -N2 -n2 -o stop-tasks-in-exec sh -c 'echo ran')
pids=$(flux job hostpids -d' ' $id)
wait_until 5 stopped ${pids//[ab]:/}
flux job kill -s CONT $id
expect_output 'ran ran' eval "flux job attach $id | xargs"
bad=$(flux submit -o stop-tasks-in-exec ./absent)
expect_exit 127 flux job attach $bad 2>err
EOF
flux start -s2 --test-hosts=a,b bash -eEu run.sh
END

test_case 'a debugger of flux run finds the tasks at MPIR_Breakpoint' <<'END'
cat >gdb.cmd <<'EOF'
set pagination off
break main
run
set var MPIR_being_debugged = 1
break MPIR_Breakpoint
continue
print MPIR_debug_state
print MPIR_proctable_size
print MPIR_proctable[1].host_name
print MPIR_proctable[0].executable_name
printf "pids %d %d\n", MPIR_proctable[0].pid, MPIR_proctable[1].pid
continue
EOF
timeout 50 flux start -s2 --test-hosts=a,b gdb -q -batch -x gdb.cmd \
    --args "$(command -v flux)" run -N2 -n2 /bin/echo went on >out 2>&1
expect_in_file '^\$1 = 1$' out
expect_in_file '^\$2 = 2$' out
expect_in_file '^\$3 = .*"b"$' out
expect_in_file '^\$4 = .*"/bin/echo"$' out
expect_in_file '^pids [1-9][0-9]* [1-9]' out
expect_output 2 grep -c '^went on$' out
expect_in_file 'exited normally' out
END

test_done
