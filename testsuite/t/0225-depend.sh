#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Dependencies (RFC 26): what a job waits for, when it may go, and what is refused.

. "$(dirname "$0")/lib.sh"

in_flux ()
{
    cat >script
    flux start bash -eu script
}
state () { flux jobs -ano '{status_abbrev}' "$1"; }
waits () { flux jobs -ano '{dependencies}' "$1"; }
clean () { local id; for id; do flux job wait-event -t 30 $id clean >/dev/null; done; }
note () { flux jobs -ano '{exception.type}: {exception.note}' "$1"; }
refused () # pattern, options of submit
{
    local pattern=$1
    shift
    expect_fail flux submit "$@" true 2>err
    expect_match "$pattern" "$(cat err)"
}
export -f state waits clean note refused

test_case 'after, afterany, afterok, afternotok' <<'END'
in_flux <<'EOS'
flux queue stop >/dev/null
good=$(flux submit true) bad=$(flux submit false)
any=$(flux submit --dependency=afterany:$bad true)
ok=$(flux submit --dependency=afterok:$good true)
notok=$(flux submit --dependency=afternotok:$bad true)
never=$(flux submit --dependency=afterok:$bad true)
neither=$(flux submit --dependency=afternotok:$good true)
after=$(flux submit --dependency=after:$good true)
both=$(flux submit --dependency=afterok:$good --dependency=afterany:$bad true)
expect_equal 'D D D D D D D' "$(for i in $any $ok $notok $never $neither $after $both; do state $i; done | xargs)"
expect_match '^after-success=.*,after-finish=' "$(waits $both)"
gone=$(flux submit --urgency=hold true)
none=$(flux submit --dependency=afternotok:$gone true) nor=$(flux submit --dependency=afterexcept:$gone true)
last=$(flux submit --dependency=afterany:$gone true)
flux cancel $gone
clean $none $nor
expect_equal 'F F S' "$(state $none) $(state $nor) $(state $last)"
expect_match '^dependency: ' "$(note $none)"
flux queue status -v >stopped
flux queue start >/dev/null
expect_in_file '^0 alloc requests queued' stopped
clean $any $ok $notok $never $neither $after $both
expect_equal 'CD CD CD F F CD CD' "$(for i in $any $ok $notok $never $neither $after $both; do state $i; done | xargs)"
expect_match '^dependency: ' "$(note $never)"
expect_match '^dependency: ' "$(note $neither)"
# of what is over already
clean $(flux submit --dependency=afterok:$good true)
refused 'afterok' --dependency=afterok:$bad
refused 'is not a valid jobid' --dependency=afterany:xyzzy!
refused 'not found' --dependency=afterany:f1
refused 'scheme' --dependency=sometime:f1
EOS
END

test_case 'begin-time' <<'END'
in_flux <<'EOS'
later=$(flux submit --begin-time=+1h true)
soon=$(flux submit --begin-time=+0.3s true)
past=$(flux submit --dependency=begin-time:1000 true)
clean $past $soon
expect_equal 'D CD CD' "$(for i in $later $soon $past; do state $i; done | xargs)"
expect_match '^begin@' "$(waits $later)"
flux cancel $later
clean $later
refused 'begin-time' --dependency=begin-time:tomorrowish
EOS
END

test_case 'singleton: one of a name at a time, in their order' <<'END'
in_flux <<'EOS'
sub () { flux submit --job-name=$1 --dependency=singleton "${@:2}"; }
first=$(sub one sleep 1000) second=$(sub one true) other=$(sub two true) free=$(flux submit --job-name=one true)
clean $other $free
expect_equal 'R D' "$(state $first) $(state $second)"
expect_equal singleton "$(waits $second)"
third=$(sub one true)
flux cancel $second # its turn goes to the third
flux cancel $first
clean $first $second $third
expect_equal 'CA CA CD' "$(for i in $first $second $third; do state $i; done | xargs)"
refused 'require a job name' --dependency=singleton
EOS
END

test_case 'string: who puts a name out goes before who takes it in' <<'END'
in_flux <<'EOS'
flux queue stop >/dev/null
early=$(flux submit --dependency='string:x?type=in' true) # nobody has put it out yet
a=$(flux submit --dependency='string:x?type=out' true)
b=$(flux submit --dependency='string:x?type=out' true)
in=$(flux submit --dependency='string:x?type=in' true)
chain=$(flux submit --dependency='string:x?type=inout' true)
last=$(flux submit --dependency='string:x?type=in' true)
unlike=$(flux submit --dependency='string:y?type=in' true)
global=$(flux submit --dependency='string:x?type=in&scope=global' true) # another name
expect_equal 'S S S D D D S S' "$(for i in $early $a $b $in $chain $last $unlike $global; do state $i; done | xargs)"
flux queue start >/dev/null
clean $last $chain $in
ended () { flux job eventlog $1 | awk '$2 == "clean" { print $1 }'; }
began () { flux job eventlog $1 | awk '$2 == "start" { print $1 }'; }
before () { awk -v a="$(ended $1)" -v b="$(began $2)" 'BEGIN { exit !(a <= b) }'; }
before $a $in && before $b $in && before $a $chain && before $b $chain && before $chain $last
refused 'type' --dependency='string:x'
refused 'type "sideways"' --dependency='string:x?type=sideways'
refused 'scope "town"' --dependency='string:x?type=in&scope=town'
refused 'name of 0' --dependency='string:?type=in'
EOS
END

test_case 'fluid: a job by its id in any form' <<'END'
in_flux <<'EOS'
a=$(flux submit --urgency=hold true)
for form in f58 f58plain dec hex dothex words; do
    flux submit --dependency="fluid:$(flux job id --to=$form $a)?type=in" true >>ids
done
out=$(flux submit --dependency="fluid:$(flux job id --to=f58plain $a)?type=out" true)
clean $out # it waits for nothing
expect_equal 'D D D D D D' "$(for i in $(cat ids); do state $i; done | xargs)"
flux job urgency $a default
clean $(cat ids)
clean $(flux submit --dependency="fluid:$(flux job id --to=dec $a)?type=in" true) # it is over
refused 'not a valid jobid' --dependency='fluid:!!?type=in'
refused 'not found' --dependency='fluid:f1?type=in'
EOS
END

test_done
