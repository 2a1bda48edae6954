#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# flux-core's own commands (most of them Python, on its bindings) in an instance of ours. Needs a
# flux-core, for example one that was built in a scratch folder: FLUX_CORE names its `flux`.

. "$(dirname "$0")/lib.sh"

FLUX_CORE=${FLUX_CORE:-}
case_core () { case_if '[ -x "$FLUX_CORE" ]' 'FLUX_CORE names no flux of flux-core' -- "$@"; }

# Where `core` is its command and `flux` is ours
in_flux ()
{
    cat >script
    flux start bash -eu script
}
core () { env -u FLUX_EXEC_PATH "$FLUX_CORE" "$@"; }
export -f core

case_core 'submit, list, watch and attach' <<'END'
in_flux <<'EOS'
id=$(core submit sh -c 'echo hello; echo error >&2; exit 3')
rc=0
core job attach $id >out 2>err || rc=$?
expect_equal "3 hello" "$rc $(cat out)"
expect_match '^error' "$(cat err)"
core submit --cc=1-3 --watch echo 'n{cc}' >out
expect_equal 'n1 n2 n3' "$(grep ^n out | sort | xargs)"
core bulksubmit --wait --quiet true ::: a b c
core run -n2 -l echo hi >out
expect_equal '0: hi 1: hi' "$(sort out | xargs)"
expect_equal "$(flux jobs -ano '{id} {name} {status} {returncode} {ntasks} {nodelist}')" \
    "$(core jobs -ano '{id} {name} {status} {returncode} {ntasks} {nodelist}')"
expect_equal 8 "$(core jobs -a --json | jq '.jobs | length')"
expect_equal "$id" "$(core jobs -f failed -no '{id}')"
expect_equal "$(flux job eventlog $id)" "$(core job eventlog $id)"
expect_equal "$(flux job info $id R)" "$(core job info $id R)"
EOS
END

case_core 'cancel, wait, urgency, update, memo, statistics, queues' <<'END'
in_flux <<'EOS'
id=$(core submit sleep 1000)
core job wait-event -t 20 $id start >/dev/null
core cancel $id
rc=0
core job status $id 2>/dev/null || rc=$?
expect_equal 143 $rc
id=$(core submit --flags=waitable true)
expect_equal $id "$(core job wait)"
id=$(core submit --urgency=hold true)
core update $id duration=10m
core job memo $id a=b
core job urgency $id 16
core job wait-event -t 20 $id clean >/dev/null
expect_equal '600.0 b' "$(flux jobs -ano '{duration!r} {user.a}' $id)"
core queue stop >/dev/null
id=$(core submit true)
core raise --severity=0 --type=cancel $id 2>/dev/null || core job raise --severity=0 --type=cancel $id
core queue start >/dev/null
core queue drain
expect_equal 4 "$(core job stats | jq .job_states.inactive)"
core resource list -no '{state} {ncores}' >/dev/null
core job purge --force --num-limit=1 >/dev/null
expect_equal 1 "$(core job stats | jq .job_states.inactive)"
EOS
END

case_core -t 120 'instances: alloc and batch' <<'END'
in_flux <<'EOS'
expect_equal inside "$(core alloc -n1 echo inside)"
id=$(core batch -n1 --output=out --wrap echo inside)
flux job wait-event -t 60 $id clean >/dev/null
expect_match inside "$(cat out)"
EOS
END

test_done
