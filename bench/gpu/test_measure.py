"""Tests of measure with a stand-in for Java: python3 -m unittest discover -s bench/gpu"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import stand_in

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_IN = r'''
import itertools, json, os, sys
arguments = sys.argv[sys.argv.index("-cp") + 2:]
main, arguments = arguments[0].split(".")[-1], arguments[1:]
def after(option):
    return arguments[arguments.index(option) + 1]
if arguments[:1] == ["devices"]:
    emulated = "-Dorg.bytedeco.javacpp.pathsFirst=true" in sys.argv
    print("cuda 0: " + os.environ.get("DEVICE", "usable") if emulated else "cuda 0: not usable\n  no NVIDIA driver")
if main == "Main" and "-rff" in arguments:
    parameters = dict(arguments[i + 1].split("=") for i, option in enumerate(arguments) if option == "-p")
    entries = [{"params": dict(zip(parameters, values)), "primaryMetric": {"scorePercentiles": {"50.0": 2.0, "99.0": 3.0}},
                "secondaryMetrics": {"giga": {"score": 4.0}}}
               for values in itertools.product(*(value.split(",") for value in parameters.values()))]
    with open(after("-rff"), "w") as file:
        json.dump(entries[:1] if arguments[0] in os.environ.get("LOSES", "").split(",") else entries, file)
elif main == "ConsoleLauncher":
    folder = next(option.split("=")[1] for option in arguments if option.startswith("--reports-dir="))
    os.makedirs(folder)
    open(os.path.join(folder, "TEST-junit-jupiter.xml"), "w").write("<testsuite/>")
elif main == "WorkloadExport":
    json.load(open(after("--expected")))
elif "--json" in arguments:
    with open(after("--json"), "w") as file:
        json.dump([main], file)
sys.exit(3 if main == os.environ.get("FAILS") else 0)
'''


class MeasureTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        stand_in.write(self.path("bundle.tar.xz"), "scanformer-gpu", STAND_IN)
        os.mkdir(self.path("tools"))
        # A machine without PyTorch; what its programs do is not tried here.
        self.tool("python3", f'case "$1" in *_cuda.py) exit 77 ;; esac\nexec {sys.executable} "$@"')
        self.tool("nvidia-smi", "echo a card")

    def path(self, name):
        return os.path.join(self.folder, name)

    def tool(self, name, script):
        with open(self.path(os.path.join("tools", name)), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(file.name, 0o755)

    def measure(self, *arguments, **environment):
        """The exit status, and the results."""
        path = self.path("tools") + os.pathsep + os.environ["PATH"]
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "measure"), "--bundle", self.path("bundle.tar.xz"), "--out", self.path("out"),
             "--build", self.path("build"), "--emulated", *arguments],
            env={**os.environ, "PATH": path, "COMMIT": "c", **environment}, capture_output=True, text=True, check=False)
        with open(self.path("out/measure.json"), encoding="utf-8") as file:
            result = json.load(file)
        self.output = done.stdout + done.stderr
        return done.returncode, result, {step["name"]: step for step in result["steps"]}

    def test_measures_all_and_records_where(self):
        status, result, found = self.measure()
        self.assertEqual(status, 0, self.output)
        self.assertEqual({step["state"] for name, step in found.items() if "PyTorch" in name or "peers" in name}, {"skipped"})
        self.assertEqual({step["state"] for name, step in found.items() if not ("PyTorch" in name or "peers" in name or name == "ncu")},
                         {"ok"}, self.output)
        self.assertEqual((result["commit"], result["nvidia_smi"]), ("c", "a card"))
        self.assertEqual(len(found["calls bf16 batch 1"]["records"]), 4)
        self.assertEqual([record["oneGraph"] for record in found["one graph a call"]["records"]], ["false", "true"])
        self.assertIn("oneGraph true", self.output)
        self.assertEqual(found["operations BF16"]["records"][0]["giga_a_second"], 4.0)
        self.assertTrue(os.path.exists(self.path("out/junit.xml")))
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["junit.xml", "measure.json", "measure.log"])

    def test_goes_on_after_failures(self):
        status, _, found = self.measure(FAILS="ConsoleLauncher", LOSES="LocateBenchmark,SessionBenchmark.encodedText")
        self.assertEqual(status, 1)
        self.assertEqual(found["gpu tests"]["state"], "FAIL")
        self.assertEqual(found["calls bf16 batch 1"]["note"], "it gave 1 results of 4")
        # As where one graph a call is not used.
        self.assertEqual(found["one graph a call"]["note"], "it gave 1 results of 2")
        self.assertEqual({found[name]["state"] for name in ("precision", "operations BF16", "60 frames a second")}, {"ok"}, self.output)

    def test_runs_the_steps_that_are_named(self):
        status, _, found = self.measure("--only", "calls bf16 batch 1,precision")
        self.assertEqual(status, 0, self.output)
        self.assertEqual(list(found), ["unpack", "devices", "calls bf16 batch 1", "precision"])
        self.assertEqual(list(self.measure("--only", "PyTorch graph")[2]),
                         ["unpack", "devices", "workload batch 1", "PyTorch graph/final-only batch 1", "PyTorch graph/per-scale batch 1"])

    def test_tries_a_peer_that_fails_without_cudnn(self):
        self.tool("python3", 'case "$*" in *attention_cuda.py*) exit 0 ;; *without-cudnn*) exit 0 ;; *eager/per-scale*) exit 1 ;; *_cuda.py*) exit 0 ;; esac\n'
                  f'exec {sys.executable} "$@"')
        status, _, found = self.measure("--only", "PyTorch")
        self.assertEqual(status, 1, self.output)
        self.assertEqual({name: step["state"] for name, step in found.items() if "PyTorch" in name}, {
            "PyTorch eager/final-only batch 1": "ok", "PyTorch eager/per-scale batch 1": "FAIL",
            "PyTorch eager/per-scale batch 1 without cuDNN": "ok", "PyTorch graph/final-only batch 1": "ok",
            "PyTorch graph/per-scale batch 1": "ok"})

    def test_tells_a_line_for_each_profiled_kernel(self):
        os.mkdir(self.path("build"))
        with open(self.path("build/kernel_times"), "w", encoding="utf-8"):
            pass
        rows = ['"ID","Kernel Name","Grid Size","gpu__time_duration.sum","launch__registers_per_thread"', '"","","","us","register/thread"',
                '"0","void attention<1>(Task)","(8, 1, 1)","5.7","64"']
        self.tool("ncu", "echo '==PROF== Connected'\n" + "\n".join(f"echo '{row}'" for row in rows))
        status, _, found = self.measure("--only", "ncu")
        self.assertEqual((status, found["ncu"]["state"]), (0, "ok"), self.output)
        self.assertRegex(self.output, r"void attention<1> +\(8, 1, 1\) time_duration 5.7 us registers_per_thread 64 register/thread")

    def test_tells_what_an_unreadable_archive_keeps_from_running(self):
        with open(self.path("bundle.tar.xz"), "w", encoding="utf-8") as file:
            file.write("no archive")
        status, _, found = self.measure()
        self.assertEqual(status, 1)
        self.assertEqual(found["unpack"]["state"], "FAIL")
        self.assertEqual((found["precision"]["state"], found["precision"]["note"]), ("not run", "needs devices"))

    def test_runs_nothing_without_a_device(self):
        status, _, found = self.measure(DEVICE="not usable")
        self.assertEqual(status, 1)
        self.assertEqual((found["devices"]["state"], found["devices"]["note"]), ("FAIL", 'its output lacks the line "cuda 0: usable"'))
        self.assertEqual({found[name]["state"] for name in ("gpu tests", "calls bf16 batch 1", "precision")}, {"not run"}, self.output)


if __name__ == "__main__":
    unittest.main()
