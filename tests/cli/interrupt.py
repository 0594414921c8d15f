# SPDX-License-Identifier: Apache-2.0
"""Runs a command and sends it Ctrl-C after so many seconds; ends with its exit status.

usage: interrupt.py SECONDS COMMAND...

A shell starts background jobs with interrupts ignored, so the shell cannot do this itself.
"""
import signal
import subprocess
import sys

process = subprocess.Popen(
    sys.argv[2:], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
)
try:
    process.wait(float(sys.argv[1]))
except subprocess.TimeoutExpired:
    process.send_signal(signal.SIGINT)
sys.exit(process.wait(90))
