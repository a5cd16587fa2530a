"""Tests of train with a stand-in for Java: python3 -m unittest discover -s bench/gpu"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import pieces
import stand_in

HERE = os.path.dirname(os.path.abspath(__file__))
# A trainer whose run is a number, which each call raises by one.
STAND_IN = r'''
import os, sys, time
options = sys.argv[sys.argv.index("-cp") + 3:]
run = options[options.index("--out") + 1]
if options[options.index("--device") + 1] != "cpu" or not os.path.exists(options[options.index("--libtorch") + 1]):
    sys.exit(3)
os.makedirs(run, exist_ok=True)
checkpoint = os.path.join(run, "checkpoint")
steps = int(open(checkpoint).read()) if os.path.exists(checkpoint) else 0
with open(checkpoint, "w") as file:
    file.write(f"{steps + 1:<30}")
if "--root" in options:
    print(open(os.path.join(options[options.index("--root") + 1], "words")).read())
if "--large" in options:
    os.makedirs(os.path.join(run, "model"), exist_ok=True)
    open(os.path.join(run, "model", "weights"), "w").close()
    os.truncate(checkpoint, 70 << 20)
if "--endless" in options:
    time.sleep(60)
sys.exit(4 if "--fails" in options else 0)
'''


class TrainTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        stand_in.write(self.path("scanformer-train.tar.xz"), "scanformer-train", STAND_IN)

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments, out="out", build="build"):
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "train"), "--out", self.path(out), "--build", self.path(build), *arguments],
            env={**os.environ, "COMMIT": "c"}, capture_output=True, text=True, check=False)
        self.output = done.stdout + done.stderr
        return done.returncode

    def train(self, *arguments, out="out", build="build", archive="scanformer-train.tar.xz"):
        """The exit status, and the steps."""
        status = self.call("--archive", self.path(archive), "--libtorch", self.folder, "--emulated", *arguments, out=out, build=build)
        with open(self.path(os.path.join(out, "train.json")), encoding="utf-8") as file:
            return status, {step["name"]: step for step in json.load(file)["steps"]}

    def test_brings_back_the_model_of_a_run_that_is_too_large(self):
        status, found = self.train("--", "--large")
        self.assertEqual(status, 1, self.output)
        self.assertEqual((found["results"]["state"], found["results"]["note"]), ("FAIL", "model in 1 pieces"))
        self.assertEqual([name for name in os.listdir(self.path("out")) if "-of-" in name], ["model.1-of-1"])

    def steps_of(self, out):
        """How often the run of these results was called, with which the results are unpacked and used up."""
        pieces.joined(self.path(out), self.path(out))
        with open(self.path(os.path.join(out, "run", "checkpoint")), encoding="utf-8") as file:
            return int(file.read())

    def test_goes_on_where_it_was_stopped_also_on_another_machine(self):
        status, found = self.train("--seconds", "2", "--", "--endless")
        self.assertEqual((status, found["training"]["note"]), (0, "stopped in time"), self.output)
        self.assertEqual(self.train()[0], 0, self.output)
        self.assertEqual(self.call("--add", self.path("out/run.1-of-1"), build="other"), 0, self.output)
        self.assertEqual(self.train(build="other", out="last")[0], 0, self.output)
        self.assertEqual(self.steps_of("last"), 3)

    def test_is_carried_in_pieces(self):
        os.mkdir(self.path("words"))
        with open(self.path("words/words"), "w", encoding="utf-8") as file:
            file.write("the red ring" + " " * 30000)
        self.assertEqual(self.call("--cut", self.path("words"), "--as", "texts", "--bytes", "4096", out="cut"), 0, self.output)
        cut = sorted(os.listdir(self.path("cut")))
        self.assertTrue(all(os.path.getsize(self.path("cut/" + name)) <= 4096 for name in cut))
        self.assertEqual((cut[0], len(cut)), ("texts.01-of-10", 10))
        # In any order, and the archive with them.
        self.assertEqual(self.call("--add", *(self.path("cut/" + name) for name in cut[5:])), 0, self.output)
        status, found = self.train(archive="none.tar.xz")
        self.assertEqual((status, found["join"]["note"]), (1, "texts: pieces 1, 2, 3, 4, 5 of 10 are missing"))
        self.assertEqual(self.call("--add", self.path("scanformer-train.tar.xz"), *(self.path("cut/" + name) for name in cut[:5])), 0)
        status, found = self.train("--", "--root", "texts", archive="none.tar.xz")
        self.assertEqual((status, found["join"]["note"]), (0, "texts"), self.output)
        self.assertTrue(found["training"]["note"].startswith("the red ring"), self.output)
        self.assertEqual(self.call("--add", self.path("words/words")), 1)
        self.assertIn("neither the archive nor a piece", self.output)

    def test_gives_back_the_run_of_a_trainer_that_fails(self):
        status, found = self.train("--", "--fails")
        self.assertEqual((status, found["training"]["note"], found["results"]["state"]), (1, "exit status 4", "ok"), self.output)
        self.assertEqual(self.steps_of("out"), 1)

    def test_refuses_mixed_sets(self):
        self.assertEqual(self.train()[0], 0, self.output)
        for name in ("run.1-of-1", "run.1-of-2"):
            with open(self.path("build/" + name), "w", encoding="utf-8") as file:
                file.write("a piece")
        status, found = self.train()
        self.assertEqual((status, found["join"]["note"]), (1, "run: found pieces of sets of 1 and of 2, expected one set"), self.output)


if __name__ == "__main__":
    unittest.main()
