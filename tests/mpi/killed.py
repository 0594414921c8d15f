# SPDX-License-Identifier: Apache-2.0
"""Kills a rank at a random moment, over and over.

    killed.py ROUNDS SEED PLAN RANKS TRAIN [ARGUMENT...]

Each round begins a run, kills one of its ranks with SIGKILL after a random time, and looks: the others end within
seconds and something says why; what was saved is whole; --resume goes on from it to the same weights, bit for bit, as a run
that nobody disturbed. Works in the current folder."""
import filecmp
import os
import random
import shutil
import signal
import subprocess
import sys
import time

SECONDS_TO_END = 20

rounds, seed, plan, ranks = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
trainer, arguments = sys.argv[5], sys.argv[6:]
dice = random.Random(seed)


def command(folder, *more):
    return ['mpirun', '-n', str(ranks), trainer, plan, '--checkpoint', folder, '--every', '3', '-q', *arguments, *more]


def run(folder, *more):
    return subprocess.run(command(folder, *more), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def ranks_of(launcher):
    """Process numbers of the ranks: the launcher's children that run the trainer."""
    found = []
    for process in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{process}/stat', encoding='utf-8', errors='replace') as stat:
                parent = int(stat.read().rpartition(')')[2].split()[1])
            with open(f'/proc/{process}/cmdline', encoding='utf-8', errors='replace') as line:
                program = line.read().split('\0')[0]
        except (OSError, IndexError, ValueError):
            continue
        if parent == launcher and program.endswith(os.path.basename(trainer)):
            found.append(int(process))
    return sorted(found)


def is_running(process):
    try:
        with open(f'/proc/{process}/stat', encoding='utf-8', errors='replace') as stat:
            return stat.read().rpartition(')')[2].split()[0] not in 'ZX'
    except OSError:
        return False


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names)


def same_files(a, b):
    names = files_below(a)
    return names == files_below(b) and not any(filecmp.cmpfiles(a, b, names, shallow=False)[1:])


def one_round(whole_seconds):
    """@return what happened, in a word."""
    shutil.rmtree('kept', ignore_errors=True)
    process = subprocess.Popen(command('kept'), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    time.sleep(dice.uniform(0.1, 1.0) * whole_seconds)
    victims = ranks_of(process.pid)
    if len(victims) < ranks:
        process.communicate()
        return 'over'
    os.kill(dice.choice(victims), signal.SIGKILL)
    begun = time.monotonic()
    said, _ = process.communicate(timeout=SECONDS_TO_END)
    assert process.returncode != 0 or time.monotonic() - begun < 1, 'the launcher took it for a success'
    if process.returncode == 0:
        return 'over'
    assert 'signal 9' in said or 'was ended from outside' in said, f'nothing says why it ended: {said}'
    while any(map(is_running, victims)):
        assert time.monotonic() - begun < SECONDS_TO_END, 'some ranks outlive the launcher'
        time.sleep(0.01)
    how = 'resumed'
    again = run('kept', '--resume') if os.path.exists('kept/checkpoint.json') else None
    if again is None:
        shutil.rmtree('kept', ignore_errors=True)
        again, how = run('kept'), 'begun anew'
    assert again.returncode == 0, f'it does not go on: {again.stderr}'
    assert same_files('kept', 'undisturbed'), f'other weights: {files_below("kept")} {files_below("undisturbed")}'
    return how


def main():
    begun = time.monotonic()
    first = run('undisturbed')
    assert first.returncode == 0, first.stderr
    whole_seconds = time.monotonic() - begun
    outcomes = {}
    for _ in range(rounds):
        outcome = one_round(whole_seconds)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(f'{rounds} rounds of {whole_seconds:.1f} s: {outcomes}')
    assert outcomes.get('resumed', 0) >= rounds // 3, 'too few were killed in time'


main()
