# SPDX-License-Identifier: Apache-2.0
"""Runs a command with standard output and standard error on a terminal of its own; prints what it said
there, and ends with its exit status.

usage: on_terminal.py COMMAND...
"""
import os
import pty
import subprocess
import sys

master, slave = pty.openpty()
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave)
os.close(slave)
while True:
    try:
        said = os.read(master, 65536)
    except OSError:  # the last one closed its end
        break
    sys.stdout.buffer.write(said)
sys.exit(process.wait())
