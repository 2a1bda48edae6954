#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# What no client should send on the local socket: broken framing, forged messages, a client that never
# reads, and every topic with payloads that do not fit, of which none may hurt the broker.

. "$(dirname "$0")/lib.sh"

HOSTILE=$top_builddir/testsuite/helpers/wire_hostile

# shutdown.start is left out: it does what it says.
TOPICS="
attr.get attr.set attr.list attr.rm
broker.ping broker.stats-get broker.rusage broker.debug broker.disconnect
overlay.topology overlay.health overlay.monitor overlay.trace overlay.stats-get overlay.disconnect-subtree
event.publish event.subscribe event.unsubscribe event.disconnect
service.add service.remove
log.append log.dmesg log.clear log.disconnect log.cancel
shutdown.get state-machine.monitor state-machine.get state-machine.wait
groups.get groups.join groups.leave config.get module.list
kvs.lookup kvs.lookup-plus kvs.commit kvs.fence kvs.getroot kvs.wait-version kvs.namespace-create
kvs.namespace-remove kvs.namespace-list kvs.dropcache kvs.disconnect kvs.cancel kvs.stats-get
kvs-watch.lookup kvs-watch.cancel kvs-watch.disconnect
content.load content.store content.flush content.dropcache content.validate
content.checkpoint-get content.checkpoint-put content.register-backing
content-backing.load content-backing.store content-backing.validate
content-backing.checkpoint-get content-backing.checkpoint-put
job-ingest.submit job-ingest.getinfo
job-manager.raise job-manager.raiseall job-manager.kill job-manager.killall job-manager.urgency
job-manager.wait job-manager.list job-manager.getattr job-manager.update job-manager.memo
job-manager.purge job-manager.purge-id job-manager.events-journal
job-manager.events-journal-cancel job-manager.disconnect job-manager.stats-get
job-manager.jobtap job-manager.jobtap-query job-manager.housekeeping-kill job-manager.drain
job-info.update-watch-cancel job-manager.history.get job-manager.getinfo job-manager.queue-enable job-manager.queue-start
job-manager.queue-list job-manager.queue-status job-manager.alloc-query job-manager.idle
job-manager.sched-hello job-manager.sched-ready resource.acquire-cancel
job-list.list job-list.list-id job-list.list-attrs job-list.job-stats job-list.disconnect
job-info.lookup job-info.eventlog-watch job-info.eventlog-watch-cancel job-info.update-watch
job-info.update-lookup job-info.disconnect
job-exec.append job-exec.start job-exec.finish job-exec.stats-get job-exec.disconnect
job-exec.critical-ranks job-manager.list flow.drained
shell-exec.start shell-exec.kill shell-exec.disconnect
resource.status resource.sched-status resource.acquire resource.drain resource.undrain
resource.get-xml resource.reload resource.monitor-waitup resource.disconnect
sched.resource-status sched.feasibility sched.stats-get
step.run step.signal step.disconnect
rexec.exec rexec.attach rexec.write rexec.kill rexec.list rexec.wait rexec.disconnect
nothing.here"

test_case 'broken and forged messages' <<'END'
flux start "$HOSTILE" stream
END

test_case -t 120 'every topic with what does not fit' <<'END'
flux start "$HOSTILE" requests $TOPICS
END

test_case -t 120 'the same in an instance of two brokers' <<'END'
flux start -s2 "$HOSTILE" requests $TOPICS
END

FLOOD=$top_builddir/testsuite/helpers/wire_flood
test_case -t 120 'a million watchers that never read: one error each past the bound, and bounded memory' <<'END'
flux start "$FLOOD" watchers 1000000
END

test_case -t 120 'one that hears large events and never reads: the others hear them all' <<'END'
flux start "$FLOOD" events 160
END

test_case -t 120 'a watcher of large values that never reads' <<'END'
flux start "$FLOOD" values 250
END

test_done
