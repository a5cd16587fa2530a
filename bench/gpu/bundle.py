"""The archive for a machine without Java, unpacked, and the commands that it runs. For `measure`; standard library only."""

import json
import os

import steps

PACKAGE = "org.scanformer.bench."
# What the tree has of the bundle's class path.
MODEL = os.path.join("java", "model-shapes", "src", "main", "resources")
TEST_RESOURCES = os.path.join("java", "engine", "src", "test", "resources")


class Bundle:
    """Commands of the archive unpacked in `build`, beside the tree `root`. Emulated ones run on natives of a build of it."""

    def __init__(self, root, build, out, kernels=None, emulated=False):
        self.root, self.emulated = root, emulated
        self.home = os.path.join(build, "scanformer-gpu")
        self.work = os.path.join(build, "work")
        self.model = "tiny" if emulated else "vilt-b32"
        temporary, models = os.path.join(self.work, "tmp"), os.path.join(self.work, "models")
        for directory in (temporary, models):
            os.makedirs(directory, exist_ok=True)
        # The machine's own setting may be what the driver is found by.
        libraries = steps.cuda_libraries() + [path for path in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if path]
        self.environment = {"LD_LIBRARY_PATH": os.pathsep.join(libraries)}
        self.properties = ["-Xmx1g" if emulated else "-Xmx8g", "-Djava.awt.headless=true", "-Djava.io.tmpdir=" + temporary,
                           "-Dscanformer.bench.models=" + models]
        if emulated:
            natives = os.path.normpath(os.path.join(kernels, "..", "..", "..", "native", "target", "emulated"))
            # Products are not timed against each other, which takes the emulation long.
            self.properties += [self.own_natives()[0] + os.pathsep + natives, "-Dorg.bytedeco.javacpp.pathsFirst=true",
                                "-Dorg.scanformer.cuda.matmul=mixed"]
        else:
            # Products are timed once and not in every process; the file is a result, too.
            self.properties += self.own_natives() + [
                "-Dorg.scanformer.cuda.matmulChoices=" + os.path.join(os.path.abspath(out), "matmul-choices.txt")]

    def commit(self):
        """The commit that the archive was made of."""
        try:
            with open(os.path.join(self.home, "COMMIT"), encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return "unknown"

    def own_natives(self):
        """Has the archive's native library load: what takes oneDNN's place, which it is linked with, is beside it."""
        return ["-Djava.library.path=" + os.path.join(self.home, "left-out")]

    def java(self, classes, main, *arguments, properties=None):
        path = [os.path.join(self.home, part) for part in classes + ["model", "lib/*"]]
        path += [os.path.join(self.root, part) for part in (MODEL, TEST_RESOURCES)]
        return [os.path.join(self.home, "runtime", "bin", "java")] + (properties or self.properties) + ["-cp", os.pathsep.join(path), main, *arguments]

    def devices(self):
        return self.java(["cli"], "org.scanformer.cli.Main", "devices")

    def natives(self):
        """Lists devices with the archive's own natives, also in a rehearsal, where all else runs on emulated ones."""
        return self.java(["cli"], "org.scanformer.cli.Main", "devices", properties=self.own_natives())

    def tests(self, reports):
        """The tests tagged gpu, each told of as it ends: a run cut short tells what it has found. JUnit fails where no test is
        found: a bundle without them is not taken for a success.
        """
        # The others take the emulation minutes, and deadlines are not for its speed; emulated ones are in every build.
        names = ".*Cuda(Replay|Frame|BatcherQueue)Test" if self.emulated else ".*Test"
        return self.java(["tests"], "org.junit.platform.console.ConsoleLauncher", "execute", "--disable-banner",
                         "--disable-ansi-colors", "--details=testfeed", "--include-tag=gpu", "--include-classname=" + names,
                         "--fail-if-no-tests", "--scan-classpath=" + os.path.join(self.home, "tests"), "--reports-dir=" + reports)

    def bench(self, main, *arguments):
        return self.java(["benchmarks"], PACKAGE + main, *arguments)

    def jmh(self, result, benchmark, *arguments, measured="1"):
        """A benchmark in JMH's own processes, whose results go to a file; each of its three turns takes `measured`."""
        turn = "100ms" if self.emulated else measured
        seconds = ["-wi", "1", "-w", turn, "-i", "1" if self.emulated else "2", "-r", turn]
        return self.java(["benchmarks"], "org.openjdk.jmh.Main", benchmark, "-f", "1", "-p", "backend=cuda", "-p", "model=" + self.model,
                         "-rf", "json", "-rff", result, "-jvmArgsPrepend", " ".join(self.properties), *seconds, *arguments)


def read(path):
    """The JSON of a file; None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
