package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  @BeforeEach
  void writeModel() throws Exception {
    RandomModel.tiny().write(directory);
  }

  private String run(String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    String classPath = System.getProperty("java.class.path");
    List<String> entries = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator)) {
      entries.add(Path.of(entry).toAbsolutePath().toString());
    }
    command.addAll(List.of("-cp", String.join(File.pathSeparator, entries)));
    command.addAll(List.of(Child.class.getName(), directory.toString()));
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
    String output = run("-XX:MaxDirectMemorySize=64m");
    assertTrue(output.contains("OUT_OF_MEMORY: The JVM has not enough memory for warming"), output);
    assertTrue(output.contains("-XX:MaxDirectMemorySize"), output);
  }

  @Test
  void aModelThatNeedsTooMuchDirectMemory() throws Exception {
    String output = run("-XX:MaxDirectMemorySize=1k");
    assertTrue(output.contains("OUT_OF_MEMORY: "), output);
    assertTrue(output.contains("direct buffer memory"), output);
  }

  @Test
  void aSafetensorsHeaderOfManyObjects() throws Exception {
    byte[] json = ("{\"a\":[" + "[],".repeat((16 << 20) / 3 - 10) + "[]]}").getBytes("US-ASCII");
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + json.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(
        directory.resolve("model.safetensors"), file.putLong(json.length).put(json).array());
    String output = run("-Xmx64m");
    assertTrue(output.contains("OUT_OF_MEMORY: "), output);
    assertTrue(output.contains("model.safetensors: the JVM has not enough memory"), output);
  }
}
