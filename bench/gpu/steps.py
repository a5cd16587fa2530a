"""Steps of a run on a lent machine: each has a time limit of its own, the next one runs whatever became of it, and what
is done is on disk at once. For the programs of this folder; standard library only.
"""

import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

OK, FAILED, SKIPPED, TIMED_OUT, NOT_RUN, LEFT_OUT = "ok", "FAIL", "skipped", "TIME OUT", "not run", "left out"
SKIP_STATUS = 77  # of a program that found no device
NO_DEVICE = "no device"


class Run:
    """Runs steps one after another within `limit` seconds in all.

    Output goes to OUT/NAME.log and to the terminal, the records to OUT/NAME.json. A line of output that is a JSON
    object with the key "record" is kept as one.
    """

    def __init__(self, name, out, limit, patience=1, **about):
        """`patience` multiplies the steps' limits, not the run's. `about` is kept in the results."""
        os.makedirs(out, exist_ok=True)
        self.patience = patience
        self.only = None  # beginnings of the names of the steps to run; the others are left out
        self.output = {}  # lines of each step that are no records
        self.name, self.out, self.deadline = name, out, time.monotonic() + limit
        self.log = open(os.path.join(out, name + ".log"), "w", encoding="utf-8")
        self.result = {"name": name, "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **about, "steps": []}
        self.save()

    def left(self):
        """Seconds until the run's own limit."""
        return self.deadline - time.monotonic()

    def save(self):
        path = os.path.join(self.out, self.name + ".json")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(without_nan(self.result), file, indent=1, allow_nan=False)
            file.write("\n")
        os.replace(path + ".part", path)

    def say(self, line):
        print(line, flush=True)
        self.log.write(line + "\n")
        self.log.flush()

    def wants(self, name):
        """Whether a step is to be run."""
        return self.only is None or name.startswith(tuple(self.only))

    def step(self, name, command, limit, **options):
        """Runs one command; returns its step (see together)."""
        return self.together([(name, command)], limit, **options)[0]

    def together(self, commands, limit, needs=(), env=None, cwd=None, skipped_if=SKIP_STATUS, expects="", stopped=None):
        """Runs commands (name, arguments) at the same time, each for `limit` seconds at most.

        They are not run if a step named in `needs` is not ok, or when no time is left. They fail unless a line of their
        output begins with `expects`, which may go on over further lines. `stopped` is the exit status of one that was to be
        stopped. Returns a step each, a dictionary of name, state, seconds, note and records.
        """
        if not all(self.wants(name) for name, _ in commands):
            return [{"name": name, "state": LEFT_OUT, "records": []} for name, _ in commands]
        bad = [step["name"] for step in self.result["steps"] if step["name"] in needs and step["state"] != OK]
        limit = min(limit * self.patience, self.left())
        steps = []
        if bad or limit < 1:
            note = "needs " + ", ".join(bad) if bad else "no time was left"
            for name, _ in commands:
                self.say(f"== {name}: not run, {note}")
                steps.append(self.note(name, NOT_RUN, 0, note))
            return steps
        started = time.monotonic()
        running = []
        for name, command in commands:
            path = os.path.join(self.out, re.sub("[^A-Za-z0-9._-]+", "-", name) + ".out")
            output = open(path, "w+", encoding="utf-8", errors="replace")
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
            except OSError as error:
                output.write(f"{command[0]}: {error}\n")
                process = None
            running.append((name, command, process, output, path))
        for name, command, process, output, path in running:
            state, note = OK, ""
            if process is None:
                state, note = FAILED, "could not be started"
            else:
                try:
                    status = process.wait(max(0.1, started + limit - time.monotonic()))
                    if status == skipped_if:
                        state, note = SKIPPED, NO_DEVICE
                    elif status == stopped:
                        note = "stopped in time"
                    elif status != 0:
                        state, note = FAILED, f"exit status {status}"
                except subprocess.TimeoutExpired:
                    state, note = TIMED_OUT, f"stopped after {limit:.0f} s"
                # What it has started goes with it.
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()
            seconds = time.monotonic() - started
            output.seek(0)
            text = output.read()
            output.close()
            os.remove(path)
            if state == OK and "\n" + expects not in "\n" + text:
                state, note = FAILED, "its output lacks the line " + json.dumps(expects)
            records, plain = [], []
            for line in text.splitlines():
                record = parsed(line)
                if record is None:
                    plain.append(line)
                else:
                    records.append(record)
            self.say(f"== {name}: {state}{', ' + note if note else ''} ({seconds:.1f} s)")
            self.log.write("\n".join(["$ " + shlex.join(command)] + plain) + "\n")
            self.log.flush()
            for line in shown(plain, state):
                print("   " + line, flush=True)
            self.output[name] = plain
            steps.append(self.note(name, state, seconds, note or last(plain), records))
        return steps

    def note(self, name, state, seconds, note="", records=()):
        """Adds a step to the results and saves them."""
        step = {"name": name, "state": state, "seconds": round(seconds, 2), "note": note, "records": list(records)}
        self.result["steps"].append(step)
        self.save()
        return step

    def records(self, kind):
        return [record for step in self.result["steps"] for record in step["records"] if record["record"] == kind]

    def table(self):
        self.say("")
        width = max(len(step["name"]) for step in self.result["steps"])
        for step in self.result["steps"]:
            self.say(f"{step['name']:{width}}  {step['state']:8}  {step['seconds']:7.1f} s  {step['note'][:70]}")

    def lacks_device(self):
        """Whether a step was skipped as there was no device."""
        return any((step["state"], step["note"]) == (SKIPPED, NO_DEVICE) for step in self.result["steps"])

    def status(self):
        """What the program exits with: 1 when a step failed or timed out."""
        return 1 if any(step["state"] in (FAILED, TIMED_OUT) for step in self.result["steps"]) else 0


def without_nan(value):
    """A value with null for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def unpack(archive, directory):
    """The command that unpacks an archive of tar and xz, also where there is no xz."""
    if shutil.which("xz") is None:
        return ["python3", "-m", "tarfile", "-e", archive, directory]
    return ["tar", "xJf", archive, "-C", directory]


def count_devices_as_nvidia_smi():
    """Has CUDA number devices by their place on the bus, as nvidia-smi does, and not from the fastest on: for all steps."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"


def cuda_tool(name):
    """A program of the CUDA toolkit, which may not be on the PATH; None where there is none."""
    return shutil.which(name) or shutil.which(name, path="/usr/local/cuda/bin")


def parsed(line):
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "record" in record else None


def shown(lines, state):
    """The lines of a log that a person wants to see: what failed or was counted, and of a failure its end."""
    bad = state in (FAILED, TIMED_OUT)
    told = [line for line in (lines[:-12] if bad else lines) if "FAILED" in line or "ERROR SUMMARY" in line][:8]
    return told + lines[-12:] if bad else told


def last(lines):
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def version_of(command):
    """The output of a command that tells a version, or why there is none."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"none: {error}"
    return (done.stdout + done.stderr).strip()


def commit_of(root):
    """The commit of a tree: what $COMMIT says, for a tree that was carried without git's records, or git."""
    if os.environ.get("COMMIT"):
        return os.environ["COMMIT"]
    if os.path.isdir(os.path.join(root, ".git")) or os.path.isfile(os.path.join(root, ".git")):
        said = version_of(["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12"])
        if not said.startswith(("none", "fatal")):
            return said
    return "unknown"


def cuda_libraries():
    """Directories that hold CUDA 13's libraries: of the toolkit, the system, and Python packages of NVIDIA's."""
    places = [os.path.join(os.environ[name], sub) for name in ("CUDA_HOME", "CUDA_PATH") if name in os.environ
              for sub in ("lib64", "lib")]
    places += ["/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu"]
    found = []
    for place in places + nvidia_packages():
        if os.path.isdir(place) and place not in found and any(name.startswith("libcublasLt.so.13") for name in os.listdir(place)):
            found.append(place)
    return found


def nvidia_packages():
    """Directories of libraries in NVIDIA's Python packages."""
    return [parent for entry in dict.fromkeys(sys.path + python_paths())
            for parent, _, _ in os.walk(os.path.join(entry, "nvidia")) if os.path.basename(parent) in ("lib", "lib64")]


def python_paths():
    """The module paths of the python3 on the PATH, which may be another one than this."""
    said = version_of(["python3", "-c", "import sys; print('\\n'.join(sys.path))"])
    return [line for line in said.splitlines() if line.startswith("/")]
