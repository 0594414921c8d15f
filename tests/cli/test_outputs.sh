#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Outputs that must not be written: over an input, beyond a limit, through a link to nothing; and runs that
# are killed, which leave nothing.
. "$(dirname "$0")/lib.sh"
"$TOWERPART" synth -q -o . --features 6 --groups 2 --samples 64 --hosts 2
"$TOWERPART" affinity -q -m model.yaml -d dump -o a.npz
plan='plan -q -m model.yaml -t topology.yaml'
mkdir kept
cp -r model.yaml topology.yaml a.npz dump kept

# --- an output that is an input -------------------------------------------------------------------------
# spared OPTION INPUT OUTPUT COMMAND...: refused before any work, naming both
spared() {
    spared_option=$1
    spared_input=$2
    spared_output=$3
    shift 3
    expect "$1: -o $spared_output with $spared_option $spared_input" 2 \
        "-o $spared_output: would change the input $spared_option $spared_input" "$@" \
        "$spared_option" "$spared_input" -o "$spared_output"
}
ln -s a.npz link.npz
ln a.npz hard.npz
ln -s dump way
spared -m model.yaml model.yaml plan -t topology.yaml -a a.npz
spared -t topology.yaml topology.yaml plan -m model.yaml -a a.npz
spared -a a.npz a.npz $plan
spared -a a.npz ./dump/../a.npz $plan
spared -a a.npz "$PWD/a.npz" $plan
spared -a a.npz link.npz $plan
spared -a a.npz hard.npz $plan
spared -a link.npz a.npz $plan
spared -d dump dump/pooled.npy $plan
spared -d dump dump/new.yaml $plan
spared -d dump dump/new.yaml $plan -d elsewhere
spared --null dump dump/new.yaml $plan -d elsewhere
spared --null dump dump/x.npy affinity -m model.yaml -d elsewhere
spared -d dump dump/x.npy affinity -m model.yaml -d elsewhere
spared -m model.yaml model.yaml affinity -d dump
spared -d dump dump/x.npy affinity -m model.yaml
spared -d way dump/x.npy affinity -m model.yaml
spared -d dump way/x.npy affinity -m model.yaml
spared -d dump dump affinity -m model.yaml
"$TOWERPART" plan -t topology.yaml -a a.npz -m - -o model.yaml <model.yaml 2>logs/err
judge 'the model on standard input' 2 $? '-o model.yaml: would change the input -m -' ''
"$TOWERPART" plan -t topology.yaml -a a.npz -m model.yaml 2>logs/err >>model.yaml
judge 'standard output at the end of the model' 2 $? '-o -: would change the input -m model.yaml' ''
expect 'a plan' 0 '' $plan -a a.npz -o plan.yaml
spared -a a.npz a.npz recost plan.yaml
expect 'a report does not replace its plan' 2 'would change the input PLAN plan.yaml' \
    report plan.yaml -o plan.yaml
expect 'only recost may replace what it reads' 0 '' recost -q plan.yaml -a a.npz -o plan.yaml
ok 'all inputs are what they were' sh -c '
    for input in model.yaml topology.yaml a.npz dump; do diff -r $input kept/$input || exit 1; done'

# --- names and links ------------------------------------------------------------------------------------
mkdir out
long=$(printf '%0255d' 0)
expect 'a name of 255 bytes' 0 '' $plan -a a.npz -o "out/$long"
ok 'is written' test -s "out/$long"
ln -s nothing out/dangling
expect 'a link to nothing' 4 'out/dangling: cannot be written: is a link to a file that is not there' \
    $plan -a a.npz -o out/dangling
ok 'is kept' test -L out/dangling
expect 'a folder that takes no file is named' 4 'no file can be made in the folder /proc:' \
    $plan -a a.npz -o /proc/plan.yaml

# --- limits and signals ---------------------------------------------------------------------------------
rm -r out && mkdir out
(ulimit -f 1 && "$TOWERPART" $plan -a a.npz -o out/plan.yaml 2>logs/err)
judge 'a plan beyond the limit on file sizes' 4 $? 'out/plan.yaml: cannot be written: File too large' ''
ok 'leaves nothing' test -z "$(ls -A out)"

# Some file systems have no files without names; there a killed run leaves its temporary file.
if python3 -c 'import os; os.open("out", os.O_TMPFILE | os.O_WRONLY)' 2>logs/probe; then
    for signal in TERM HUP KILL; do
        rm -rf out
        "$TOWERPART" synth -q -o out --samples 1000000000 2>logs/err &
        tries=0
        until ls -l /proc/$!/fd | grep -q out/dump/ || [ $tries -eq 6000 ]; do
            tries=$((tries + 1))
            sleep 0.01
        done
        kill -$signal $!
        wait $! 2>logs/wait
        ok "a run ended by SIG$signal ended by it" test $? -gt 128
        ok 'and left only what was complete' test "$(ls -A out/dump)" = features.json
    done
fi
finish
