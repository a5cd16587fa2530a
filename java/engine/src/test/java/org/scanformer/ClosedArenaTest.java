package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** Pixels whose arena is closed are refused; native code that reads them may crash the JVM. */
class ClosedArenaTest {
  private static final int SIDE = 200;
  private static final int VERSION = Runtime.version().feature();

  @TempDir private Path directory;

  /** Calls a model, a session and a batcher with an image whose memory is freed. */
  static final class Child {
    public static void main(String[] args) throws Exception {
      ScanFormerOptions options = ScanFormerOptions.builder().backend(BackendKind.CPU).build();
      SessionOptions declared = SessionOptions.builder().frameSize(SIDE, SIDE).build();
      boolean confined = Boolean.parseBoolean(args[1]);
      AutoCloseable arena = arena(confined);
      ByteBuffer pixels = allocate(arena, 3 * SIDE * SIDE);
      Image image = Image.of(pixels, PixelFormat.RGB, SIDE, SIDE);
      try (ScanFormer model = ScanFormer.load(Path.of(args[0]), options);
          Session session = model.openSession(declared);
          Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
        for (Locator locator : new Locator[] {model, session, batcher}) {
          locator.locate(image, "red");
        }
        arena.close();
        for (Locator locator : new Locator[] {model, session, batcher}) {
          try {
            locator.locate(image, "red");
          } catch (IllegalStateException e) {
            System.out.println(e.getMessage());
          }
        }
      }
    }

    /** What may be closed by this thread or by any, of the API that the JVM has. */
    private static AutoCloseable arena(boolean confined) throws ReflectiveOperationException {
      return VERSION >= 22
          ? (AutoCloseable)
              Class.forName("java.lang.foreign.Arena")
                  .getMethod(confined ? "ofConfined" : "ofShared")
                  .invoke(null)
          : (AutoCloseable)
              Class.forName("jdk.incubator.foreign.ResourceScope")
                  .getMethod("newSharedScope")
                  .invoke(null);
    }

    private static ByteBuffer allocate(AutoCloseable arena, long bytes)
        throws ReflectiveOperationException {
      Object segment;
      if (VERSION >= 22) {
        Method allocate =
            Class.forName("java.lang.foreign.Arena").getMethod("allocate", long.class, long.class);
        segment = allocate.invoke(arena, bytes, 1L);
        return (ByteBuffer)
            Class.forName("java.lang.foreign.MemorySegment")
                .getMethod("asByteBuffer")
                .invoke(segment);
      }
      Class<?> type = Class.forName("jdk.incubator.foreign.MemorySegment");
      segment =
          type.getMethod(
                  "allocateNative",
                  long.class,
                  Class.forName("jdk.incubator.foreign.ResourceScope"))
              .invoke(null, bytes, arena);
      return (ByteBuffer) type.getMethod("asByteBuffer").invoke(segment);
    }
  }

  @Test
  void isRefused() throws Exception {
    assumeFalse(VERSION > 17 && VERSION < 22, "a JVM whose arenas are a preview");
    run(false);
  }

  /** A batcher reads the image in a thread of its own. */
  @Test
  void ofOneThreadIsRefusedInOthersToo() throws Exception {
    assumeTrue(VERSION >= 22, "a JVM that tells a closed arena of another thread");
    run(true);
  }

  private void run(boolean confined) throws Exception {
    RandomModel.tiny().write(directory);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (VERSION < 22) {
      command.addAll(List.of("--add-modules", "jdk.incubator.foreign"));
    }
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
    command.addAll(List.of("-XX:ErrorFile=" + directory.resolve("hs_err"), "-Xmx128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(Child.class.getName(), directory.toString(), Boolean.toString(confined)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end");
      assertEquals(0, process.exitValue(), output);
      String refused = "The memory of the image is freed: the arena of its buffer is closed";
      assertEquals(3, output.lines().filter(refused::equals).count(), output);
    } finally {
      process.destroyForcibly();
    }
  }
}
