#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Instances: flux start, alloc, batch, proxy, uri, shutdown; and what administrators look at.

. "$(dirname "$0")/lib.sh"

# Run a script in a fresh instance: in_flux [OPTIONS of flux start...] <script
in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

test_case 'start: exit codes, attributes, options of the broker' <<'END'
expect_exit 0 flux start true
expect_exit 7 flux start sh -c 'exit 7'
expect_exit 7 flux start -s3 sh -c 'exit 7'
expect_exit 143 flux start sh -c 'kill -TERM $$'
expect_output 3 flux start -s3 flux getattr size
expect_output 6 flux start -Slog-stderr-level=6 flux getattr log-stderr-level
expect_output 5 flux start -o,-Slog-stderr-level=5 flux getattr log-stderr-level
expect_output 7 flux start -o,-v flux getattr log-stderr-level 2>/dev/null
expect_output hello flux start <<<'echo hello'
flux start -X -v -s2 true 2>err
expect_in_file '^flux-start: .*flux-broker true$' err
END

test_case 'start: what is refused' <<'END'
bad () { want=$1; shift; expect_exit 1 timeout 20 "$@" 2>err; expect_equal "$want" "$(cat err)"; }
bad 'flux-start: --test-size=0: out of range (1 to 16384)' flux start -s0
bad 'flux-start: --test-size=x: not a number' flux start -sx
bad 'flux-start: --setattr=novalue: not ATTR=VAL' flux start -Snovalue true
bad 'flux-start: --test-hosts goes with --test-size only' flux start --test-hosts=a true
bad 'flux-start: --test-hosts=a: 1 hosts for 2 brokers' flux start -s2 --test-hosts=a true
bad "flux-start: --test-rundir=$PWD/none: No such file or directory" flux start -s1 "--test-rundir=$PWD/none" true
END

test_case 'start: a broker that can not start takes the others with it' <<'END'
mkdir bin
printf '#!/bin/sh\n[ "$FLUX_BOOTSTRAP_RANK" = 1 ] && exit 3\nexec %s/shell/broker/flux-broker "$@"\n' "$top_builddir" >bin/flux-broker
chmod +x bin/flux-broker
code=0; FLUX_EXEC_PATH=$PWD/bin:$FLUX_EXEC_PATH timeout 30 flux start -s3 sleep 60 2>err || code=$?
[ $code -ne 0 ] && [ $code -ne 124 ]
[ -s err ]
END

test_case 'start: --rundir is made and removed, --test-rundir only with --test-rundir-cleanup' <<'END'
expect_output "$PWD/rd" flux start -s3 --rundir="$PWD/rd" sh -c 'flux getattr rundir; ls "$(flux getattr rundir)" >list'
expect_in_file local-2 list
expect_fail test -e rd
mkdir -m 700 rd && touch rd/mine
flux start -s2 --rundir="$PWD/rd" true
flux start -s2 --test-rundir="$PWD/rd" true
expect_output rd/mine ls rd/mine
flux start -s2 --test-rundir="$PWD/rd" --test-rundir-cleanup true
expect_fail test -e rd
expect_exit 1 flux start -s2 --test-rundir-cleanup true
expect_exit 1 flux start --test-rundir-cleanup true
long=$PWD/$(printf 'x%.0s' {1..100}) # no socket fits in there
mkdir "$long"
TMPDIR=$long flux start -s2 sh -c 'flux getattr rundir; flux proxy "$FLUX_URI" flux getattr size' >out
expect_in_file '^/tmp/flux-' out
expect_in_file '^2$' out
rmdir "$long"
expect_exit 1 env TMPDIR=/nonesuch flux start true 2>err
expect_in_file 'no folder can be made in /nonesuch: No such file' err
expect_exit 1 flux start -Srundir="$PWD/$(basename "$long")" true 2>err
expect_in_file 'the local socket: File name too long' err
END

test_case 'start: --test-exit-mode' <<'END'
cat >last <<'EOF'
kill -KILL $(flux exec -r2 flux getattr broker.pid)
flux overlay status -w degraded --summary >status
EOF
expect_exit 0 flux start -s3 bash last 2>err
expect_in_file '^degraded$' status
cat >first <<'EOF'
kill -KILL $(flux exec -r2 flux getattr broker.pid)
sleep 300
EOF
expect_exit 137 timeout 60 flux start -s3 --test-exit-mode=any --test-exit-timeout=0.1s bash first 2>err
expect_exit 1 flux start -s2 --test-exit-mode=some true
END

test_case 'a broker that is killed leaves no run directory, but one that was there before' <<'END'
mkdir -m 700 rd mine
killed='flux run true; kill -KILL $(flux getattr broker.pid)'
expect_exit 137 env TMPDIR="$PWD/rd" flux start sh -c "flux getattr rundir >path; $killed"
expect_in_file /rd/flux- path
expect_exit 137 flux start -Srundir="$PWD/mine" sh -c "$killed"
for i in $(seq 200); do [ "$(ls rd)" ] || break; sleep 0.05; done
expect_output '' ls rd
[ -e mine/local-0 ]
END

test_case 'start: --test-pmi-clique, --sysconfig' <<'END'
tcp='flux getattr broker.mapping; flux getattr tbon.endpoint | cut -d: -f1'
lo=-Stbon.interface-hint=lo
expect_output '[[0,1,3,1]] ipc' flux start -s3 sh -c "echo \$($tcp)"
expect_output '[[0,1,3,1]] ipc' flux start -s3 --test-pmi-clique=single sh -c "echo \$($tcp)"
expect_output '[[0,3,1,1]] tcp' flux start -s3 $lo --test-pmi-clique=per-broker sh -c "echo \$($tcp)"
expect_output 'tcp' flux start -s3 $lo --test-pmi-clique=none sh -c "echo \$($tcp)"
expect_output '[[0,1,2,1],[1,1,1,1]] ipc' flux start -s3 --test-pmi-clique='[[0,1,2,1],[1,1,1,1]]' \
    -Stbon.prefertcp=0 sh -c "echo \$($tcp)"
expect_exit 1 flux start -s3 --test-pmi-clique=bad true
flux start -X -v --sysconfig true 2>err
expect_in_file ' -c/.*flux/system/conf.d ' err
END

test_case 'start: a program that is one word with blanks is a line for the shell, unless there is such a file' <<'END'
expect_output 'a 1' flux start 'echo -n; echo a $(flux getattr size)'
expect_output 'a b; c' flux start echo 'a b;' c
expect_exit 3 flux start -s2 'exit 3'
expect_exit 127 flux start nosuch
printf '#!/bin/sh\necho mine\n' >'my script'
chmod +x 'my script'
expect_output mine flux start './my script'
END

test_case 'start: SIGTERM ends the instance' <<'END'
flux start -s2 sh -c 'echo up >up; sleep 300' & pid=$!
for i in $(seq 100); do [ -e up ] && break; sleep 0.05; done
kill -TERM $pid
for i in $(seq 200); do kill -0 $pid 2>/dev/null || break; sleep 0.05; done
expect_fail kill -0 $pid
END

test_case 'a test host list names the nodes' <<'END'
in_flux -s3 --test-hosts='n[0-2]' <<'EOS'
flux resource list -no '{nodelist}' -s free >free
flux overlay lookup n2 >rank
flux hostlist -l >all
flux hostlist --expand -d: -n1-2 -l >expand
flux hostlist -cl >count
flux resource drain n1 a reason
flux resource status -no '{state} {nodelist}' >status
flux resource drain -no '{nodelist} {reason}' >drain
flux hostlist avail >avail
rc=0; flux resource drain n1 again 2>again || rc=$?; [ $rc -eq 1 ]
flux resource drain -f n1 other
flux resource drain -no '{reason}' >other
rc=0; flux resource drain nosuch 2>nosuch || rc=$?; [ $rc -eq 1 ]
flux submit --wait -N2 hostname >/dev/null
flux resource undrain n1
flux resource info >info
flux resource list -s all -no '{nnodes}' -i 0,2 >include
flux resource R -i n1 >R
flux exec -n -l -r1-2 true
EOS
expect_equal 'n[0-2]' "$(cat free)"
expect_equal 2 "$(cat rank)"
expect_equal 'n[0-2]' "$(cat all)"
expect_equal n1:n2 "$(cat expand)"
expect_equal 3 "$(cat count)"
expect_in_file '^drained n1$' status
expect_equal 'n1 a reason' "$(cat drain)"
expect_equal 'n[0,2]' "$(cat avail)"
expect_in_file 'Use --force to overwrite' again
expect_equal other "$(cat other)"
expect_equal 1 "$(wc -l <nosuch)"
expect_match '^3 Nodes, [0-9]+ Cores, 0 GPUs$' "$(cat info)"
expect_equal 2 "$(cat include)"
expect_in_file '"nodelist":\["n1"\]' R
END

test_case 'drain: reasons that stay, are given later or overwritten; undrain; the eventlog of some nodes' <<'END'
in_flux -s3 --test-hosts='n[0-2]' <<'EOS'
how () { flux resource drain -no '{ranks}:{reason}' | sort | xargs; }
flux resource drain 1
flux resource drain 1 first       # there was none
code=0; flux resource drain 0-1 second 2>err || code=$?
expect_equal 1 $code
expect_match 'rank 1 is already drained' "$(cat err)"
expect_equal '1:first' "$(how)"   # and 0 is not drained in part
time=$(flux resource drain -no '{timestamp}')
flux resource drain --update 0-1 second
expect_equal '0:second 1:first' "$(how)"
flux resource drain --force 1 third
expect_equal '0:second 1:third' "$(how)"
expect_equal $time "$(flux resource drain -no '{timestamp}' -i 1)"
flux resource drain -ff 1 fourth
[ "$time" != "$(flux resource drain -no '{timestamp}' -i 1)" ]
code=0; flux resource undrain 1-2 2>err || code=$?
expect_equal '1 flux-resource: rank 2 not drained' "$code $(cat err)"
expect_equal '0:second 1:fourth' "$(how)"
flux resource undrain --force 1-2
expect_equal '0:second' "$(how)"
expect_equal 'drain drain drain drain drain' "$(flux resource eventlog -i n1 | grep -o ' drain idset' | cut -d' ' -f2 | xargs)"
expect_equal 1 "$(flux resource eventlog -i 0 | grep -c ' drain ')"
expect_equal 0 "$(flux resource eventlog -i 2 | grep -c ' drain ')"
expect_equal 1 "$(flux resource eventlog -i 2 | grep -c ' undrain ')"
code=0; flux resource eventlog -i nowhere 2>err || code=$?
expect_equal "1 flux-resource: --include: host 'nowhere' not found" "$code $(cat err)"
code=0; flux resource drain '' 2>err || code=$?
expect_equal '1 flux-resource: idset is empty' "$code $(cat err)"
flux resource drain 2 second      # the same reason at another time: one row
expect_equal '0,2:second' "$(how)"
expect_equal 2 "$(flux resource drain -no '{timestamp} {nnodes}' | grep -c ' 1$')"
expect_equal '2 3' "$(flux resource status -s drain -no '{nnodes}') $(flux resource status -s online -no '{nnodes}')"
flux resource undrain -u 0-1; flux resource undrain -ff 0,2 why
expect_equal 'overwrite=1 overwrite=0 overwrite=2' "$(flux resource eventlog | grep ' undrain ' | grep -o 'overwrite=.' | xargs)"
expect_equal 'undrain idset=0,2 nodelist=n[0,2] overwrite=2 reason=why' "$(flux dmesg | grep -o 'undrain.*' | tail -n1)"
EOS
END

test_case 'ssh://: flux relay passes the greeting and the messages' <<'END'
printf '#!/bin/sh\nshift\nexec "$@"\n' >ssh; chmod +x ssh
cat >run.sh <<'EOF'
uri=$(flux getattr local-uri)
sleep 0.5 | flux relay ${uri#local://} | od -An -tx1 -N1
FLUX_URI=ssh://there${uri#local://} FLUX_SSH=$PWD/ssh flux getattr size
EOF
expect_output " 00
2" timeout 30 flux start -s2 bash run.sh
END

test_case 'alloc: an instance as a job; proxy, uri, --parent, shutdown' <<'END'
in_flux <<'EOS'
flux alloc -n1 flux getattr instance-level >level
flux alloc -n1 --job-name=env sh -c 'echo $FLUX_ENCLOSING_ID; env | grep -cE "^(PMI_|FLUX_JOB_ID=|FLUX_TASK)"' >env || true
flux jobs -an --name=env -o '{id}' >envid
id=$(flux alloc -N1 --bg)
flux uri --local $id >uri
flux proxy $id flux getattr instance-level >proxy
flux proxy $id flux --parent getattr instance-level >parent
flux proxy $id flux submit --wait true >/dev/null
flux jobs -o '{id.f58} {instance.stats.total} {uri.local}' $id >jobs
flux jobs -R -no '{name}' -a >recursive
flux pstree -a >tree
flux top --test-exit $id >top
flux shutdown $id
flux job status $id
echo $id >id
rc=0; flux proxy f9999 true 2>none || rc=$?; [ $rc -eq 1 ]
rc=0; flux uri $id 2>gone || rc=$?; [ $rc -eq 1 ]
rc=0; flux alloc true 2>slots || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal 1 "$(cat level)"
expect_equal "$(cat envid; echo 0)" "$(cat env)"
expect_match '^local:///' "$(cat uri)"
expect_equal 1 "$(cat proxy)"
expect_equal 0 "$(cat parent)"
expect_match "^$(cat id) 1 local:///" "$(tail -n1 jobs)"
expect_in_file true recursive
expect_in_file "flux-top - $(cat id)" top
expect_equal 1 "$(wc -l <none)"
expect_match 'is not running' "$(cat gone)"
expect_equal 'flux-alloc: the number of slots (-n) or of nodes (-N) is needed' "$(cat slots)"
END

test_case 'pstree: details in front, the root left out or not, numbers of each instance' <<'END'
in_flux <<'EOS'
id=$(flux alloc -n1 --job-name=nest --bg)
flux proxy $id flux submit --cc=1-3 --job-name=leaf sleep 300 >inner
for i in $(seq 100); do [ $(flux proxy $id flux jobs -f run -no '{id}' | wc -l) -eq 1 ] && break; sleep 0.05; done
flux pstree -x >extended
flux pstree -xn --skip-root=no >rooted
flux pstree -d stats >stats
flux pstree -a --parent-label='{name} {instance.stats}' $id >labels
flux pstree --detail-format='{id.f58plain:>14}' -d stats -L0 >own
rc=0; flux pstree -d nothing 2>err || rc=$?; [ $rc -eq 1 ]
rc=0; flux pstree --skip-root=maybe 2>>err || rc=$?; [ $rc -eq 1 ]
flux cancel --all 2>/dev/null
echo ${id} >id
EOS
expect_match '^ +JOBID USER +ST NTASKS NNODES +RUNTIME *$' "$(head -n1 extended)"
expect_match "^ +$(cat id) .* nest$" "$(sed -n 2p extended)"
expect_match "^ +$(head -n1 inner) .* └── leaf$" "$(sed -n 3p extended)"
expect_equal 3 "$(wc -l <extended)"
expect_match '^ +\. .* \.$' "$(head -n1 rooted)"
expect_match '└── nest$' "$(sed -n 2p rooted)"
expect_match 'PD:2 R:1 CD:0 F:0 .* nest$' "$(cat stats)"
expect_equal "$(printf 'nest PD:2 R:1 CD:0 F:0\n├── 2*[leaf:S]\n└── leaf:R')" "$(cat labels)"
expect_equal 2 "$(wc -l <own)"
expect_in_file "--details=nothing: not one of default, progress, resources, stats" err
expect_in_file "--skip-root=maybe: neither yes nor no" err
END

test_case 'pstree and jobs -R over three levels: all, filters, levels, ids, labels, forms' <<'END'
in_flux -s4 <<'EOS'
id=$(flux alloc -N2 --job-name=top --bg)
inner=$(flux proxy $id flux alloc -n1 --job-name=mid --bg)
flux proxy $id/$inner flux submit --quiet --wait --cc=1-2 --job-name=good true
flux proxy $id/$inner flux submit --quiet --wait --job-name=bad false || true
leaf=$(flux proxy $id/$inner flux submit --job-name=leaf sleep 300)
flux proxy $id/$inner flux job wait-event -q $leaf start
beside=$(flux submit --job-name=beside sleep 300)
flux job wait-event -q $beside start
echo "$id $inner $leaf $beside" >ids
flux pstree >plain
flux pstree --parent-ids >with-ids
flux pstree -a >all
flux pstree --all --no-combine --count=1 >one
flux pstree --level=1 >level
flux pstree --filter=running,failed --compact >filter
flux pstree -o '{name}={status_abbrev}' --parent-label='<{name}>' --ascii >labels
flux pstree -d resources -n | sed 's/^ *//; s/  */ /g' >resources
flux pstree --details=progress --skip-root=no | awk '{print $1, $2, $3, $4, $5, $6}' >progress
flux pstree $id >of-one
flux jobs -R -no '{id} {name}' >recursive
flux jobs -R -a -no '{name}' >recursive-all
flux jobs --recursive -L1 -no '{name}' >recursive-level
flux jobs -R -no '{name}' $id >recursive-one
flux cancel --all 2>/dev/null
EOS
read -r id inner leaf beside <ids
expect_equal "$(printf '.\n├── beside\n└── top\n    └── mid\n        └── leaf')" "$(cat plain)"
expect_equal "$(printf '. .\n├── beside\n└── %s top\n    └── %s mid\n        └── leaf' $id $inner)" "$(cat with-ids)"
expect_equal "$(printf '.\n├── beside:R\n└── top\n    └── mid\n        ├── leaf:R\n        ├── bad:F\n        └── 2*[good:CD]')" "$(cat all)"
expect_equal "$(printf '.\n└── beside:R')" "$(cat one)"
expect_equal "$(printf '.\n├── beside\n└── top')" "$(cat level)"
expect_equal "$(printf '.\n├─beside\n└─top\n  └─mid\n    ├─leaf\n    └─bad')" "$(cat filter)"
expect_equal "$(printf '<.>\n|-- beside=R\n`-- <top>\n    `-- <mid>\n        `-- leaf=R')" "$(cat labels)"
expect_match "^$id 2 [0-9] [0-9]+ 1 0 0 top$" "$(sed -n 2p resources)"
expect_match "^$inner 1 1 1 1 0 0 └── mid$" "$(sed -n 3p resources)"
expect_equal "$inner 1 4 75% 100% $(sed -n 4p progress | cut -d' ' -f6)" "$(grep "^$inner" progress)"
expect_equal "$(printf 'top\n└── mid\n    └── leaf')" "$(cat of-one)"
expect_equal "$(printf '%s beside\n%s top\n\n%s:\n%s mid\n\n%s/%s:\n%s leaf' $beside $id $id $inner $id $inner $leaf)" "$(cat recursive)"
expect_equal "$(printf 'beside\ntop\n\n%s:\nmid\n\n%s/%s:\nleaf\nbad\ngood\ngood' $id $id $inner)" "$(cat recursive-all)"
expect_equal "$(printf 'beside\ntop\n\n%s:\nmid' $id)" "$(cat recursive-level)"
expect_equal "$(printf 'top\n\n%s:\nmid\n\n%s/%s:\nleaf' $id $id $inner)" "$(cat recursive-one)"
END

test_case 'batch: directives, arguments, output file, --wrap' <<'END'
cat >job.sh <<'SCRIPT'
#!/bin/sh
#FLUX: -n1 --job-name=from-script
echo "$1 in level $(flux getattr instance-level)"
flux run echo nested
SCRIPT
printf '#!/bin/sh\n#FLUX: --bogus\n' >bad.sh
in_flux <<'EOS'
id=$(flux batch --output=out job.sh hello)
flux job status $id
flux jobs -no '{name}' $id >name
id=$(flux batch --job-name=cli --output=out2 job.sh you); flux job status $id
flux jobs -no '{name}' $id >name2
id=$(flux batch -n1 --output=out3 --wrap echo wrapped); flux job status $id
id=$(flux batch -n1 job.sh there); flux job status $id
rc=0; flux batch bad.sh 2>bad || rc=$?; [ $rc -eq 2 ]
rc=0; flux batch -n1 nofile.sh 2>nofile || rc=$?; [ $rc -eq 1 ]
echo 'no script' >text; rc=0; flux batch -n1 text 2>notext || rc=$?; [ $rc -eq 1 ]
EOS
expect_equal "$(printf 'hello in level 1\nnested')" "$(cat out)"
expect_equal from-script "$(cat name)"
expect_equal cli "$(cat name2)"
expect_equal wrapped "$(cat out3)"
expect_in_file 'there in level 1' flux-*.out
expect_equal 'flux-batch: bad.sh: in a directive: unknown option --bogus' "$(cat bad)"
expect_equal 'flux-batch: nofile.sh: No such file or directory' "$(cat nofile)"
expect_equal 1 "$(wc -l <notext)"
END

test_case 'queue: stop, start, disable, enable, drain, idle, list' <<'END'
in_flux <<'EOS'
flux queue stop -m maintenance >stop
flux submit true >id
flux queue status >status
rc=0; flux queue drain -t 0.1s 2>timeout || rc=$?; [ $rc -eq 1 ]
flux queue idle >idle
flux queue start --quiet
flux queue drain
flux queue disable >reason
flux queue disable -m closed >disabled
rc=0; flux submit true 2>refused || rc=$?; [ $rc -eq 1 ]
flux queue enable >enabled
flux queue list >list
flux uptime >uptime
EOS
expect_equal 'Scheduling is stopped: maintenance' "$(cat stop)"
expect_equal "$(printf 'Job submission is enabled\nScheduling is stopped: maintenance')" "$(cat status)"
expect_equal '1 jobs' "$(cat idle)"
expect_equal 'Job submission is disabled: disabled by administrator' "$(cat reason)"
expect_equal 'Job submission is disabled: closed' "$(cat disabled)"
expect_match 'closed' "$(cat refused)"
expect_equal 'Job submission is enabled' "$(cat enabled)"
expect_equal 'EN ST TDEFAULT TLIMIT NNODES NCORES NGPUS' "$(head -n1 list | xargs)"
expect_match 'run .* owner .*depth 0, .*size 1' "$(cat uptime)"
END

test_case 'events, the log, ping, attributes, exec' <<'END'
in_flux -s2 <<'EOS'
flux event sub -c2 test. >events & pid=$!
for i in $(seq 100); do
    flux event pub test.a '{"n":1}'; kill -0 $pid 2>/dev/null || break; sleep 0.02
done
wait $pid
flux event pub -l -s test.loop '{"x":2}' >seq
flux logger -s err -n me a message
flux dmesg >log
TZ=America/Los_Angeles flux dmesg >west
flux module stats log >stats
flux dmesg -C; flux dmesg >empty
flux ping -c2 -i0 -p5 job-manager >ping
flux ping -c1 -i0 -p1k $(hostname) >pinghost
rc=0; flux ping -c1 -p 5x 0 2>badpad || rc=$?; [ $rc -eq 1 ]
rc=0; flux ping -c1 -r upstream broker 2>upstream || rc=$?; [ $rc -eq 1 ]
rc=0; flux ping -c1 nosuchservice 2>noping || rc=$?; [ $rc -eq 1 ]
flux getattr rank >rank; flux lsattr >attrs; flux lsattr -v >values
rc=0; flux getattr nosuch 2>noattr || rc=$?; [ $rc -eq 1 ]
flux exec -l -n hostname | sort >exec
seq 1 2 | flux exec -r 0-1 -l cat | sort >cat
rc=0; flux exec -n -r1 sh -c 'exit 3' 2>exit || rc=$?; [ $rc -eq 3 ]
rc=0; flux exec -n -r9 true 2>norank || rc=$?; [ $rc -eq 68 ]
EOS
expect_match '^test\.a	\{"n": ?1\}$' "$(head -n1 events)"
expect_match '^seq=[0-9]+$' "$(cat seq)"
expect_in_file 'me\.err\[0\]: a message$' log
[ ! -s empty ]
expect_in_file 'broker\.info\[0\]: quorum-full: quorum->run [0-9.]+m?s$' log
expect_match '^20[0-9-]+T[0-9:.]+-0[78]:00 me' "$(grep ' me\.err' west)"
expect_equal "$(wc -l <log)" "$(jq '.["ring-used"]' stats)"
expect_equal 0 "$(jq .remote stats)"
expect_match 'pad=5 seq=1 time=[0-9.]+ ms' "$(tail -n1 ping)"
expect_equal 'flux-ping any!job-manager' "$(head -n1 ping)"
expect_equal "flux-ping $(hostname)!broker (rank 0)" "$(head -n1 pinghost)"
expect_match '^0!broker\.ping pad=1024 ' "$(tail -n1 pinghost)"
expect_equal 1 "$(wc -l <badpad)"
expect_equal 'flux-ping: upstream!broker.ping: rank 0 has no parent' "$(cat upstream)"
expect_equal 1 "$(wc -l <noping)"
expect_equal 0 "$(cat rank)"
expect_in_file '^size$' attrs
expect_in_file '^size +2$' values
expect_equal 'flux-getattr: nosuch: no such attribute' "$(cat noattr)"
expect_equal "$(printf "0: $(hostname)\n1: $(hostname)")" "$(cat exec)"
expect_equal "$(printf '0: 1\n0: 2\n1: 1\n1: 2')" "$(cat cat)"
expect_equal '1: Exit 3' "$(cat exit)"
END

test_done
