#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The --format mini-language as flux-core has it, and formats by name: those of the verbs, of the
# environment and of the files of user and site.

. "$(dirname "$0")/lib.sh"

# Recorded with flux-core's own command; what it refuses and we take (a precision of a number, say)
# is not in it.
test_case 'flux-core writes the same, format by format' <<'END'
data=$top_srcdir/testsuite/data/formats
grep '^= ' "$data/flux-core" | cut -c3- >formats
[ $(wc -l <formats) -gt 200 ]
while IFS= read -r format; do
    echo "= $format"
    TZ=UTC flux jobs --from-stdin -o "$format" <"$data/jobs" | sed 's/^/| /'
done <formats >ours
grep -v '^#' "$data/flux-core" >want
diff want ours
END

test_case 'numbers with specs that are no number'"'s"', and text with those of numbers' <<'END'
list () { flux jobs --from-stdin -n -o "$1" <<<'{"id":255,"state":8,"name":"abc","ntasks":7,"duration":1.5}'; }
expect_equal '7|7   |    7|0007|1.5' "$(list '{ntasks:s}|{ntasks:<4s}|{ntasks!s:>5}|{ntasks:04d}|{duration:s}')"
expect_equal '7|1.5|abc  |abc|1.50' "$(list '{ntasks:.3}|{duration:.3}|{name:<5d}|{name!F}|{duration:.2f}')"
expect_equal "255|ƒ5Q|'abc'|7" "$(list '{id:d}|{id}|{name!r}|{ntasks!r}')"
END

# The folders of user and site, and a flux that knows only these.
mkdir -p user/flux site1/flux site2/flux
cat >user/flux/flux-jobs.toml <<'END'
[formats.mine]
description = "My own"
format = """\
{id.dec} \
{name}"""
[formats.both]
format = "user {name}"
END
cat >site1/flux/flux-jobs.json <<'END'
{"formats":{"both":{"format":"site1 {name}"},"two":{"format":"site1 {name}"},"bare":{"format":"{name}"}}}
END
cat >site2/flux/flux-jobs.yaml <<'END'
formats:
  two:
    description: The second
    format: "site2 {name}"
  yaml:
    description: From YAML
    format: >-
      yaml
      {name}
END
echo 'not looked at' >site2/flux/flux-jobs.toml.bak
export XDG_CONFIG_HOME=$PWD/user XDG_CONFIG_DIRS=$PWD/site1:$PWD/site2
jobs () { flux jobs --from-stdin "$@" <<<'{"id":255,"state":8,"name":"abc"}'; }

test_case 'files of user and site: the user before the site, the first folder before the second' <<'END'
expect_equal '255 abc' "$(jobs -no mine)"
expect_equal 'user abc' "$(jobs -no both)"
expect_equal 'site1 abc' "$(jobs -no two)"
expect_equal 'yaml abc' "$(jobs -no yaml)"
jobs -o help >help
expect_equal 'bare both cute default deps endreason long mine two yaml' "$(awk '/^  / {print $1}' help | sort | xargs)"
expect_in_file '^  mine +My own$' help
expect_in_file '^  bare *$' help
expect_in_file '^  two +The second$' help
expect_equal 255 "$(FLUX_JOBS_FORMAT_DEFAULT='{id.dec}' jobs -n)"
expect_equal '255 abc' "$(FLUX_JOBS_FORMAT_DEFAULT=mine jobs -n -o default)"
expect_equal 'site1 abc' "$(unset XDG_CONFIG_HOME; HOME=$PWD/nowhere; jobs -no both)"
mkdir -p home/.config && ln -s "$XDG_CONFIG_HOME/flux" home/.config/flux
expect_equal 'user abc' "$(unset XDG_CONFIG_HOME; HOME=$PWD/home; jobs -no both)"
END

test_case 'arguments that may be left out may also be the next word' <<'END'
jobs -o '{name:>30}' -w 12 >out
expect_equal 12 "$(head -n1 out | tr -d '\n' | wc -m)"
expect_equal "$(jobs --color=always -n)" "$(jobs --color always -n)"
expect_equal "$(jobs -n)" "$(jobs -w -n)"
END

test_case 'get-config= shows a format as a file has it' <<'END'
expect_equal '[formats.mine] description = "My own" format = "{id.dec} {name}"' "$(jobs -o get-config=mine | xargs -d'\n')"
mkdir -p x/flux
jobs -o get-config=endreason | sed 's/endreason/again/' >x/flux/flux-jobs.toml
expect_equal "$(jobs -o endreason)" "$(XDG_CONFIG_HOME=$PWD/x jobs -o again)"
expect_equal '[list.formats.rlist]' "$(flux resource list -o get-config=rlist | head -n1)"
expect_equal '[status.formats.long]' "$(flux resource status -o get-config=long | head -n1)"
expect_equal '[drain.formats.long]' "$(flux resource drain -o get-config=long | head -n1)"
expect_equal '[list.formats.nodes]' "$(flux queue list -o get-config=nodes | head -n1)"
expect_equal '[formats.full]' "$(flux pgrep -o get-config=full x | head -n1)"
END

test_case 'a file that is wrong is named, with what is wrong' <<'END'
mkdir -p bad/flux
export XDG_CONFIG_HOME=$PWD/bad
# refused FILE TEXT WANT: what flux jobs says
refused ()
{
    local code=0
    rm -f bad/flux/*
    printf '%s' "$2" >bad/flux/$1
    jobs >out 2>err || code=$?
    expect_equal "1 flux-jobs: $PWD/bad/flux/$1$3" "$code $(cat err)"
    [ ! -s out ]
}
refused flux-jobs.json '{"formats":{"default":{"format":"{id}"}}}' ": format 'default' is built in and cannot be changed"
refused flux-jobs.json '{"formats":[]}' ": \`formats' is not a table"
refused flux-jobs.json '{"formats":{"x":1}}' ': formats.x is not a table'
refused flux-jobs.json '{"formats":{"x":{"description":"y"}}}' ': formats.x.format is not there, or no text'
refused flux-jobs.json '{"other":1}' ': invalid key other'
refused flux-jobs.json '[]' ': not a JSON object'
refused flux-jobs.yaml '- 1' ': it is not a table'
code=0; echo '[formats' >bad/flux/flux-jobs.toml; rm bad/flux/*.yaml; jobs 2>err || code=$?
expect_match '^1 flux-jobs: .*/bad/flux/flux-jobs.toml:1: ' "$code $(head -n1 err)"
echo 'a: [' >bad/flux/flux-jobs.yaml; rm bad/flux/*.toml; jobs 2>err || code=$?
expect_match '^1 flux-jobs: .*/bad/flux/flux-jobs.yaml: ' "$code $(head -n1 err)"
expect_equal '{id} 255' "{id} $(jobs -no '{id.dec}')" # text needs no file
echo '{"list":{"hidden-queues":"x"}}' >bad/flux/flux-resource.json
flux resource list 2>err || code=$?
expect_match 'flux-resource.json: list.hidden-queues is not a list of names' "$(cat err)"
END

test_case 'flux resource and flux queue: formats of their own, hidden and virtual queues' <<'END'
mkdir -p cfg/flux
cat >cfg/flux/flux-resource.toml <<'EOT'
[list]
hidden-queues = ["all"]
formats.short.format = "{state} {queue} {nnodes}"
[status.formats.short]
format = "{state} {nnodes}"
[drain.formats.short]
format = "{ranks} {reason}"
EOT
echo '{"list":{"formats":{"short":{"format":"{queue}!"}}}}' >cfg/flux/flux-queue.json
cat >R <<'EOT'
{"version":1,"execution":{"R_lite":[{"rank":"0-3","children":{"core":"0-1"}}],"nodelist":["n[0-3]"],
 "properties":{"batch":"0-1","debug":"2-3","big":"0"},"starttime":0,"expiration":0}}
EOT
cat >queues.toml <<'EOT'
[queues.batch]
requires = ["batch"]
[queues.debug]
requires = ["debug"]
[queues.all]
[queues.quick]
parent = "debug"
EOT
cat >script <<'EOT'
export XDG_CONFIG_HOME=$PWD/cfg
flux resource drain 0 worn out
expect_equal 'allocated debug 0 down debug 0' "$(flux resource list -s allocated,down -q debug -no short | xargs)"
expect_equal 'batch,debug,big' "$(flux resource list -no '{properties}')"
expect_equal 'free batch 1 free debug 2 down batch 1' "$(flux resource list --skip-empty -s free,down -no short | xargs)"
expect_equal 'free all 3 down all 1' "$(flux resource list -s free,down -q all -no short | xargs)"
expect_equal 'free quick 2' "$(flux resource list --skip-empty -s free,down -q quick -no short | xargs)"
expect_equal 'all,batch all,debug' "$(XDG_CONFIG_HOME=/nowhere flux resource list -s free -no '{state} {queue}' | cut -d' ' -f2 | sort | xargs)"
expect_equal big "$(flux resource list -s down -no '{propertiesx}')"
expect_match 'drained 1' "$(flux resource status -no short | xargs)"
expect_equal '0 worn out' "$(flux resource drain -no short)"
expect_equal '0 worn out' "$(FLUX_RESOURCE_DRAIN_FORMAT_DEFAULT=short flux resource drain -n)"
expect_equal 'all! batch! debug! quick!' "$(flux queue list -no short | sort | xargs)"
expect_equal 'all! batch! debug! quick!' "$(FLUX_QUEUE_LIST_FORMAT_DEFAULT=short flux queue list -n | sort | xargs)"
code=0; flux resource list -q none 2>err || code=$?
expect_match '^1 flux-resource: .*none' "$code $(cat err)"
EOT
flux start -c queues.toml -Sresource.path=R bash -eu script
END

test_done
