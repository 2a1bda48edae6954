#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The job services as clients call them, request by request: job-list (RFC 43), job-info (RFC 41),
# job-manager.events-journal; and the events of a job (RFC 21, 50) with their contexts.

. "$(dirname "$0")/lib.sh"

RPC=$top_builddir/testsuite/helpers/rpc_follow
[ -x "$RPC" ] || make -s -C "$top_builddir" testsuite/helpers/rpc_follow >/dev/null 2>&1

in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}
ask () { "$RPC" -1 "$@"; }
dec () { flux job id --to=dec "$1"; }
# the last event of that name, as JSON; $3: another eventlog
event () { flux job eventlog -f json ${3:+-p $3} "$1" | jq -cS "select(.name == \"$2\") | .context" | tail -1; }
events () { flux job eventlog -f json ${2:+-p $2} "$1" | jq -r .name | xargs; }
over () { flux job wait-event -q -t 30 "$1" clean; }
# An event and its context as RFC 21 wants it
known_events ()
{
    cat <<'EOF'
def int: type == "number" and . == floor;
def str: type == "string";
def only(f): (keys - f) == [];
def ok: .context as $c | .timestamp > 0 and (
  if .name == "submit" then ($c.urgency | int and . >= 0 and . <= 31) and ($c.userid | int) and ($c.flags | int) and $c.version == 1
  elif .name == "validate" or .name == "depend" or .name == "start" or .name == "free" or .name == "clean" or .name == "flux-restart" then $c == null
  elif .name == "priority" then ($c.priority | int and . >= 0 and . <= 4294967295)
  elif .name == "urgency" then ($c.urgency | int and . >= 0 and . <= 31) and ($c.userid | int)
  elif .name == "dependency-add" or .name == "dependency-remove" or .name == "prolog-start" or .name == "epilog-start" then ($c.description | str)
  elif .name == "prolog-finish" or .name == "epilog-finish" then ($c.description | str) and ($c.status | int)
  elif .name == "alloc" then ($c.annotations | type) == "object"
  elif .name == "finish" then ($c.status | int)
  elif .name == "release" then ($c.ranks | str) and ($c.final | type) == "boolean"
  elif .name == "exception" then ($c.type | str) and ($c.severity | int and . >= 0 and . <= 7) and ($c.note | str) and ($c.userid | int)
  elif .name == "memo" or .name == "jobspec-update" then ($c | type) == "object" and ($c | length) > 0
  elif .name == "resource-update" then ($c.expiration | type) == "number"
  elif .name == "set-flags" then ($c.flags | type) == "array"
  elif (.name | startswith("debug.")) then true
  else false end);
if ok then empty else . end
EOF
}
listeners () { flux module stats job-manager | jq .journal.listeners; }
export -f listeners ask dec event events over known_events

test_case 'events of RFC 21 and their contexts, of jobs of all kinds' <<'END'
cat >perilog.toml <<'EOF'
[job-manager.prolog]
command = ["true"]
[job-manager.epilog]
command = ["true"]
EOF
flux start --config-path=perilog.toml bash -eu <<'EOS'
owner=$(id -u)
a=$(flux submit --urgency=20 sh -c 'exit 3'); over $a
expect_equal 'submit validate depend priority alloc prolog-start prolog-finish start finish epilog-start epilog-finish release free clean' "$(events $a)"
expect_equal '{"flags":0,"urgency":20,"userid":'$owner',"version":1}' "$(event $a submit)"
expect_equal '{"priority":20}' "$(event $a priority)"
expect_equal '{"annotations":{"sched":{"resource_summary":"rank0/core0"}}}' "$(event $a alloc)"
expect_equal '{"status":768}' "$(event $a finish)"
expect_equal '{"final":true,"ranks":"all"}' "$(event $a release)"
expect_equal 0 "$(event $a prolog-finish | jq .status)"
expect_equal 0 "$(event $a epilog-finish | jq .status)"
expect_equal "$(event $a prolog-start | jq .description)" "$(event $a prolog-finish | jq .description)"
for e in validate depend start free clean; do expect_equal null "$(event $a $e)"; done
h=$(flux submit --urgency=hold --debug --dependency=afterany:$a -t 1m sleep 0)
flux job wait-event -q -t 30 $h priority
expect_equal '{"priority":0}' "$(event $h priority)"
flux job memo $h a=b
expect_fail flux update $h duration=3m name=other 2>err # all or nothing
expect_in_file 'update of attributes.system.job.name not supported' err
flux update $h duration=2m
expect_equal '{"attributes.system.duration":120}' "$(event $h jobspec-update | jq -c '{"attributes.system.duration"}')"
flux job raise -t site -s 3 $h look here
expect_equal '{"note":"look here","severity":3,"type":"site","userid":'$owner'}' "$(event $h exception)"
flux job urgency $h expedite
expect_equal '{"urgency":31,"userid":'$owner'}' "$(event $h urgency)"
expect_equal '{"priority":4294967295}' "$(event $h priority)"
over $h
expect_equal '{"a":"b"}' "$(event $h memo)"
expect_match 'debug.alloc-request alloc .*debug.start-request start' "$(events $h)"
n=$(flux submit --dependency=afternotok:$a true) # it is what it waits for
b=$(flux submit sleep 1000)
o=$(flux submit --dependency=afterok:$b true)
expect_equal "{\"description\":\"after-success=$b\"}" "$(event $o dependency-add)"
flux cancel $b; over $b; over $o
expect_equal '{"note":"","severity":0,"type":"cancel","userid":'$owner'}' "$(event $b exception)"
expect_equal 36608 "$(event $b finish | jq .status)"
expect_equal '"dependency" 0' "$(event $o exception | jq -c '.type, .severity' | xargs -d '\n')"
expect_equal 'submit dependency-add validate exception clean' "$(events $o)"
t=$(flux submit -t 0.2s sleep 1000); over $t
expect_equal '"timeout" 0' "$(event $t exception | jq -c '.type, .severity' | xargs -d '\n')"
x=$(flux submit /no/such/program); over $x
expect_equal '"exec" 0' "$(event $x exception | jq -c '.type, .severity' | xargs -d '\n')"
expect_equal '{"status":32512}' "$(event $x finish)"
for id in $a $h $n $b $o $t $x; do
    over $id
    expect_equal '' "$(flux job eventlog -f json $id | jq -c "$(known_events)")"
done
EOS
END

test_case 'events of RFC 50: the exec eventlog, of one shell and of more' <<'END'
in_flux -s2 <<'EOS'
timeout 30 "$RPC" -1 resource.monitor-waitup '{"up":2}' >up
expect_equal '' "$(cat up)"
timeout .2 "$RPC" -1 resource.monitor-waitup '{"up":3}' && exit 1 # never; and it goes away
expect_match '^error 71' "$(ask resource.monitor-waitup '{}')"
a=$(flux submit true); over $a
expect_equal 'init starting shell.init shell.start shell.task-exit shell-exit complete done' "$(events $a exec)"
expect_equal '{"rank":0,"wait_status":0}' "$(event $a shell-exit exec)"
expect_equal '{"status":0}' "$(event $a complete exec)"
expect_equal '{"taskmap":{"map":[[0,1,1,1]],"version":1}}' "$(event $a shell.start exec)"
b=$(flux submit -N2 -n2 sh -c 'exit $FLUX_TASK_RANK'); over $b
expect_equal 'init starting shell.init shell.start shell.task-exit shell-exit complete done' "$(events $b exec)"
expect_equal '{"status":256}' "$(event $b complete exec)"
expect_equal '{"map":[[0,2,1,1]],"version":1}' "$(event $b shell.start exec | jq -cS .taskmap)"
c=$(flux submit /no/such/program); over $c # nothing started, nothing exited
expect_equal 'init starting shell.init shell-exit complete done' "$(events $c exec)"
expect_equal '{"rank":0,"wait_status":32512}' "$(event $c shell-exit exec)"
EOS
END

test_case 'keys of RFC 16, and the same through job-info' <<'END'
in_flux <<'EOS'
id=$(flux submit --setattr=a.b=1 -n1 echo hello); over $id
dir=$(flux job id --to=kvs $id)
expect_match '^job(\.[0-9a-f]{4}){4}$' "$dir"
expect_equal 'J R eventlog guest.exec.eventlog guest.output jobspec' \
    "$(flux kvs dir -R $dir | cut -d' ' -f1 | sed "s/^$dir\.//" | sort | LC_ALL=C sort | xargs)"
expect_equal "$(flux kvs get $dir.eventlog)" "$(flux job info $id eventlog)"
expect_equal "$(flux kvs get --raw $dir.guest.output)" "$(flux job info $id guest.output)"
expect_equal 'header data data data' "$(events $id output)"
r=$(flux submit sleep 1000); flux job wait-event -q -t 30 -p exec $r shell.start
expect_equal 'init starting shell.init shell.start' "$(flux kvs get --raw $(flux job id --to=kvs $r).guest.exec.eventlog | jq -r .name | xargs)"
EOS
END

test_case 'job-list.list: every attribute and operator, order, since, limits' <<'END'
in_flux <<'EOS'
a=$(flux submit --job-name=ja --setattr=project=p1 --setattr=bank=b1 -t 10m true); over $a
f=$(flux submit --job-name=jf false); over $f
r=$(flux submit -t 100s sleep 1000); flux job wait-event -q -t 30 $r start
h=$(flux submit --urgency=hold true)
d=$(flux submit --urgency=5 --dependency=afterok:$r true)
flux job raise -t site -s 2 $r x
list () { ask job-list.list "{\"max_entries\":${2:-0},\"attrs\":[],\"constraint\":$1}" | jq -c '[.jobs[].id]'; }
set -- $(for i in $a $f $r $h $d; do dec $i; done)
ids () { local IFS=,; echo "[$*]"; }
expect_equal "$(ids $4 $5 $3 $2 $1)" "$(list '{}')" # pending by priority, running, the last that ended
expect_equal "$(ids $4 $5)" "$(list '{}' 2)"
expect_equal "$(ids $3)" "$(list '{"states":["run"]}')"
expect_equal "$(ids $3 $2 $1)" "$(list '{"states":[16,"INACTIVE"]}')"
expect_equal "$(ids $4 $5)" "$(list '{"states":["pending"]}')"
expect_equal "$(ids $2)" "$(list '{"results":["failed"]}')"
expect_equal "$(ids $2 $1)" "$(list '{"results":["completed",2]}')"
expect_equal "$(ids $3 $1)" "$(list '{"name":["ja","sleep"]}')"
expect_equal "$(ids $4 $5 $3 $2 $1)" "$(list "{\"userid\":[$(id -u)]}")"
expect_equal '[]' "$(list '{"userid":[12345]}')"
expect_equal '[]' "$(list '{"queue":["none"]}')"
expect_equal "$(ids $3 $2 $1)" "$(list "{\"hostlist\":[\"$(hostname)\"]}")"
expect_equal "$(ids $3 $2 $1)" "$(list '{"ranks":["0"]}')"
expect_equal '[]' "$(list '{"ranks":["1-9"]}')"
for t in t_submit t_depend; do expect_equal "$(ids $4 $5 $3 $2 $1)" "$(list "{\"$t\":[\">=1\"]}")"; done
expect_equal "$(ids $4 $3 $2 $1)" "$(list '{"t_sched":[">1"]}')"
expect_equal "$(ids $3 $2 $1)" "$(list '{"t_run":[">1"]}')"
for t in t_cleanup t_inactive; do expect_equal "$(ids $2 $1)" "$(list "{\"$t\":[\"<9e9\"]}")"; done
expect_equal "$(ids $3 $1)" "$(list '{"or":[{"states":["run"]},{"name":["ja"]}]}')"
expect_equal "$(ids $1)" "$(list '{"and":[{"states":["inactive"]},{"name":["ja","sleep"]}]}')"
expect_equal "$(ids $4 $5 $2 $1)" "$(list '{"not":[{"states":["run"]}]}')"
since=$(ask job-list.list-id "{\"id\":$1,\"attrs\":[\"t_inactive\"]}" | jq .job.t_inactive)
expect_equal "$(ids $4 $5 $3 $2)" "$(ask job-list.list "{\"max_entries\":0,\"attrs\":[],\"since\":$since}" | jq -c '[.jobs[].id]')"
for bad in '{"t_run":["1"]}' '{"states":["nope"]}' '{"results":[true]}' '{"what":[1]}' '[]' '{"userid":["x"]}' '{"hostlist":["a["]}' '{"ranks":["x"]}'; do
    expect_match '^error 71: .*constraint' "$(ask job-list.list "{\"max_entries\":0,\"attrs\":[],\"constraint\":$bad}")"
done
expect_match '^error 71' "$(ask job-list.list '{"max_entries":-1,"attrs":[]}')"
expect_match "^error 22: .*'?nope" "$(ask job-list.list '{"max_entries":0,"attrs":["nope"]}')"
# attributes: those that RFC 43 has of a job in its state, and no others
keys () { ask job-list.list-id "{\"id\":$1,\"attrs\":[\"all\"]}" | jq -r '.job | keys | join(" ")'; }

expect_equal 'annotations bank cwd duration exception_occurred expiration id name ncores nnodes nodelist ntasks priority project ranks result state success t_cleanup t_depend t_inactive t_priority t_run t_sched t_submit urgency userid waitstatus' "$(keys $1)"
expect_equal 'cwd duration id name ncores ntasks priority state t_depend t_priority t_sched t_submit urgency userid' "$(keys $4)"
expect_equal 'cwd dependencies duration id name ncores ntasks state t_depend t_submit urgency userid' "$(keys $5)"
expect_equal 'annotations cwd duration exception_note exception_occurred exception_severity exception_type expiration id name ncores nnodes nodelist ntasks priority ranks state t_depend t_priority t_run t_sched t_submit urgency userid' "$(keys $3)"
expect_equal '{"bank":"b1","duration":600,"exception_occurred":false,"name":"ja","ncores":1,"nnodes":1,"ntasks":1,"priority":16,"project":"p1","ranks":"0","result":1,"state":64,"success":true,"urgency":16,"waitstatus":0}' \
    "$(ask job-list.list-id "{\"id\":$1,\"attrs\":[\"all\"]}" | jq -cS '.job | {bank,duration,exception_occurred,name,ncores,nnodes,ntasks,priority,project,ranks,result,state,success,urgency,waitstatus}')"

expect_equal "{\"id\":$2,\"name\":\"jf\"}" "$(ask job-list.list-id "{\"id\":$2,\"attrs\":[\"name\"]}" | jq -cS .job)"
for k in $(keys $1) $(keys $3) $(keys $5); do
    [ $k = id ] || ask job-list.list-attrs | jq -e ".attrs | index(\"$k\")" >/dev/null
done
# a stream: parts, the first of which says so
"$RPC" job-list.list '{"max_entries":3,"attrs":[]}' >stream
expect_equal "1 $(ids $4 $5 $3)" "$(head -1 stream | jq -rc '"\(.version) \([.jobs[].id])"')"
expect_equal 'error 61: No data available' "$(tail -1 stream)"
EOS
END

test_case 'job-list.list-id: waits for a state; unknown ids; private mode is in t/2370' <<'END'
in_flux <<'EOS'
h=$(flux submit --urgency=hold true)
n=$(dec $h)
ask job-list.list-id "{\"id\":$n,\"attrs\":[\"result\",\"state\"],\"state\":64}" >ended &
ask job-list.list-id "{\"id\":$n,\"attrs\":[\"nodelist\"],\"state\":16}" >ran &
"$RPC" -1 job-list.list-id "{\"id\":$n,\"attrs\":[],\"state\":64}" >/dev/null & gone=$!
wait_until 30 bash -c '[ "$(flux module stats job-list | jq .idsync.waits)" = 3 ]'
kill $gone
wait_until 30 bash -c '[ "$(flux module stats job-list | jq .idsync.waits)" = 2 ]'
expect_equal '' "$(cat ended ran)"
expect_equal 8 "$(ask job-list.list-id "{\"id\":$n,\"attrs\":[\"state\"],\"state\":8}" | jq .job.state)"
flux job urgency $h 16
wait %1 %2
expect_equal "{\"id\":$n,\"result\":1,\"state\":64}" "$(jq -cS .job ended)"
expect_equal "{\"id\":$n,\"nodelist\":\"$(hostname)\"}" "$(jq -cS .job ran)"
c=$(flux submit --urgency=hold true)
ask job-list.list-id "{\"id\":$(dec $c),\"attrs\":[\"result\"],\"state\":16}" >never &
wait_until 30 bash -c '[ "$(flux module stats job-list | jq .idsync.waits)" = 1 ]'
flux cancel $c # it never runs, and ends
wait
expect_equal 4 "$(jq .job.result never)"
expect_equal 'error 2: unknown job id' "$(ask job-list.list-id '{"id":1,"attrs":[]}')"
expect_match '^error 71' "$(ask job-list.list-id "{\"id\":$n,\"attrs\":[],\"state\":128}")"
EOS
END

test_case 'job-list.job-stats: once, and each time that it changes' <<'END'
in_flux <<'EOS'
"$RPC" -n 2 -c job-list.cancel job-list.job-stats >out &
wait_until 30 bash -c '[ -s out ]'
expect_equal 1 "$(flux module stats job-list | jq .stats_watchers)"
flux run true
wait
expect_equal '0 1' "$(head -2 out | jq .successful | xargs)"
expect_equal 'error 61: No data available' "$(tail -1 out)"
expect_equal '0 1' "$(flux module stats job-list | jq '.stats_watchers, .jobs.inactive' | xargs)"
EOS
END

test_case 'job-manager.list: active jobs, those in the queue first, and those to be waited for' <<'END'
in_flux <<'EOS'
flux submit --wait --quiet true
z=$(flux submit --flags=waitable --wait true)
run=$(flux submit sleep 1000)
flux job wait-event -q -t 30 $run start
low=$(flux submit --urgency=1 -n$(nproc) sleep 1000); high=$(flux submit --urgency=2 -n$(nproc) sleep 1000)
dep=$(flux submit --dependency=afterany:$run true)
ask job-manager.list '{"max_entries":0}' >list
expect_equal "$(dec $high) 2 $(dec $low) 1 $(dec $dep) 16 $(dec $run) 16 $(dec $z) 16" "$(jq -r '.jobs[] | "\(.id) \(.urgency)"' list | xargs)"
expect_equal "after-finish=$run" "$(jq -r '.jobs[] | select (.dependencies) | .dependencies[]' list)"
expect_equal 8,8,2,16,64 "$(jq -r '[.jobs[].state | tostring] | join (",")' list)"
flux job purge --force --num-limit=0
expect_equal 1 "$(ask job-manager.list '{"max_entries":1}' | jq '.jobs | length')"
expect_match '^error 71' "$(ask job-manager.list '{"max_entries":-1}')"
flux cancel --all 2>/dev/null
EOS
END

test_case 'job-info: lookup with its flags, update-lookup, update-watch, eventlog-watch' <<'END'
in_flux <<'EOS'
id=$(flux submit -t 10m --env=SECRET=1 sleep 1000); n=$(dec $id)
flux job wait-event -q -t 30 -p exec $id shell.start
look () { ask job-info.lookup "{\"id\":$n,\"keys\":[$1],\"flags\":$2}"; }
expect_equal "{\"R\":\"string\",\"id\":\"number\",\"jobspec\":\"string\"}" "$(look '"R","jobspec"' 0 | jq -cS 'map_values(type)')"
expect_equal 600 "$(look '"jobspec"' 1 | jq .jobspec.attributes.system.duration)"
expect_fail flux update $id duration=1ms 2>err # it would have been over
expect_in_file 'in the past' err
flux update $id duration=20m
expect_equal 600 "$(look '"jobspec"' 1 | jq .jobspec.attributes.system.duration)"
expect_equal 1200 "$(look '"jobspec"' 3 | jq .jobspec.attributes.system.duration)"
expect_equal 1200 "$(look '"jobspec"' 2 | jq -r .jobspec | jq .attributes.system.duration)"
expect_equal 600 "$(look '"R"' 3 | jq --argjson old "$(look '"R"' 1)" '.R.execution.expiration - $old.R.execution.expiration | round')"
expect_equal "{\"R\":\"object\",\"id\":\"number\"}" "$(ask job-info.update-lookup "{\"id\":$n,\"key\":\"R\",\"flags\":0}" | jq -cS 'map_values(type)')"
expect_equal 'error 2: nope: no such key' "$(look '"R","nope"' 0)"
expect_match '^error 71' "$(look '"R"' 4)"
expect_match '^error 22' "$(look '"../x"' 0)"
expect_equal 'error 2: unknown job id' "$(ask job-info.lookup '{"id":1,"keys":["R"],"flags":0}')"
expect_match '^error 22' "$(ask job-info.update-lookup "{\"id\":$n,\"key\":\"J\",\"flags\":0}")"
"$RPC" job-info.update-watch "{\"id\":$n,\"key\":\"R\",\"flags\":0}" >watch &
"$RPC" -n 1 -c job-info.update-watch-cancel job-info.update-watch "{\"id\":$n,\"key\":\"R\",\"flags\":0}" >canceled
expect_equal 'error 61: No data available' "$(tail -1 canceled)"
wait_until 30 bash -c '[ -s watch ]'
expect_equal 1 "$(flux module stats job-info | jq .update_watchers)"
flux update $id duration=30m
wait_until 30 bash -c '[ $(wc -l <watch) = 2 ]'
expect_equal 600 "$(jq -s '.[1].R.execution.expiration - .[0].R.execution.expiration | round' watch)"
follow () { "$RPC" "${@:3}" job-info.eventlog-watch "{\"id\":$n,\"path\":\"$1\",\"flags\":$2}"; }
follow guest.output 0 -n 1 -c job-info.eventlog-watch-cancel >canceled
expect_equal 'header' "$(head -1 canceled | jq -r .event | jq -r .name)"
expect_equal 'error 61: No data available' "$(tail -1 canceled)"
follow eventlog 0 -n 1 >gone # and disconnects
follow eventlog 0 >log & l1=$!
follow guest.exec.eventlog 0 >exec & l2=$!
follow guest.later 1 >later & l3=$!
expect_equal 'error 2' "$(follow nolog 0 | cut -d: -f1)"
expect_match '^error 71' "$(follow eventlog 8)"
expect_match '^error 71' "$(follow '' 0)"
wait_until 30 bash -c '[ "$(flux module stats job-info | jq .watchers)" = 3 ]'
flux cancel $id
wait
expect_equal 'clean' "$(tail -2 log | head -1 | jq -r .event | jq -r .name)"
expect_equal 'done' "$(tail -2 exec | head -1 | jq -r .event | jq -r .name)"
for f in log exec later watch; do expect_match '^error (61|2):' "$(tail -1 $f)"; done
expect_equal 'error 61: No data available' "$(follow guest.output 0 | tail -1)"
expect_equal '0 0' "$(flux module stats job-info | jq '.watchers, .update_watchers' | xargs)"
EOS
END

test_case 'job-manager.events-journal: history, what follows, filters, cancel, disconnect' <<'END'
in_flux <<'EOS'
a=$(flux submit --env=SECRET=1 true); over $a
h=$(flux submit --urgency=hold --env=SECRET=1 true)
J=job-manager.events-journal
# active jobs, then the mark, then live
"$RPC" $J '{}' >all &
"$RPC" $J '{"full":true}' >full & full=$!
"$RPC" $J '{"allow":{"alloc":1,"clean":1}}' >allow &
"$RPC" $J '{"full":true,"deny":{"submit":1,"alloc":1}}' >deny &
"$RPC" $J '{"allow":{"alloc":1,"clean":1},"deny":{"clean":1}}' >both &
wait_until 30 bash -c '[ $(listeners) = 5 ]'
wait_until 30 bash -c 'for f in all full allow deny both; do grep -q "\"events\":\[\]" $f || exit 1; done'
expect_equal "$(dec $h)" "$(head -1 all | jq .id)"
expect_equal 'submit validate depend priority' "$(head -1 all | jq -r '.events[].name' | xargs)"
expect_equal 2 "$(wc -l <all)"
expect_match '"id":(-1|18446744073709551615)' "$(tail -1 all)"
expect_equal 3 "$(wc -l <full)"
expect_equal "$(flux job eventlog -f json $a | jq -c . )" "$(head -2 full | jq -c "select(.id == $(dec $a)) | .events[]")"
expect_equal 'object object' "$(head -2 full | jq -r "select(.id == $(dec $a)) | (.R | type), (.jobspec | type)" | xargs)"
! grep SECRET full all || exit 1
expect_equal '[]' "$(head -1 allow | jq -c .events)"
flux job urgency $h 16; over $h
b=$(flux submit --env=SECRET=2 true); over $b
wait_until 30 bash -c '[ "$(tail -1 all | jq -r ".events[0].name")" = clean ]'
wait_until 30 bash -c '[ "$(tail -1 deny | jq -r ".events[0].name")" = clean ]'
expect_equal 'urgency priority alloc start finish release free clean submit validate depend priority alloc start finish release free clean' \
    "$(tail -n +3 all | jq -r '.events[].name' | xargs)"
expect_equal "$(tail -n +3 all)" "$(tail -n +4 full)"
expect_equal "jobspec R" "$(tail -n +3 all | jq -r "select(.id == $(dec $b)) | keys - [\"events\",\"id\"] | .[]" | xargs)"
! grep SECRET all || exit 1
wait_until 30 bash -c '[ $(wc -l <allow) -ge 6 ]'
expect_equal 'alloc clean alloc clean' "$(tail -n +3 allow | jq -r '.events[].name' | xargs)"
expect_equal 'alloc alloc' "$(tail -n +3 both | jq -r '.events[].name' | xargs)"
expect_equal '' "$(jq -r '.events[].name' deny | grep -x -e submit -e alloc)"
kill $full
wait_until 30 bash -c '[ $(listeners) = 4 ]'
"$RPC" -n 1 -c $J-cancel $J '{}' >canceled
expect_equal 'error 61: No data available' "$(tail -1 canceled)"
expect_equal 4 "$(listeners)"
expect_match '^error 71: .*stream' "$(ask $J '{}')"
expect_match '^error 71: .*object' "$("$RPC" $J '{"allow":["clean"]}')"
expect_match '^error 71: .*object' "$("$RPC" $J '{"deny":1}')"
EOS
END

test_done
