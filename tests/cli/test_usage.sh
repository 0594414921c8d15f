#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Exit statuses and messages of the command line itself; help and version.
. "$(dirname "$0")/lib.sh"
write_specs
plan='plan -m model.yaml -t topology.yaml'

# --- help and version -------------------------------------------------------------------------------
expect 'no command at all is wrong usage' 2 'Usage: towerpart COMMAND'
ok 'and prints nothing to standard output' test ! -s logs/out
expect 'the help of the program' 0 '' --help
cp logs/out help
expect 'help without a command' 0 '' help
ok 'help and --help are the same' cmp logs/out help
for command in synth import profile affinity plan check recost report diff explain sweep export; do
    ok "the table of commands lists $command" grep -q "^  $command " help
    expect "$command --help" 0 '' "$command" --help
    cp logs/out help_command
    expect "help $command" 0 '' help "$command"
    ok "help $command equals $command --help" cmp logs/out help_command
    ok "the help of $command has an example" grep -q "Example: towerpart $command " help_command
    expect "$command --version" 0 '' "$command" --version
    ok "$command --version names program and version" grep -qx 'towerpart [0-9.]*' logs/out
    expect "an option that does not exist: $command" 2 "unrecognized option '--nonsense'" \
        "$command" --nonsense
    expect "nothing given: $command" 2 'is missing' "$command"
    ok "and says how to get help: $command" grep -q "towerpart $command --help" logs/err
done
expect 'the version of the program' 0 '' --version
ok 'is a line' grep -qx 'towerpart [0-9.]*' logs/out
expect 'an unknown command' 2 'unknown command: nonsense' nonsense
expect 'a command with a slip' 2 "Did you mean 'report'?" reprot plan.yaml
expect 'an option with a slip' 2 "option '--stratgy' is not known; did you mean '--strategy'?" plan --stratgy=load
expect 'an option near none' 2 "unrecognized option '--nonsense'" plan --nonsense
ok 'has no suggestion' sh -c '! grep -q "did you mean" logs/err'
expect 'the beginning of an option' 2 'option -m MODEL is missing' plan --strat load
ok 'needs no suggestion' sh -c '! grep -q "did you mean" logs/err'
expect 'a file named like an option' 2 'option -t TOPOLOGY is missing' plan -m --modle
ok 'needs none, either' sh -c '! grep -q "did you mean" logs/err'
expect 'no command is near' 2 "Try 'towerpart --help'" nonsense
expect 'help for an unknown command' 2 'unknown command: nonsense' help nonsense
expect 'help for two commands' 2 'too many arguments' help plan check
expect 'an option where the command should be' 2 'expected a command, found --seed' --seed 1

# --- missing, surplus and contradicting options -----------------------------------------------------
expect 'synth without a folder' 2 'option -o DIR is missing' synth
expect 'affinity without a model' 2 'option -m MODEL is missing' affinity -d x -o y
expect 'affinity without a dump' 2 'option -d DUMP is missing' affinity -m x -o y
expect 'affinity without an output' 2 'option -o FILE is missing' affinity -m x -d y
expect 'affinity of a pipe' 2 "expected a folder or a file, found '-'" affinity -m x -d - -o y
expect 'plan without a model' 2 'option -m MODEL is missing' plan -t x
expect 'plan without a topology' 2 'option -t TOPOLOGY is missing' plan -m x
expect 'plan without an affinity says what to do' 2 'give -d DUMP or -a FILE' $plan
expect 'so does diverse' 2 'strategy diverse needs an affinity' $plan --strategy diverse
expect 'so does paper' 2 'strategy paper needs an affinity' $plan --strategy paper
expect 'plan with both affinities' 2 '-d and -a both give the affinity' $plan -d x -a y
expect 'plan without any time' 2 "--time-limit: found '0', expected more than 0 seconds" \
    $plan -d x --time-limit 0
expect 'plan with a time that is none' 2 "--time-limit: found '1m', expected a number" \
    $plan -d x --time-limit 1m
expect 'plan with two specs from the same pipe' 2 'only one input can be' \
    plan -m - -t - --strategy load
expect 'moving bytes from nowhere' 2 '--max-move-bytes says nothing without --from' \
    $plan --strategy load --max-move-bytes 1GB
expect 'locking what is nowhere' 2 '--lock says nothing without --from' $plan --strategy load --lock a
expect 'losing a host of nothing' 2 '--lost-host says nothing without --from' \
    $plan --strategy load --lost-host 0
expect 'bytes that are none' 2 "--max-move-bytes: found '1 gig', expected bytes, such as" \
    $plan --strategy load --from o --max-move-bytes '1 gig'
expect 'fewer bytes than none' 2 "--max-move-bytes: found '-1', expected bytes" \
    $plan --strategy load --from o --max-move-bytes=-1
expect 'a host that is none' 2 "--lost-host: found 'b', expected" $plan --strategy load --from o --lost-host b
expect 'a host lost twice' 2 '--lost-host 3 is given twice' \
    $plan --strategy load --from o --lost-host 3 --lost-host 1 --lost-host 3
expect 'an older plan from the same pipe' 2 'only one input can be' \
    plan -m - -t x --strategy load --from -
touch o
expect 'an older plan that would be lost' 2 '-o o: would change the input --from o; write to another file' \
    $plan --strategy load --from o -o o
expect 'plan with an option twice' 2 'option --seed is given twice' $plan -d x --seed 1 --seed 1
expect 'plan with a file argument' 2 'Too many arguments' $plan -d x plan.yaml
expect 'plan with both ways to say the towers' 2 'say the same' \
    $plan -d x --towers 2 --hosts-per-tower 1
expect 'plan --flat with a strategy' 2 '--strategy says nothing with --flat' \
    $plan --flat --strategy load
expect 'plan --flat with an affinity' 2 '-a says nothing with --flat' $plan --flat -a x
expect 'plan --flat with towers' 2 '--towers says nothing with --flat' $plan --flat --towers 2
for option in '--measure cka' '--null x' '--missing neutral'; do
    [ "$option" = '--missing neutral' ] ||
        expect "plan $option with an affinity" 2 "${option% *} says nothing without -d" $plan -a x $option
    expect "plan $option with neither" 2 "${option% *} says nothing without -d" \
        $plan --strategy load $option
    expect "plan $option with --flat" 2 "${option% *} says nothing with --flat" $plan --flat $option
    expect "plan $option twice" 2 "option ${option% *} is given twice" $plan -d x $option $option
    expect "affinity $option without a dump" 2 'option -d DUMP is missing' affinity -m x -o y $option
done
expect 'affinity of 17 dumps' 2 '-d is given more than 16 times' \
    affinity -m x -o y $(printf -- '-d d%s ' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)
expect 'plan with dumps and an affinity' 2 '-d and -a both give the affinity' $plan -d x -d y -a z
expect 'a null dump from a pipe' 2 "--null: expected a folder or a file, found '-'" $plan -d x --null -
expect 'check without a plan' 2 'the plan file is missing' check
expect 'check of two plans' 2 "too many arguments: 'b' after 'a'" check a b
expect 'check against a model from a pipe' 2 'only the plan can be standard input' check a -m -
expect 'recost without a plan' 2 'the plan file is missing' recost
expect 'recost with plan and affinity from the same pipe' 2 'only one input' recost - -a -
expect 'report without a plan' 2 'the plan file is missing' report
expect 'report with the format twice' 2 '--json and --format' report --json --format text a

# --- values ------------------------------------------------------------------------------------------
# number OPTION VALUE EXPECTED: plan refuses the value and says what it expected
number() {
    expect "plan $1 $2" 2 "$1: found '$2', expected $3" $plan -d x "$1" "$2"
}
number --seed -1 'an integer in decimal digits, from 0 to'
number --seed 1e3 'an integer in decimal digits, from 0 to'
number --seed 0x10 'an integer in decimal digits, from 0 to'
number --seed 01 'an integer in decimal digits, from 0 to'
number --seed 99999999999999999999 'an integer in decimal digits, from 0 to 9223372036854775807'
number --seed 9223372036854775808 'an integer in decimal digits, from 0 to 9223372036854775807'
number --seed '' 'an integer in decimal digits, from 0 to'
number --seed ' 1' 'an integer in decimal digits, from 0 to'
number --effort 0 'an integer in decimal digits, from 1 to 1000'
number --effort 1001 'an integer in decimal digits, from 1 to 1000'
number --threads 0 'an integer in decimal digits, from 1 to 1024'
number --towers 0 'an integer in decimal digits, from 1 to'
number --hosts-per-tower 1.5 'an integer in decimal digits, from 1 to'
number --balance -0.1 'a number, at least 0, or auto'
number --balance 0,1 'a number, at least 0, or auto'
number --balance nan 'a number, at least 0, or auto'
number --balance 1e999 'a number, at least 0, or auto'
number --balance 5% 'a number, at least 0, or auto'
number --ratio 0.9 'a number, at least 1, or auto'
number --strategy best 'coherent, diverse, load, stride or paper'
number --measure rbf 'cka or cosine'
number --missing mean 'neutral'
expect 'plan --strategy flat points to --flat' 2 'flat is an option of its own, --flat' \
    $plan --strategy flat
expect 'affinity --round' 2 "--round: found '10', expected an integer in decimal digits, from 0 to 9" \
    affinity -m x -d y -o z --round 10
expect 'affinity --memory' 2 "--memory: found '1G', expected an integer in decimal digits, from 1048576 to 9223372036854775807" \
    affinity -m x -d y -o z --memory 1G
expect 'report --format' 2 "--format: found 'xml', expected text, json or html" report --format xml a
expect 'synth --features' 2 "--features: found '1', expected" synth -o d --features 1
expect 'synth --samples' 2 "--samples: found '31', expected an integer in decimal digits, from 32 to 1099511627776" \
    synth -o d --samples 31
expect 'synth --noise' 2 "--noise: found '-1', expected" synth -o d --noise -1
expect 'synth with more groups than features' 2 'groups' synth -o d --features 4 --groups 5
expect 'synth with a log of other than 26 features' 2 "--features: found 48, expected 26 with --log" \
    synth -o d --log 10
ok 'and nothing is written' test ! -e d
sed '$d' topology.yaml >single.yaml
expect 'one host is not several' 2 'expected a divisor of the 1 host in single.yaml' \
    plan -m model.yaml -t single.yaml --strategy load --towers 3
expect 'the largest seed' 0 '' plan -q -m model.yaml -t topology.yaml --strategy load \
    --seed 9223372036854775807 -o largest.yaml
expect 'makes a plan that can be read' 0 '' check largest.yaml

# --- names that no plan can hold ---------------------------------------------------------------------
control=$(printf 'a\n\033[31m b.npz')
foreign=$(printf 'm\377.yaml')
cp model.yaml "$foreign"
: >"$control"
expect 'an affinity whose name has control characters' 2 "-a: the name of the file 'a??[31m b.npz'" \
    $plan -a "$control" -o out.yaml
expect 'a dump of such a name' 2 "-d: the name of the file 'a??[31m b.npz'" $plan -d "$control" -o out.yaml
expect 'the second dump of such a name' 2 "-d: the name of the file 'a??[31m b.npz'" \
    $plan -d x -d "$control" -o out.yaml
long=$(printf '%0127d' 0)
expect 'names of dumps that are too long together' 2 \
    '-d: the names of the dumps have 257 bytes together, a plan can record 255' \
    $plan -d "$long" -d "1$long" -o out.yaml
expect 'recost with such a name' 2 "-a: the name of the file 'a??[31m b.npz'" \
    recost largest.yaml -a "$control" -o out.yaml
expect 'a model whose name is not UTF-8' 2 'is not UTF-8' \
    plan -m "$foreign" -t topology.yaml --strategy load -o out.yaml
ok 'and the option is named' grep -q 'plan: -m: ' logs/err
expect 'an output of such a name is written' 0 'plan written to a??[31m b.npz; next' \
    $plan --strategy load -o "$control"
expect 'and checked' 0 '' check "$control"
ok 'its name is cleaned' grep -qxF 'a??[31m b.npz: no findings' logs/out
expect 'control characters in a value' 2 "--strategy: found 'a??[31m b.npz'" $plan --strategy "$control"
expect 'and in a command' 2 'unknown command: a??[31m b.npz' "$control"

expect 'a number of towers that does not divide the hosts' 2 \
    '--towers: found 3, expected a divisor of the 2 hosts in topology.yaml' \
    $plan --strategy load --towers 3
expect 'hosts per tower that do not divide the hosts' 2 \
    '--hosts-per-tower: found 3, expected a divisor of the 2 hosts in topology.yaml' \
    $plan --strategy load --hosts-per-tower 3
finish
