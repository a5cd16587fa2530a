package org.scanformer.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The processes of executors that this JVM has started. */
final class ExecutorProcesses {
  private ExecutorProcesses() {}

  /** Kills one as a machine's failure would: when this returns, nothing of it runs any more. */
  static void kill(String executor) {
    List<ProcessHandle> found =
        ProcessHandle.current().descendants().filter(each -> isOf(each, executor)).toList();
    if (found.size() != 1) {
      throw new IllegalStateException("the processes of executor " + executor + ": " + found);
    }
    found.get(0).destroyForcibly();
    found.get(0).onExit().join();
  }

  /** Reads the system's file, as Java gives no arguments of processes with long class paths. */
  private static boolean isOf(ProcessHandle process, String executor) {
    try {
      Path file = Path.of("/proc", String.valueOf(process.pid()), "cmdline");
      List<String> arguments = List.of(Files.readString(file).split("\0"));
      int id = arguments.indexOf("--executor-id");
      return id >= 0 && arguments.get(id + 1).equals(executor);
    } catch (IOException e) {
      // It has ended meanwhile.
      return false;
    }
  }
}
