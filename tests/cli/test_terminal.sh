#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Escape sequences: the only one is the "erase to the end of the line" of a line of progress, on a terminal
# that is not dumb. Colours are never printed, so that NO_COLOR has nothing to forbid.
. "$(dirname "$0")/lib.sh"
escape=$(printf '\033')
if ! python3 "$SOURCE/tests/cli/on_terminal.py" true >logs/pty 2>&1; then
    echo 'ok 1 - terminals: a bare chroot has none # SKIP'
    echo 1..1
    exit 0
fi

# Nothing is to be found in it, so that the search takes its time.
"$TOWERPART" synth -q -o . --features 100 --groups 10 --samples 512 --noise 20
"$TOWERPART" affinity -q -m model.yaml -d dump -o affinity.npz
plan="$TOWERPART plan -m model.yaml -t topology.yaml -a affinity.npz --time-limit 3 -o plan.yaml"

# says NAME COMMAND...: runs it; what it says to its terminal is left in NAME
says() {
    says_name=$1
    shift
    python3 "$SOURCE/tests/cli/on_terminal.py" "$@" >"$says_name"
    ok "$says_name: ends well" test $? -eq 0
}
# plain FILE: without escape sequences
plain() {
    ok "$1: no escape sequence" sh -c '! grep -q "$1" "$2"' sh "$escape" "$1"
}
says terminal env TERM=xterm $plan
ok 'terminal: has a line of progress' grep -q "$escape\[K" terminal
sed "s/$escape\[K//g" terminal >terminal-else
plain terminal-else
says no-colour env TERM=xterm NO_COLOR=1 $plan
sed "s/$escape\[K//g" no-colour >no-colour-else
plain no-colour-else
says dumb env TERM=dumb $plan
plain dumb
says nameless env -u TERM $plan
plain nameless

for command in 'check plan.yaml' 'report plan.yaml' 'report --json plan.yaml' 'plan --help' '--help'; do
    says "terminal-$(echo "$command" | tr -c 'a-z\n' -)" env TERM=xterm "$TOWERPART" $command
    plain "$says_name"
done

# Into files, whatever the terminal is.
TERM=xterm $plan >out 2>err
ok 'a file: is told the same' grep -q '^100 features in 4 towers' err
plain out
plain err
finish
