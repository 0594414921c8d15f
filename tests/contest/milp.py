#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves optima of cases of the contest with glpsol (Debian: glpk-utils) and records them.

    milp.py BUILD/tests/contest/contest_print RECORDED_FOLDER FIELD FIRST LAST STEP SECONDS

x[u,t] says that unit u is in tower t, y[u,v,t] that u and v both are. Every limit is stated twice: for
a tower's units, and once more for each of its units as a multiple of x[u,t] (the
reformulation-linearisation of Sherali and Adams 1990, doi:10.1137/0403036), without which the
relaxation is hopeless. Towers that can take each other's place are filled in the order of their first
units. A line goes to RECORDED_FOLDER/milp.txt for each case that was solved to the end within SECONDS:
name, digest, optimum, seconds, 1.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

WEIGHTS = 5
FEATURES = 4


class Case:
    def __init__(self, text):
        words = iter(text.split())
        self.name, self.digest = next(words), next(words)
        self.n, self.k, self.least = (int(next(words)) for _ in range(3))
        self.most = [[float(next(words)) for _ in range(WEIGHTS)] for _ in range(self.k)]
        self.pin, self.weight, self.affinity = [], [], {}
        for u in range(self.n):
            self.pin.append(int(next(words)))
            self.weight.append([float(next(words)) for _ in range(WEIGHTS)])
            for v in range(u):
                self.affinity[v, u] = float(next(words))
        self.apart = [(int(next(words)), int(next(words))) for _ in range(int(next(words)))]

    def alike(self):
        """Whether every tower can take the place of every other."""
        return max(self.pin) < 0 and all(limits == self.most[0] for limits in self.most)


def x(u, t):
    return f"x_{u}_{t}"


def y(u, v, t):
    return f"y_{min(u, v)}_{max(u, v)}_{t}"


def terms(pairs):
    return " ".join(f"{c:+.12g} {name}" for c, name in pairs if c) or "+0 x_0_0"


def limit_rows(case, t):
    units = range(case.n)
    bounds = [(r, case.most[t][r], "<=") for r in range(WEIGHTS) if case.most[t][r] >= 0]
    bounds.append((FEATURES, case.least, ">="))
    for r, bound, sense in bounds:
        w = [weights[r] for weights in case.weight]
        yield terms((w[u], x(u, t)) for u in units) + f" {sense} {bound:.12g}"
        for u in units:
            row = [(w[v], y(u, v, t)) for v in units if v != u]
            yield terms(row + [(w[u] - bound, x(u, t))]) + f" {sense} 0"


def rows(case):
    units, towers = range(case.n), range(case.k)
    for u in units:
        yield terms((1, x(u, t)) for t in towers) + " = 1"
        if case.pin[u] >= 0:
            yield f"{x(u, case.pin[u])} = 1"
        for t in towers:
            if case.alike() and t > u:
                yield f"{x(u, t)} = 0"
    for a, b in case.apart:
        for t in towers:
            yield f"{x(a, t)} + {x(b, t)} <= 1"
            yield f"{y(a, b, t)} = 0"
    for u, v in case.affinity:
        for t in towers:
            yield f"{y(u, v, t)} - {x(u, t)} <= 0"
            yield f"{y(u, v, t)} - {x(v, t)} <= 0"
            yield f"{y(u, v, t)} - {x(u, t)} - {x(v, t)} >= -1"
    for t in towers:
        yield from limit_rows(case, t)


def write_program(case, path):
    with open(path, "w") as file:
        gain = terms((a, y(u, v, t)) for (u, v), a in case.affinity.items() for t in range(case.k))
        file.write("Maximize\n inside: " + gain.replace(" +", "\n +") + "\nSubject To\n")
        for i, row in enumerate(rows(case)):
            file.write(f" r{i}: " + row.replace(" +", "\n +") + "\n")
        file.write("Binary\n")
        file.writelines(f" {x(u, t)}\n" for u in range(case.n) for t in range(case.k))
        file.write("End\n")


def read_towers(case, path):
    """The towers of a solution proven best, or None."""
    with open(path) as file:
        text = file.read()
    if "INTEGER OPTIMAL" not in text:
        return None
    tower = {}
    for u, t, value in re.findall(r"x_(\d+)_(\d+)\s+\*\s+(\d+)", text):
        if int(value) == 1:
            tower[int(u)] = int(t)
    return tower if len(tower) == case.n else None


def solve(case, seconds):
    with tempfile.TemporaryDirectory() as folder:
        program, solution = os.path.join(folder, "case.lp"), os.path.join(folder, "solution")
        write_program(case, program)
        subprocess.run(["glpsol", "--lp", program, "--tmlim", str(seconds), "-o", solution],
            check=True, stdout=subprocess.DEVNULL)
        return read_towers(case, solution)


def print_case(printer, folder, field, index):
    return subprocess.run([printer, folder, field, str(index)], check=True, text=True,
        stdout=subprocess.PIPE).stdout


def main():
    printer, folder, field = sys.argv[1:4]
    first, last, step, seconds = map(int, sys.argv[4:8])
    record = os.path.join(folder, "milp.txt")
    done = open(record).read() if os.path.exists(record) else ""
    for i in range(first, last, step):
        case = Case(print_case(printer, folder, field, i))
        if case.name in done:
            continue
        start = time.time()
        tower = solve(case, seconds)
        took = time.time() - start
        if tower is None:
            print(f"{case.name}: not solved in {took:.0f} s", flush=True)
            continue
        value = sum(a for (v, u), a in case.affinity.items() if tower[u] == tower[v])
        with open(record, "a") as file:
            file.write(f"{case.name} {case.digest} {value:.17g} {took:.1f} 1\n")
        print(f"{case.name}: {value:.6f} in {took:.0f} s", flush=True)


main()
