"""Tests of steps.py: python3 -m unittest discover -s bench/gpu"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import steps


def python(source):
    return [sys.executable, "-c", source]


class StepsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.out = self.folder.name
        self.stdout, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")

    def tearDown(self):
        sys.stdout.close()
        sys.stdout = self.stdout
        self.folder.cleanup()

    def run_of(self, limit=60):
        run = steps.Run("trial", self.out, limit, commit="c")
        self.addCleanup(run.log.close)
        return run

    def saved(self):
        with open(os.path.join(self.out, "trial.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_goes_on_after_a_failure(self):
        run = self.run_of()
        run.step("bad", python("print('FAILED x: 1'); raise SystemExit(3)"), 20)
        run.step("dependent", python("pass"), 20, needs=["bad"])
        run.step("good", python("print('{\"record\": \"kernel\", \"us\": 2}'); print('done')"), 20)
        states = [(step["name"], step["state"], step["note"]) for step in self.saved()["steps"]]
        self.assertEqual(states, [("bad", steps.FAILED, "exit status 3"), ("dependent", steps.NOT_RUN, "needs bad"),
                                  ("good", steps.OK, "done")])
        self.assertEqual(run.records("kernel"), [{"record": "kernel", "us": 2}])
        self.assertEqual(run.status(), 1)

    def test_writes_no_number_that_json_lacks(self):
        run = self.run_of()
        run.step("odd", python("print('{\"record\": \"kernel\", \"us\": NaN, \"all\": [Infinity, 1.5]}')"), 20)
        self.assertEqual(self.saved()["steps"][0]["records"], [{"record": "kernel", "us": None, "all": [None, 1.5]}])

    def test_unpacks_without_xz(self):
        inside, archive = os.path.join(self.out, "inside"), os.path.join(self.out, "a.tar.xz")
        with open(inside, "w", encoding="utf-8") as file:
            file.write("whole")
        subprocess.run(["tar", "cJf", archive, "-C", self.out, "inside"], check=True)
        os.remove(inside)
        with mock.patch.object(steps.shutil, "which", return_value=None):
            command = steps.unpack(archive, self.out)
        self.assertNotIn("tar", command)
        subprocess.run(command, check=True)
        with open(inside, encoding="utf-8") as file:
            self.assertEqual(file.read(), "whole")

    def test_stops_what_runs_too_long_with_its_children(self):
        run = self.run_of()
        mark = os.path.join(self.out, "mark")
        child = f"import time; time.sleep(3); open({mark!r}, 'w')"
        source = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); print('begun', flush=True); time.sleep(60)"
        step = run.step("long", python(source), 1)
        self.assertEqual(step["state"], steps.TIMED_OUT)
        self.assertLess(step["seconds"], 30)
        time.sleep(3)
        self.assertFalse(os.path.exists(mark), "a child went on")

    def test_tells_a_missing_device_from_a_failure(self):
        run = self.run_of()
        self.assertFalse(run.lacks_device())
        self.assertEqual(run.step("none", python("raise SystemExit(77)"), 20)["state"], steps.SKIPPED)
        self.assertTrue(run.lacks_device())
        self.assertEqual(run.step("absent", ["/no/such/program"], 20)["state"], steps.FAILED)
        self.assertEqual(run.status(), 1)

    def test_leaves_out_what_there_is_no_time_for(self):
        run = self.run_of(limit=0.5)
        self.assertEqual(run.step("late", python("pass"), 20)["state"], steps.NOT_RUN)
        self.assertEqual(run.status(), 0)

    def test_runs_side_by_side(self):
        run = self.run_of()
        # Each waits for the other's file: one after another they would time out.
        wait = "import os, time, sys\nopen(sys.argv[1], 'w')\nwhile not os.path.exists(sys.argv[2]): time.sleep(0.05)"
        a, b = os.path.join(self.out, "a"), os.path.join(self.out, "b")
        done = run.together([("a", python(wait) + [a, b]), ("b", python(wait) + [b, a])], 30)
        self.assertEqual([step["state"] for step in done], [steps.OK, steps.OK])


if __name__ == "__main__":
    unittest.main()
