"""Tests of what prove exits with, on stand-ins for what it builds: python3 -m unittest discover -s bench/gpu"""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class ProveTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for tool in ("cmake", "nvidia-smi", "nvcc", "compute-sanitizer"):
            self.program(os.path.join("tools", tool), "exit 0")

    def program(self, name, script):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, 0o755)

    def prove(self, tests, others):
        """The exit status where the kernels' tests and the other programs end with these, and the output."""
        self.program(os.path.join("build", "kernels", "device_test"), f"exit {tests}")
        for name in ("matmul_check", "kernel_times"):
            self.program(os.path.join("build", name), f"exit {others}")
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "prove"), "--build", os.path.join(self.folder, "build"), "--seeds", "1",
             "--architecture", "90", "--out", os.path.join(self.folder, "out")],
            env={"PATH": os.path.join(self.folder, "tools") + ":/usr/bin:/bin", "COMMIT": "c"}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_proves_nothing_without_a_device(self):
        status, output = self.prove(77, 77)
        self.assertEqual(status, 77, output)
        self.assertIn("There is no device", output)

    def test_tells_a_failure_first(self):
        self.assertEqual(self.prove(1, 77)[0], 1)

    def test_ends_well_when_all_do(self):
        status, output = self.prove(0, 0)
        self.assertEqual(status, 0, output)
        self.assertNotIn("There is no device", output)


if __name__ == "__main__":
    unittest.main()
