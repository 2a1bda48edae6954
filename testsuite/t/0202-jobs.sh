#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux jobs, pgrep, pkill, pstree, watch: finding and showing jobs.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance: in_flux [OPTIONS of flux start...] <script
in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

test_case 'filters by state, result, name, id, count' <<'END'
in_flux <<'EOS'
flux submit --cc=1-3 --wait --job-name=good true >good
flux submit --cc=1-2 --wait --job-name=bad false >bad || true
run=$(flux submit --job-name=busy sleep 300)
flux job wait-event -q $run start
held=$(flux submit --urgency=0 --job-name=held true)
flux jobs -no '{name}' | sort | xargs >active
flux jobs -ano '{name}' | sort | uniq -c | xargs >all
flux jobs -f completed -no '{name}' | sort -u >completed
flux jobs -f failed,running -no '{name}' | sort -u | xargs >mixed
flux jobs -f pending -no '{name} {contextual_info}' >pending
flux jobs -a --name=bad -no '{id}' | wc -l >byname
flux jobs -no '{id}' $run $held | wc -l >byid
flux jobs -ac1 -n >count 2>warn
flux jobs -ac1 >/dev/null 2>warn2
flux jobs -a --since=+1h >/dev/null 2>future || true
flux jobs -u all -no '{userid}' | sort -u >users
flux cancel --all 2>/dev/null
EOS
expect_equal 'busy held' "$(cat active)"
expect_equal '2 bad 1 busy 3 good 1 held' "$(cat all)"
expect_equal good "$(cat completed)"
expect_equal 'bad busy' "$(cat mixed)"
expect_equal 'held held' "$(cat pending)"
expect_equal 2 "$(cat byname)"
expect_equal 2 "$(cat byid)"
expect_equal 1 "$(wc -l <count)"
[ ! -s warn ]
expect_in_file 'output truncated at 1 jobs' warn2
expect_in_file '^flux-jobs: --since=\+1h is in the future' future
expect_equal "$(id -u)" "$(cat users)"
END

test_case 'formats: named, own, sorted, with a width' <<'END'
in_flux <<'EOS'
flux submit --cc=1-3 --wait --job-name=a-rather-long-name-{cc} true >ids
flux jobs -o help >help
for f in default long deps endreason cute; do flux jobs -ao $f >f.$f; done
flux jobs -ano '{name:<8.8+}|{ntasks:03d}|{status}' >own
flux jobs -ano 'sort:-name {name}' >sorted
flux jobs -an --sort=name -o '{name}' >sorted2
flux jobs -a --width=20 >narrow
FLUX_JOBS_FORMAT_DEFAULT='{id.f58plain}' flux jobs -an >env
flux jobs -a --color=always >color
EOS
expect_equal 5 "$(grep -c '^  [a-z]' help)"
expect_equal 'JOBID USER NAME ST T_INACTIVE INACTIVE-REASON' "$(head -n1 f.endreason | xargs)"
expect_equal 3 "$(grep -c 'Exit 0$' f.endreason)"
expect_equal 3 "$(grep -c '^a-rathe+|001|COMPLETED$' own)"
expect_equal 'a-rather-long-name-3' "$(head -n1 sorted)"
expect_equal 'a-rather-long-name-1' "$(head -n1 sorted2)"
expect_equal 20 "$(head -n1 narrow | tr -d '\n' | wc -m)"
expect_equal 3 "$(grep -c '^f' env)"
expect_equal 3 "$(grep -c $'^\e\\[01;32m.*\e\\[0;0m$' color)"
END

test_case '--json, --stats, --stats-only' <<'END'
in_flux <<'EOS'
id=$(flux submit --wait --job-name=x true)
flux submit --wait false >/dev/null || true
flux jobs -a --json >many
flux jobs --json $id >one
flux jobs --stats -n >stats
rc=0; flux jobs --stats-only >only || rc=$?; echo $rc >rc
rc=0; flux jobs --json --stats 2>both || rc=$?; [ $rc -eq 1 ]
EOS
expect_output 2 jq '.jobs | length' many
expect_output 'x COMPLETED 0 true' jq -r '"\(.name) \(.status) \(.returncode) \(.success)"' one
expect_equal '0 running, 1 completed, 1 failed, 0 pending, 0 inactive purged' "$(cat stats)"
expect_equal 1 "$(cat rc)"
END

test_case 'wrong input of flux jobs' <<'END'
in_flux <<'EOS'
bad () { rc=0; "$@" >out 2>err || rc=$?; [ $rc -gt 0 ] && [ ! -s out ] && [ $(wc -l <err) -eq 1 ] && cat err >>errors; }
bad flux jobs -o '{bogus}'
bad flux jobs -o nosuch
bad flux jobs -o '{id'
bad flux jobs -f nosuch
bad flux jobs --sort=nosuch
bad flux jobs -u no-such-user
bad flux jobs -c x
bad flux jobs f999
bad flux jobs not/an/id
bad flux jobs --color=blue
bad flux jobs -i '[['
EOS
expect_equal "flux-jobs: --format: unknown format field: bogus
flux-jobs: --format=nosuch: no such format (\`help' lists them)
flux-jobs: --format: '{id' is not closed
flux-jobs: --filter=nosuch: nosuch: no such state or result
flux-jobs: --sort: invalid sort key: nosuch
flux-jobs: there is no user no-such-user
flux-jobs: --count=x: not a number
flux-jobs: JobID f999 unknown
flux-jobs: not/an/id: not a job id
flux-jobs: --color=blue: not one of auto, always, never
flux-jobs: --include=[[: neither ranks nor hosts" "$(sed 's/format: format:/format:/' errors)"
END

test_case '--include by rank and host' <<'END'
in_flux -s2 --test-hosts='n[0-1]' <<'EOS'
flux submit --wait --requires=rank:1 true >one
flux submit --wait -N2 true >two
flux jobs -a -i 0 -no '{id}' >rank0
flux jobs -a -i n1 -no '{id}' | wc -l >host1
EOS
expect_equal "$(cat two)" "$(cat rank0)"
expect_equal 2 "$(cat host1)"
END

test_case 'pgrep and pkill' <<'END'
in_flux <<'EOS'
a=$(flux submit --job-name=alpha sleep 300); b=$(flux submit --job-name=beta sleep 300)
flux pgrep alp >found
flux pgrep -no full 'alpha|beta' | wc -l >two
flux pgrep name:^be >byname
flux pgrep $a..$b | wc -l >range
rc=0; flux pgrep gamma || rc=$?; [ $rc -eq 1 ]
rc=0; flux pgrep '(' 2>err || rc=$?; [ $rc -eq 2 ]
flux pkill --wait beta 2>killed
flux jobs -no '{name}' >left
flux cancel --all 2>/dev/null
echo $a >a; echo $b >b
EOS
expect_equal "$(cat a)" "$(cat found)"
expect_equal 2 "$(cat two)"
expect_equal "$(cat b)" "$(cat byname)"
expect_equal 2 "$(cat range)"
expect_equal 'flux-pkill: Canceled 1 job' "$(cat killed)"
expect_equal alpha "$(cat left)"
END

test_case 'pstree combines what is alike; watch follows jobs to their end' <<'END'
in_flux <<'EOS'
id=$(flux submit --job-name=talk sh -c 'echo one; sleep 0.3; echo two; exit 3')
flux job wait-event -q $id start
rc=0; flux watch $id >talk || rc=$?; [ $rc -eq 3 ]
flux submit --cc=1-2 sleep 300 >/dev/null
for i in $(seq 50); do [ $(flux jobs -f run -no '{id}' | wc -l) -eq 2 ] && break; sleep 0.05; done
flux pstree >tree
LC_ALL=C flux pstree -X >ascii
flux cancel --all 2>/dev/null
flux watch --all >again || true
rc=0; flux watch 2>none || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal "$(printf 'one\ntwo')" "$(cat talk)"
expect_equal "$(printf '.\n└── 2*[sleep]')" "$(cat tree)"
expect_equal "$(printf '.\n|-- sleep\n`-- sleep')" "$(cat ascii)"
expect_in_file two again
END

test_done
