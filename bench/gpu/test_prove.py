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
        self.says = {}  # lines of the programs by their names
        for tool in ("cmake", "nvidia-smi", "nvcc", "compute-sanitizer"):
            self.program(os.path.join("tools", tool), "exit 0")

    def program(self, name, script):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, 0o755)

    def prove(self, tests, others, *arguments, **environment):
        """The exit status where the kernels' tests and the other programs end with these, and the output."""
        self.program(os.path.join("build", "kernels", "device_test"), f"exit {tests}")
        for name in ("matmul_check", "kernel_times"):
            said = "".join(f"echo '{line}'\n" for line in self.says.get(name, []))
            self.program(os.path.join("build", name), f"{said}exit {others}")
        done = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "prove"), "--build", os.path.join(self.folder, "build"), "--seeds", "1",
             "--out", os.path.join(self.folder, "out"), *arguments],
            env={"PATH": os.path.join(self.folder, "tools") + ":/usr/bin:/bin", "COMMIT": "c", **environment}, capture_output=True, text=True, check=False)
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

    def test_compares_own_products_of_few_rows_with_cublaslts(self):
        product = '{"record": "product", "layer": "fc1", "rows": 48, "out": 4, "in": 2, "type": "bf16", "result": "bf16", "bias": %s, '             '"found": 1, "us_first": 9, "us_best": %d, "tflop_s": 1, "weight_gb_s": 1}'
        self.says["matmul_check"] = [product % ("false", 4), product % ("true", 7)]
        self.says["kernel_times"] = ['{"record": "kernel", "kernel": "fc1, 48 rows", "type": "bf16", "batch": 1, "us": 6, "us_p10": 6, '
                                     '"us_p90": 6, "gb_s": 1, "tflop_s": 1, "cold": false}']
        self.assertRegex(self.prove(0, 0)[1], r"fc1, 48 rows +6\.00 +4\.00 +1\.50")

    def test_runs_brief_cases_under_the_sanitizers(self):
        self.program(os.path.join("tools", "compute-sanitizer"), f'echo "$@" >> {os.path.join(self.folder, "told")}')
        self.prove(0, 0)
        with open(os.path.join(self.folder, "told"), encoding="utf-8") as file:
            commands = file.read().splitlines()
        self.assertEqual([len(commands), [command for command in commands if " --brief 7" not in command]], [4, []])
        self.assertEqual([command.split()[1] for command in commands if "--except conditions" in command], ["memcheck"])

    def test_runs_what_was_built_elsewhere(self):
        for program, status in (("kernels/device_test", 0), ("matmul_check", 0), ("kernel_times", 1)):
            self.program(os.path.join("built", program), f"exit {status}")
        self.program(os.path.join("tools", "cmake"), "echo built >> " + os.path.join(self.folder, "told"))
        status, output = self.prove(1, 1, "--built", os.path.join(self.folder, "built"))
        self.assertEqual(status, 1, output)
        self.assertIn("kernel times: FAIL", output)
        self.assertIn("pinned memory 1: ok", output)
        with open(os.path.join(self.folder, "told"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "built\n", "cmake, which is asked for its version alone")

    def architecture(self, **environment):
        """What is built for on a machine of two cards, of which CUDA would by itself count the second one first."""
        self.program(os.path.join("tools", "nvidia-smi"), "echo '0, GPU-a1, Slow, 7.5, 580, 1 MiB, 1 MHz, 1 MHz'\n"
                     "echo '1, GPU-b2, Fast, 9.0, 580, 1 MiB, 1 MHz, 1 MHz'")
        told = os.path.join(self.folder, "told")
        self.program(os.path.join("tools", "cmake"), f'echo "$CUDA_DEVICE_ORDER $*" >> {told}')
        status, output = self.prove(0, 0, **environment)
        self.assertEqual(status, 0, output)
        with open(told, encoding="utf-8") as file:
            lines = [line for line in file if "-DSCANFORMER_ARCHITECTURES=" in line]
        os.remove(told)
        order, rest = lines[0].split(" ", 1)
        self.assertEqual(order, "PCI_BUS_ID")
        return rest.split("-DSCANFORMER_ARCHITECTURES=")[1].split()[0]

    def test_builds_for_the_card_that_it_runs_on(self):
        self.assertEqual(self.architecture(), "75")
        self.assertEqual(self.architecture(CUDA_VISIBLE_DEVICES="1,0", CUDA_DEVICE_ORDER="FASTEST_FIRST"), "90")
        self.assertEqual(self.architecture(CUDA_VISIBLE_DEVICES="GPU-b"), "90")
        self.assertEqual(self.architecture(CUDA_VISIBLE_DEVICES="MIG-c3"), "75")

    def test_says_that_no_card_is_visible(self):
        self.architecture()
        self.assertIn("none is visible: CUDA_VISIBLE_DEVICES=-1", self.prove(77, 77, CUDA_VISIBLE_DEVICES="-1")[1])


if __name__ == "__main__":
    unittest.main()
