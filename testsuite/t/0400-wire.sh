#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# To a client of flux-core 0.88 there is no difference: what its commands and its broker said to each
# other was recorded on the socket. The commands' part is said again byte for byte, and our answers
# must be the same. Two were changed by hand: the text of an error is free, and an event has no route
# delimiter here, as RFC 3 has it.

. "$(dirname "$0")/lib.sh"

replay ()
{
    flux start -s1 --test-hosts=vm "$top_builddir/testsuite/helpers/wire_replay" "$top_srcdir/testsuite/data/wire/$1"
}

for name in attr ping kvs event content job status; do
    test_case "flux-core's client: $name" <<END
replay $name
END
done

# What is known beforehand of jobs are those of an archive, jobs.tgz, which both brokers began with.
# Changed by hand: the environment of what flux exec runs; answers to job-list.list come in one piece
# here; where two streams meet, their answers may come in any order.
for name in kvs-tree jobs exec; do
    test_case "flux-core's client, on known jobs and keys: $name" <<END
data=\$top_srcdir/testsuite/data/wire
flux start -s1 --test-hosts=vm -Scontent.restore=\$data/jobs.tgz "\$top_builddir/testsuite/helpers/wire_replay" \$data/$name
END
done

# Its commands in Python, on jobs that are born in the replay: submit, run, bulksubmit, jobs, attach,
# watch, cancel, pkill, wait, update, queue, resource. Only the ids of these jobs are put into what they
# said. Changed by hand as above; times, resources and texts for people are any.
for name in submit attach cancel manage; do
    case_if '[ "$(id -u)" -eq 0 ]' 'user 0 said it' -- "flux-core's commands in Python: $name" <<END
replay python-$name
END
done

test_case 'a changed answer is seen' <<'END'
sed 's/"value":"1"/"value":"2"/' "$top_srcdir/testsuite/data/wire/attr" >changed
rc=0
flux start "$top_builddir/testsuite/helpers/wire_replay" changed 2>err || rc=$?
expect_equal 1 $rc
expect_in_file expected err
END

test_done
