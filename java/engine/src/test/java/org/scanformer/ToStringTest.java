package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the public types print. */
class ToStringTest extends SessionFixture {
  @Test
  void everyPublicClassSaysWhatItIs() throws Exception {
    List<String> silent = new ArrayList<>();
    int seen = 0;
    Path classes =
        Path.of(ScanFormer.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("org/scanformer");
    try (Stream<Path> files = Files.list(classes)) {
      for (Path file : files.filter(name -> name.toString().endsWith(".class")).toList()) {
        String name = file.getFileName().toString().replace(".class", "");
        Class<?> type = Class.forName("org.scanformer." + name);
        // A builder is gone before anybody prints it, and constants have no object.
        if (Modifier.isPublic(type.getModifiers())
            && !type.isInterface()
            && !name.endsWith("$Builder")
            && type != Models.class) {
          seen++;
          if (type.getMethod("toString").getDeclaringClass() == Object.class) {
            silent.add(name);
          }
        }
      }
    }
    assertTrue(seen > 25, seen + " classes");
    assertEquals(List.of(), silent);
  }

  @Test
  void optionsPrintTheirValues() {
    assertEquals("schedule PER_SCALE, selection checkpoint", LocateOptions.defaults().toString());
    assertEquals(
        "schedule PER_SCALE, selection TopK[k=3], budget PT0.03S, maxPatches 9, stopAtScore 0.5,"
            + " stopWhenAbsent 0.75, candidates 2, with a listener",
        options()
            .selection(SelectionPolicy.topK(3))
            .budget(Duration.ofMillis(30))
            .maxPatches(9)
            .stopAtScore(0.5)
            .stopWhenAbsent(0.75)
            .candidates(2)
            .listener(soFar -> {})
            .build()
            .toString());
    assertEquals(
        "threads all, textCache 16, maxBatch 1, frames of any size",
        SessionOptions.defaults().toString());
    assertEquals(
        "backend CPU, device 0, precision FP32, threads 2, schedule FINAL_ONLY, maxBatch 8, strict"
            + " expressions",
        ScanFormerOptions.builder()
            .backend(BackendKind.CPU)
            .precision(Precision.FP32)
            .threads(2)
            .strictExpressions(true)
            .build()
            .toString());
    assertEquals(
        "maxBatch 8, maxDelay PT0S, queueCapacity 256, overflow WAIT, schedule FINAL_ONLY, threads"
            + " all, textCache 64",
        BatcherOptions.defaults().toString());
  }

  @Test
  void openThingsPrintTheirState() {
    assertEquals("ScanFormer on " + backend() + " in FP32, 4 layers of 64, 3 scales", "" + model);
    assertEquals("\"the red one\", 5 tokens", "" + expression);
    assertEquals("no answer yet", "" + result);
    session.locate(image(1), expression, result);
    assertTrue(
        result.toString().matches("found, score 0[.]\\d+, Box\\[x=.*\\], 3 scales"), "" + result);
    assertTrue(session.toString().startsWith("session, threads all"), "" + session);
    assertEquals(
        "\"red\" in 60x45 BGRA, selection all",
        "" + Request.of(image(1), "red").withSelection(SelectionPolicy.all()));
    expression.close();
    assertEquals("\"the red one\", 5 tokens, closed", "" + expression);
    try (Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      assertEquals("batcher of 1 models, 0 requests wait", "" + batcher);
    }
  }
}
