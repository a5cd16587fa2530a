package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomModel;

/** What does not fit the JVM's memory is an exception, in Java processes with little of it. */
class OutOfMemoryTest {
  @TempDir private Path directory;

  /** Loads the model in the first argument's directory and warms a session up. */
  static final class Child {
    public static void main(String[] args) {
      try (ScanFormer model =
          ScanFormer.load(
              Path.of(args[0]),
              ScanFormerOptions.builder().backend(BackendKind.CPU).maxBatch(1).build())) {
        SessionOptions options = SessionOptions.builder().frameSize(16384, 16384).build();
        try (Session session = model.openSession(options)) {
          session.warmUp();
        }
      } catch (ScanFormerException e) {
        System.out.println(e.code() + ": " + e.getMessage());
      }
    }
  }

  /** Calls a loaded model after it has used the JVM's direct memory up. */
  static final class NoDirectMemory {
    public static void main(String[] args) {
      Path directory = Path.of(args[0]);
      ScanFormerOptions options =
          ScanFormerOptions.builder().backend(BackendKind.CPU).maxBatch(1).build();
      try (ScanFormer model = ScanFormer.load(directory, options)) {
        List<ByteBuffer> taken = new ArrayList<>();
        for (int bytes = 1 << 20; bytes > 0; bytes >>= 10) {
          take(taken, bytes);
        }
        report("load", () -> ScanFormer.load(directory, options).close());
        report("session", () -> model.openSession(SessionOptions.defaults()).close());
        report("batcher", () -> model.openBatcher(BatcherOptions.defaults()).close());
        report("locate", () -> model.locate(Image.of(new BufferedImage(9, 9, 1)), "a"));
        taken.clear();
      }
    }

    private static void take(List<ByteBuffer> taken, int bytes) {
      try {
        while (true) {
          taken.add(ByteBuffer.allocateDirect(bytes));
        }
      } catch (OutOfMemoryError e) {
        System.out.println(taken.size() + " buffers down to " + bytes + " bytes");
      }
    }

    private static void report(String call, Runnable work) {
      try {
        work.run();
        System.out.println(call + " succeeded");
      } catch (ScanFormerException e) {
        System.out.println(call + " " + e.code() + ": " + e.getMessage());
      }
    }
  }

  @BeforeEach
  void writeModel() throws Exception {
    RandomModel.tiny().write(directory);
  }

  private String run(Class<?> child, String option) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(option);
    String classPath = System.getProperty("java.class.path");
    List<String> entries = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    command.addAll(List.of("-cp", String.join(File.pathSeparator, entries)));
    command.addAll(List.of(child.getName(), directory.toString()));
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the process did not end");
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertEquals(0, process.exitValue(), text);
    return text;
  }

  @Test
  void aWarmUpThatNeedsTooMuchDirectMemory() throws Exception {
    String output = run(Child.class, "-XX:MaxDirectMemorySize=64m");
    assertTrue(output.contains("OUT_OF_MEMORY: The JVM has not enough memory for warming"), output);
    assertTrue(output.contains("-XX:MaxDirectMemorySize"), output);
  }

  @Test
  void aModelThatNeedsTooMuchDirectMemory() throws Exception {
    String output = run(Child.class, "-XX:MaxDirectMemorySize=1k");
    assertTrue(output.contains("OUT_OF_MEMORY: "), output);
    assertTrue(output.contains("direct buffer memory"), output);
  }

  /** Each is a raw OutOfMemoryError, which ends the process, unless it is turned at the call. */
  @Test
  void callsWithoutDirectMemory() throws Exception {
    String output = run(NoDirectMemory.class, "-XX:MaxDirectMemorySize=8m");
    String words = " OUT_OF_MEMORY: The JVM has not enough memory for ";
    assertTrue(output.contains("load" + words + "loading the model"), output);
    assertTrue(output.contains("session" + words + "a session"), output);
    assertTrue(output.contains("batcher" + words + "a batcher"), output);
    assertTrue(output.contains("locate OUT_OF_MEMORY: "), output);
  }

  @Test
  void aSafetensorsHeaderOfManyObjects() throws Exception {
    byte[] json = ("{\"a\":[" + "[],".repeat((16 << 20) / 3 - 10) + "[]]}").getBytes("US-ASCII");
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + json.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(
        directory.resolve("model.safetensors"), file.putLong(json.length).put(json).array());
    String output = run(Child.class, "-Xmx64m");
    assertTrue(output.contains("OUT_OF_MEMORY: "), output);
    assertTrue(output.contains("model.safetensors: the JVM has not enough memory"), output);
  }
}
