#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The ways to an instance from elsewhere: ssh:// by a stand-in and by a real sshd, flux proxy over one
# connection, and the targets of flux uri. slurm: is tested with a cluster in 2350.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
SSHD=/usr/sbin/sshd

# Stands in for ssh: runs the command here. Each use leaves a line in `calls`, its pid in `pid`.
printf '#!/bin/bash\necho "$1" >>%s/calls\necho $$ >%s/pid\nshift\nexec "$@"\n' "$T_TMP" "$T_TMP" >ssh
chmod +x ssh

# in_instance: run what comes on stdin in a new instance; path is that of its socket
in_instance ()
{
    (echo 'path=$(flux getattr local-uri); path=${path#local://}'; cat) >inside.sh
    rm -f calls
    timeout -k 5 40 flux start bash -eu -o pipefail inside.sh
}

test_case 'proxy: many connections share one ssh' <<'END'
in_instance <<'EOF'
export FLUX_SSH=$PWD/ssh
cat >inner.sh <<'INNER'
expect_no_match "$path" "$FLUX_URI"
expect_output 1 flux getattr size
for i in 1 2 3 4 5 6 7 8; do flux kvs put k$i=$i & done
wait
for i in 1 2 3 4 5 6 7 8; do expect_output $i flux kvs get k$i; done
head -c 3000000 /dev/zero | tr '\0' x >big
flux kvs put --raw big=- <big
flux kvs get --raw big | cmp - big
seq 1 1000 | flux run cat | sha256sum
expect_equal 16000000 "$(flux exec sh -c 'yes | head -c 16000000' | (sleep 0.5; wc -c))" # the proxy holds little of it
[ "$(awk '/^VmHWM/ { print $2 }' /proc/$PPID/status)" -lt 20000 ]
flux event sub -c 1 hello & sub=$!
until flux event pub hello && ! kill -0 $sub 2>/dev/null; do sleep .05; done
INNER
path=$path flux proxy ssh://there$path bash -eu inner.sh >out
expect_equal "$(seq 1 1000 | sha256sum)" "$(grep -- - out)"
expect_equal there "$(cat calls)"
EOF
END

test_case 'proxy: exit codes, and a place that is not there' <<'END'
in_instance <<'EOF'
export FLUX_SSH=$PWD/ssh TMPDIR=$PWD/tmp
mkdir tmp
expect_exit 3 flux proxy ssh://there$path sh -c 'exit 3'
expect_output me@there flux proxy "ssh://me@there$path" printenv FLUX_PROXY_REMOTE
expect_exit 143 flux proxy ssh://there$path sh -c 'kill -TERM $$'
expect_exit 127 flux proxy ssh://there$path nosuchprogram
expect_exit 1 flux proxy ssh://there/nosuchsocket true
expect_exit 1 flux proxy ssh://there true
expect_exit 1 flux proxy 'ssh://there/$(touch bad)' true
[ ! -e bad ]
FLUX_SSH=/nosuchprogram expect_exit 1 flux proxy ssh://there$path true
expect_equal "" "$(ls tmp)"
EOF
END

test_case 'proxy: the connection is lost: SIGHUP, or not with --nohup' <<'END'
in_instance <<'EOF'
export FLUX_SSH=$PWD/ssh
code=0
flux proxy ssh://there$path bash -c 'flux getattr size; kill -9 $(cat pid); exec sleep 30' 2>err || code=$?
expect_equal 129 $code
expect_in_file 'lost the connection to there' err
expect_exit 5 flux proxy --nohup ssh://there$path bash -c 'kill -9 $(cat pid); while flux getattr size; do sleep .05; done; exit 5'
EOF
END

test_case 'proxy --reconnect' <<'END'
in_instance <<'EOF'
export FLUX_SSH=$PWD/ssh
flux proxy --reconnect ssh://there$path bash -c 'flux getattr size; kill -9 $(cat pid); until flux getattr size; do sleep .05; done' >out 2>err
expect_equal "1 1" "$(xargs <out)"
expect_in_file 'connected again' err
expect_equal 2 "$(wc -l <calls)"
EOF
END

test_case 'proxy --reconnect: clients go on with their subscriptions; what was asked fails' <<'END'
in_instance <<'EOF'
export FLUX_SSH=$PWD/ssh
cat >script <<'EOS'
flux event sub my.topic >events & sub=$!
until grep -qs one events; do flux event pub my.topic '{"n":"one"}'; sleep .05; done
flux kvs get --watch --count=2 a >values 2>err & get=$!
until grep -qs 1 values; do sleep .05; done
kill -9 $(cat pid)
rc=0; wait $get || rc=$?
echo $rc >rc
until grep -qs two events; do flux event pub my.topic '{"n":"two"}'; sleep .05; done
kill $sub
EOS
flux kvs put a=1
timeout 30 flux proxy --reconnect ssh://there$path bash script 2>proxy.err
expect_in_file 'connected again' proxy.err
expect_equal 1 "$(cat rc)"
expect_in_file 'reset by peer' err
expect_equal 2 "$(wc -l <calls)"
EOF
END

test_case 'uri: paths, queries, and the pid of a broker' <<'END'
in_instance <<'EOF'
own=local://$path
expect_output $own flux uri /
expect_output $own flux uri .
expect_output $own flux uri local://$path
expect_output ssh://$(hostname)$path flux uri "$own?remote"
expect_output $own flux uri "ssh://$(hostname)$path?local"
expect_output $own flux uri pid:$(flux getattr broker.pid)
expect_output $own flux uri pid:$$
id=$(flux alloc -n1 --bg)
inner=$(flux uri "$id?local")
expect_match '^local://' "$inner"
expect_output $inner flux uri --local $id
expect_output $inner flux uri --local /$id
expect_output $inner flux uri --local jobid:$id
expect_output $inner flux uri --local "./$id?wait"
expect_output $own flux proxy $id flux uri --local ..
expect_output $own flux proxy $id flux uri --local /
expect_output $inner flux proxy $id flux uri --local ../$id
expect_output $inner flux uri pid:$(flux proxy $id flux getattr broker.pid)
expect_fail flux uri $id/$id
expect_fail flux uri ../$id
flux start sh -c 'flux getattr broker.pid >stopped; exec sleep 100' & # one that does not answer
wait_until 10 test -s stopped
kill -STOP $(cat stopped)
expect_exit 1 timeout 20 flux uri pid:1
kill -KILL $(cat stopped)
expect_fail flux uri pid:x
flux shutdown $id
EOF
END

case_if '[ -x $SSHD ] && [ "$(id -u)" = 0 ]' 'no sshd, or not root' -- 'ssh:// by a real sshd' <<'END'
ssh-keygen -q -t ed25519 -N '' -f hostkey
ssh-keygen -q -t ed25519 -N '' -f userkey
cp userkey.pub authorized
chmod 600 authorized hostkey userkey
mkdir -p /run/sshd
for port in $(shuf -i 20000-30000 -n 20); do
    cat >sshd_config <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/hostkey
AuthorizedKeysFile $PWD/authorized
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile $PWD/sshd.pid
SetEnv PATH=$PATH FLUX_EXEC_PATH=$FLUX_EXEC_PATH
CONF
    $SSHD -f sshd_config -E sshd.log && break
done
wait_until 5 test -s sshd.pid
at_end "kill $(cat sshd.pid)"
printf '#!/bin/sh\nexec ssh -q -i %s/userkey -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$@"\n' "$PWD" >realssh
chmod +x realssh
user=$(id -un)
port=$port user=$user in_instance <<'EOF'
export FLUX_SSH=$PWD/realssh FLUX_SSH_RCMD=$(command -v flux)
expect_output 1 env FLUX_URI=ssh://$user@127.0.0.1:$port$path flux getattr size
expect_output 1 flux proxy ssh://$user@127.0.0.1:$port$path flux getattr size
seq 1 50000 >want
flux proxy ssh://$user@127.0.0.1:$port$path flux run cat <want >got
expect_same_file want got
expect_fail flux proxy ssh://$user@127.0.0.1:$port/nosuchsocket true
EOF
END

test_done
