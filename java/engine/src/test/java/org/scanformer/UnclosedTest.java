package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.engine.Unclosed;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** What an application forgets to close is freed, in the right order and with a warning. */
@Timeout(60)
class UnclosedTest {
  @TempDir Path directory;
  private final FaultyBackend backends = new FaultyBackend();
  private final Logger logger = Logger.getLogger("org.scanformer");
  private final List<LogRecord> warnings = Collections.synchronizedList(new ArrayList<>());
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord warning) {
          // What the tests of other classes forget is not tracked, so it brings no place along.
          if (warning.getThrown() != null && warning.getMessage().contains("An unclosed ")) {
            warnings.add(warning);
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void prepare() throws Exception {
    RandomModel.tiny().seed(3).coarseGrid(2).scales(2).write(directory);
    System.setProperty(Unclosed.PROPERTY, "true");
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void restore() {
    System.clearProperty(Unclosed.PROPERTY);
    logger.removeHandler(handler);
    logger.setUseParentHandlers(true);
  }

  private ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder().backend(BackendKind.CPU).maxBatch(2).build(),
        backends::open);
  }

  private static void collectUntil(BooleanSupplier done) throws InterruptedException {
    while (!done.getAsBoolean()) {
      System.gc();
      Thread.sleep(10);
    }
  }

  private static Image image() {
    return Image.of(RandomImages.structured(1, 60, 45));
  }

  private void forgetExpressions(ScanFormer model, int count) {
    for (int i = 0; i < count; i++) {
      model.encode("red");
    }
  }

  @Test
  void forgottenExpressionsAreFreed() throws Exception {
    try (ScanFormer model = load()) {
      int before = backends.allocated.size();
      forgetExpressions(model, 20);
      assertEquals(before + 20, backends.allocated.size());
      collectUntil(() -> warnings.size() == 20);
      model.encode("blue").close();
      assertEquals(before, backends.allocated.size());
      assertTrue(warnings.get(0).getMessage().contains("An unclosed expression was freed"));
      List<StackTraceElement> made = List.of(warnings.get(0).getThrown().getStackTrace());
      assertTrue(
          made.stream().anyMatch(frame -> frame.getMethodName().equals("forgetExpressions")),
          made::toString);
    }
  }

  private void forgetAll() {
    ScanFormer model = load();
    Session session = model.openSession(SessionOptions.defaults());
    session.locate(image(), model.encode("red"), session.newResult());
    session.locate(image(), "blue", LocateOptions.defaults(), session.newResult());
    Batcher batcher = model.openBatcher(BatcherOptions.defaults());
    batcher.submit(Request.of(image(), "green")).join();
  }

  @Test
  void aForgottenModelWithAllThatIsOfItIsFreed() throws Exception {
    forgetAll();
    assertEquals(3, backends.open);
    collectUntil(() -> warnings.size() == 4 && backends.open == 0);
    String all = warnings.stream().map(LogRecord::getMessage).toList().toString();
    for (String what : List.of("model", "session", "batcher", "expression")) {
      assertTrue(all.contains("An unclosed " + what + " was freed"), all);
    }
    // What the others use is freed last.
    assertTrue(warnings.get(3).getMessage().contains("model"), all);
  }

  private Session sessionOfForgottenModel() {
    return load().openSession(SessionOptions.defaults());
  }

  @Test
  void aSessionKeepsItsModel() throws Exception {
    Session session = sessionOfForgottenModel();
    SessionResult result = session.newResult();
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(10);
      session.locate(image(), "red", LocateOptions.defaults(), result);
    }
    assertEquals(2, backends.open);
    assertEquals(List.of(), warnings);
    session.close();
    session = null;
    result = null;
    collectUntil(() -> warnings.size() == 1);
    assertTrue(warnings.get(0).getMessage().contains("model"));
  }

  @Test
  void whatIsClosedIsNotWarnedOf() throws Exception {
    try (ScanFormer model = load();
        Session session = model.openSession(SessionOptions.defaults())) {
      model.encode("red").close();
      // The model's end is an expression's too.
      session.locate(image(), model.encode("blue"), session.newResult());
    }
    assertEquals(0, backends.open);
    Object sentinel = new Object();
    java.lang.ref.WeakReference<Object> collected = new java.lang.ref.WeakReference<>(sentinel);
    sentinel = null;
    collectUntil(() -> collected.get() == null);
    Thread.sleep(50);
    assertEquals(List.of(), warnings);
  }
}
