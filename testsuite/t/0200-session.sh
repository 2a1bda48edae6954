#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The first-steps session: what somebody types on the first day, and what it must look like.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance: in_flux [OPTIONS of flux start...] <script
in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

test_case 'the interactive prompt tells size and depth' <<'END'
export SHELL=/bin/bash HOME=$PWD
printf 'flux getattr size\nexit\n' |
    script -qec 'flux start --test-size 4' /dev/null >raw
sed 's/\x1b\[[0-9?;]*[a-zA-Z]//g; s/\r//g' raw >out
expect_in_file 'ƒ\(s=4,d=0\) [^ ]+@[^ ]+:[^ ]*[$#] ' out
expect_in_file '^4$' out
END

test_case 'flux --help lists the commands' <<'END'
flux --help >out
for verb in run submit jobs job cancel resource top start queue; do
    expect_in_file "^   $verb " out
done
END

test_case 'flux resource list of four brokers' <<'END'
in_flux --test-size 4 <<'EOS'
flux resource list >out
EOS
expect_equal 'STATE NNODES NCORES NGPUS NODELIST' "$(head -n1 out | xargs)"
expect_match '^free 4 [0-9]+ 0 .' "$(sed -n 2p out | xargs)"
expect_equal 'allocated 0 0 0' "$(sed -n 3p out | xargs)"
expect_equal 'down 0 0 0' "$(sed -n 4p out | xargs)"
END

test_case 'submit prints an id, run prints what the job prints' <<'END'
in_flux <<'EOS'
flux submit hostname >id
flux run hostname >host
EOS
expect_match '^ƒ[1-9A-HJ-NP-Za-km-z]+$' "$(cat id)"
expect_equal "$(hostname)" "$(cat host)"
END

test_case 'flux jobs shows running jobs, the newest first' <<'END'
in_flux <<'EOS'
flux submit sleep 360 >id1
flux submit sleep 360 >id2
flux job wait-event -q $(cat id1) start
flux job wait-event -q $(cat id2) start
flux jobs >out
flux top --test-exit >top
flux cancel --all 2>/dev/null
EOS
expect_equal 'JOBID USER NAME ST NTASKS NNODES TIME INFO' "$(head -n1 out | xargs)"
expect_match "^$(cat id2) $(id -un) sleep R 1 1 [0-9.]+m?s [^ ]+$" "$(sed -n 2p out | xargs)"
expect_match "^$(cat id1) $(id -un) sleep R 1 1 [0-9.]+m?s [^ ]+$" "$(sed -n 3p out | xargs)"
expect_equal 3 "$(wc -l <out)"
expect_in_file '2 running' top
expect_in_file "$(cat id1) " top
END

test_case 'flux job info ID jobspec is JSON' <<'END'
in_flux <<'EOS'
id=$(flux submit sleep 0.01)
flux job info $id jobspec >spec
EOS
expect_equal 'sleep' "$(jq -r '.tasks[0].command[0]' spec)"
END

test_case 'carbon copies: --cc, --wait, exit codes and the final states' <<'END'
in_flux <<'EOS'
flux submit --cc=0-1 --wait /bin/true >true.ids
rc=0; flux submit --cc=0-1 --wait /bin/false >false.ids || rc=$?
[ $rc -eq 1 ]
flux submit --cc=0-7 sleep inf >sleep.ids
flux jobs --filter=inactive >inactive
flux jobs -f completed -no '{status_abbrev} {name}' >completed
flux cancel --all 2>cancel
flux queue drain
flux jobs -no '{status_abbrev}' -f canceled >canceled
EOS
expect_equal 2 "$(wc -l <true.ids)"
expect_equal 8 "$(wc -l <sleep.ids)"
expect_equal 5 "$(wc -l <inactive)"
expect_equal 2 "$(grep -c ' false  *F  *1  *1 ' inactive)"
expect_equal 2 "$(grep -c ' true  *CD  *1  *1 ' inactive)"
expect_equal "$(printf 'CD true\nCD true')" "$(cat completed)"
expect_equal 'flux-cancel: Canceled 8 jobs (0 errors)' "$(cat cancel)"
expect_equal 8 "$(grep -c '^CA$' canceled)"
END

test_case '--format=long with job ids' <<'END'
in_flux <<'EOS'
a=$(flux submit sleep 360); b=$(flux submit sleep 360)
flux job wait-event -q $b start
flux jobs --format=long $a $b >out
flux cancel $a $b
EOS
expect_equal 'JOBID USER NAME STATUS NTASKS NNODES T_SUBMIT T_REMAINING TIME INFO' "$(head -n1 out | xargs)"
expect_equal 2 "$(grep -c ' sleep  *RUN ' out)"
END

test_case 'ids are ASCII where the locale is' <<'END'
in_flux <<'EOS'
LC_ALL=C flux submit true >id
flux jobs -ano '{id}' >list
EOS
expect_match '^f[1-9A-HJ-NP-Za-km-z]+$' "$(cat id)"
expect_equal "ƒ$(cut -c2- id)" "$(cat list)"
END

test_case 'flux top in a terminal, and out of it' <<'END'
in_flux <<'EOS'
flux submit sleep 360 >id
TERM=xterm script -qec 'stty rows 20 cols 90; flux top' /dev/null >screen < <(sleep 0.5; printf q; sleep 0.5)
rc=0; flux top </dev/null 2>err || rc=$?
[ $rc -eq 1 ]
flux cancel --all 2>/dev/null
EOS
expect_in_file 'flux-top' screen
expect_in_file 'sleep' screen
expect_equal 'flux-top: standard input and output must be a terminal' "$(cat err)"
END

test_case 'flux version and flux getattr' <<'END'
in_flux -s2 <<'EOS'
flux version >version
flux getattr size >size
flux getattr version >core
EOS
expect_in_file '^broker:' version
expect_in_file '^serves clients of:.*flux-core 0[.]88[.]0$' version
expect_equal 0.88.0 "$(cat core)" # as clients of flux-core want it
expect_in_file '^FLUX_URI:.*local://' version
expect_equal 2 "$(cat size)"
END

test_done
