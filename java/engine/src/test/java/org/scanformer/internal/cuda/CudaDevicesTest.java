package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is said where there can be no device. */
class CudaDevicesTest {
  /** Prints the reports, in a Java process of its own: the platform is found once. */
  static final class Child {
    public static void main(String[] args) {
      System.out.println(CudaDevices.probe());
    }
  }

  @Test
  void aPlatformThatTheBuildHasNoBackendForIsNamed() throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                List.of(
                    java,
                    "-Dorg.bytedeco.javacpp.platform=linux-riscv64",
                    "-cp",
                    classPath,
                    Child.class.getName()))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(
        output.contains("this build of scanformer-native has no CUDA backend for linux-riscv64"),
        output);
  }
}
