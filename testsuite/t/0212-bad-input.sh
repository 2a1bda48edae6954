#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What the verbs of jobs, queues and resources cannot take: one sentence on standard error that names
# the thing, nothing on standard output, the exit code of flux-core, and no job of it.

. "$(dirname "$0")/lib.sh"

# Files that are no jobspecs and no scripts, for the table.
cat >files.sh <<'END'
mkdir -p w; cd w
printf 'true\n' >noshebang.sh
printf '#!/bin/sh\n\000\001\377' >binary.bin
printf '#!/bin/sh\ntrue\n' >noslots.sh
printf '#!/bin/sh\n#flux: -n1 "unclosed\ntrue\n' >baddirective.sh
printf '#!/bin/sh\n#flux: --nosuch\ntrue\n' >badopt.sh
: >empty.sh
printf '#!/bin/sh\ntrue\n' >ok.sh
echo 'not json' >notjson
echo '{}' >badspec.json
flux submit --dry-run true >okspec.json
jq -c '.resources=[{"type":"slot","count":0,"label":"task","with":[{"type":"core","count":1}]}]' okspec.json >badspec3.json
jq -c 'del(.tasks)' okspec.json >badspec4.json
jq -c '.version=99' okspec.json >badspec5.json
END
# A node with two cores, whatever there is.
cat >R <<'END'
{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0-1"}}],"nodelist":["n0"],"starttime":0,"expiration":0}}
END

in_flux ()
{
    cat >script
    flux start -Sresource.path=$PWD/R bash -eu script
}

test_case -t 150 'every verb: the sentence, the exit code, nothing else, no job' <<'END'
in_flux <<'EOS'
. ./files.sh
DONE=$(flux submit --wait true)
FAILED=$(flux submit --wait sh -c 'exit 3' 2>/dev/null || true)
RUN=$(flux submit sleep inf)
HELD=$(flux submit --urgency=0 true)
export DONE FAILED RUN HELD
flux job wait-event -q $RUN start
before=$(flux job stats)
bad=0
while IFS= read -r line; do
    case $line in '#'*) continue ;; esac
    want=${line% | *}
    command=${line##* | }
    code=0
    bash -c "$command" >out 2>err </dev/null || code=$?
    got="$code | $(sed -e "s/$DONE/DONE/g; s/$FAILED/FAILED/g; s/$RUN/RUN/g; s/$HELD/HELD/g" err)"
    [ "$(echo "$got" | sed 's/ *$//')" = "$(echo "$want" | sed 's/ *$//')" ] && [ ! -s out ] && continue
    printf '%s\n  want %s\n  got  %s\n' "$command" "$want" "$got"
    cat out
    bad=1
done <"$top_srcdir/testsuite/data/bad-input/commands"
expect_equal 0 $bad
expect_equal "$before" "$(flux job stats)"
flux cancel --all 2>/dev/null
EOS
END

test_case 'as many as were submitted are counted when one is refused' <<'END'
in_flux <<'EOS'
code=0; flux submit --cc=1-3 -N1000 true >out 2>err || code=$?
expect_equal '1 0' "$code $(wc -l <out)"
expect_equal 'flux-submit: cc=1: unsatisfiable request: it asks for 1000 nodes, and there is 1
flux-submit: cc=2: unsatisfiable request: it asks for 1000 nodes, and there is 1
flux-submit: cc=3: unsatisfiable request: it asks for 1000 nodes, and there is 1
flux-submit: 0 of 3 jobs were submitted' "$(cat err)"
code=0; flux bulksubmit -n{} --urgency=0 true ::: 1 2 3 >out 2>err || code=$?
expect_equal '1 2' "$code $(wc -l <out)"
expect_equal 'flux-bulksubmit: 2 of 3 jobs were submitted' "$(tail -n1 err)"
expect_equal 2 "$(flux jobs -n | wc -l)"
# What is wrong by itself is found before the first is submitted.
code=0; flux bulksubmit -n{} true ::: 1 2 x >out 2>err || code=$?
expect_equal '1 0 flux-bulksubmit: --ntasks=x: not a number of at least 1' "$code $(wc -l <out) $(cat err)"
echo 1 >value.1
code=0; flux submit --cc=1-2 --setattr=^x=value.{cc} true >out 2>err || code=$?
expect_match '^1 0 flux-submit: cc=2: --setattr=\^x=value.{cc}: .*No such file' "$code $(wc -l <out) $(cat err)"
expect_equal 2 "$(flux jobs -an | wc -l)"
flux cancel --all 2>/dev/null
EOS
END

test_case 'patterns of the environment that match nothing change nothing' <<'END'
export SOME=thing
env () { flux submit --dry-run "$@" true | jq -c '.attributes.system.environment | has("SOME"), length'; }
all=$(env)
expect_equal "$all" "$(env '--env-remove=NOSUCH*')"
expect_equal "$all" "$(env '--env=-/^NOSUCH/')"
expect_equal 'false 0' "$(env --env=-* | xargs)"
expect_equal 'false 0' "$(env --env=-* '--env=NOSUCH*' | xargs)"
expect_equal 'true 1' "$(env --env=-* '--env=SOM*' | xargs)"
END

test_case 'ids that are unknown beside ones that are known' <<'END'
in_flux <<'EOS'
id=$(flux submit --urgency=0 true)
code=0; flux cancel $id f9999 2>err || code=$?
expect_equal '1 flux-cancel: f9999: unknown job id' "$code $(cat err)"
expect_equal CA "$(flux jobs -ano '{status_abbrev}' $id)"
code=0; flux jobs -no '{name}' $id f9999 >out 2>err || code=$?
expect_equal '0 true flux-jobs: JobID f9999 unknown' "$code $(cat out) $(cat err)"
EOS
END

test_done
