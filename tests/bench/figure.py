# SPDX-License-Identifier: BSD-2-Clause
"""A figure: what is measured in pairs, and the one line that tells it.

    NAME VALUE UNIT GOAL met|short  spread LOW..HIGH of N ..., load L, more

doc/figures.md says how to read it."""
import os
import pathlib
import statistics
import subprocess
import sys
import time

LEAST = 9  # of anything that a median is taken of


def settle():
    """A breath between two turns, so that one's end is not in the next."""
    time.sleep(0.1)


def pairs(ours, base, times=LEAST, between=settle):
    """[(ours(), base())]: in turns, and who goes first takes turns too."""
    seen = []
    for turn in range(times):
        if turn % 2:
            other = base()
            between()
            seen.append((ours(), other))
        else:
            one = ours()
            between()
            seen.append((one, base()))
        between()
    return seen


def ratios(seen):
    return [ours / base for ours, base in seen]


def median(values):
    return statistics.median(values)


def medians(seen):
    """The medians of both halves."""
    return tuple(median(column) for column in zip(*seen))


def p99(values):
    """The value that 99 of 100 do not exceed."""
    return sorted(values)[-(len(values) // 100) - 1]


def spread(values):
    """The middle four fifths; all of it when there are fewer than ten."""
    values = sorted(values)
    cut = len(values) // 10
    return values[cut], values[-1 - cut]


def meets(value, goal):
    bound = float(goal.lstrip("<>="))
    if goal.startswith("<="):
        return value <= bound
    return value >= bound if goal.startswith(">=") else value < bound


def say(name, values, unit, goal, more="", of="pairs", middle=median):
    """goal: '<=1.05', '>=0.97', '<1.0', or '-' when it is only shown."""
    if len(values) < LEAST:
        raise ValueError(f"{name}: {len(values)} values are too few")
    value = middle(values)
    word = "shown" if goal == "-" else (
        "met" if meets(value, goal) else "short")
    low, high = spread(values)
    print(f"{name} {value:.3f} {unit} {goal} {word}  "
          f"spread {low:.3f}..{high:.3f} of {len(values)} {of}, "
          f"load {os.getloadavg()[0]:.1f}{', ' + more if more else ''}",
          flush=True)


def build_dir():
    return pathlib.Path(os.environ.get("JUMP_BUILDDIR") or ".").resolve()


def built(program, *words, needs=(), env=None):
    """Make a program of this folder and run it; its lines. What it says to
    stderr is shown when it fails."""
    program = f"tests/bench/{program}"
    made = subprocess.run(["make", "-s", program, *needs], cwd=build_dir(),
                          text=True, capture_output=True)
    if made.returncode:
        sys.exit(f"{made.stdout}{made.stderr}")
    done = subprocess.run([f"./{program}", *map(str, words)], cwd=build_dir(),
                          env=os.environ | (env or {}), text=True,
                          capture_output=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}")
    return done.stdout.splitlines()
