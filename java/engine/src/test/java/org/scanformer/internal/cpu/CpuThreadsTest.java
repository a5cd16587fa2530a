package org.scanformer.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Image;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;

/** A JVM that knows of a quota, by which it has other processors than the scheduler's mask says. */
class CpuThreadsTest {
  private static final Path RESOURCES = Path.of("src", "test", "resources");

  /** Tells how many threads work for a call beside the caller's. */
  public static void main(String[] arguments) throws Exception {
    try (ScanFormer model =
        ScanFormer.load(
            RESOURCES.resolve("example-model"), ScanFormerOptions.builder().threads(0).build())) {
      model.locate(Image.read(RESOURCES.resolve("scenes/00.png")), "the red circle");
      try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
        System.out.println(threads.filter(CpuThreadsTest::isWorker).count());
      }
    }
  }

  private static boolean isWorker(Path thread) {
    try {
      return Files.readString(thread.resolve("comm")).strip().equals("scanformer");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A larger machine than a stream has threads for is used in part, and not refused. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1024, 1024", "1025, 1024", "4096, 1024"})
  void threadsAreAsManyAsAStreamCanHave(int processors, int threads) {
    assertEquals(threads, CpuBackend.teamOf(processors));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void threadsAreAsManyAsTheJvmHasProcessors(int processors) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ActiveProcessorCount=" + processors,
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                CpuThreadsTest.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String workers = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor());
    assertEquals(String.valueOf(processors - 1), workers.strip());
  }
}
