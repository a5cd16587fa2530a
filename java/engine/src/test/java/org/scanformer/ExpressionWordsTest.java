package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** What the model does not read of an expression is told, or refused. */
class ExpressionWordsTest {
  private static final String UNKNOWN = "the red cirlce of the elephant";
  private static final String LONG = "the red circle ".repeat(10);
  private static final List<UnknownWord> WORDS =
      List.of(new UnknownWord("cirlce", List.of("circle")), new UnknownWord("elephant", List.of()));

  private final Image image = Image.of(RandomImages.structured(1, 40, 30));

  @TempDir Path directory;

  private ScanFormer load(boolean strict) {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder().backend(BackendKind.CPU).strictExpressions(strict).build());
  }

  @Test
  void expressionsAndAnswersTellUnknownWords() throws Exception {
    RandomModel.tiny().coarseGrid(1).scales(2).write(directory);
    try (ScanFormer model = load(false);
        Expression expression = model.encode(UNKNOWN);
        Expression known = model.encode("the red circle");
        Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      assertEquals(WORDS, expression.unknownWords());
      assertFalse(expression.truncated());
      assertEquals(List.of(), known.unknownWords());

      assertEquals(WORDS, model.locate(image, UNKNOWN).unknownWords());
      assertEquals(WORDS, model.locate(image, expression).unknownWords());
      assertEquals(WORDS, batcher.locate(image, UNKNOWN).unknownWords());
      List<Location> both =
          model.locate(List.of(Request.of(image, known), Request.of(image, expression)));
      assertEquals(List.of(), both.get(0).unknownWords());
      assertEquals(WORDS, both.get(1).unknownWords());

      SessionResult result = session.newResult();
      assertThrows(IllegalStateException.class, result::unknownWords);
      session.locate(image, expression, result);
      assertEquals(WORDS, result.unknownWords());
      session.locate(image, "the red circle", LocateOptions.defaults(), result);
      assertEquals(List.of(), result.unknownWords());
    }
  }

  @Test
  void expressionsAndAnswersTellThatTheyWereTruncated() throws Exception {
    RandomModel.tiny().coarseGrid(1).scales(2).write(directory);
    try (ScanFormer model = load(false);
        Expression expression = model.encode(LONG);
        Session session = model.openSession(SessionOptions.defaults())) {
      assertTrue(expression.truncated());
      assertEquals(16, expression.tokens());
      assertTrue(model.locate(image, LONG).truncated());
      assertFalse(model.locate(image, UNKNOWN).truncated());
      SessionResult result = session.newResult();
      session.locate(image, expression, result);
      assertTrue(result.truncated());
    }
  }

  @Test
  void aStrictModelRefusesThemWhereverTextIsBrought() throws Exception {
    // Without the word that a session warms up with.
    RandomModel.tiny().coarseGrid(1).scales(2).vocabSize(6).maxTextLength(5).write(directory);
    try (ScanFormer model = load(true);
        Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      session.warmUp();
      SessionResult result = session.newResult();
      assertRefused("\"a\"", () -> model.encode("the a"));
      assertRefused("\"a\"", () -> model.locate(image, "the a"));
      assertRefused(
          "Request 1 of 2: The expression \"the a\" has words that the model does not know: \"a\"",
          () -> model.locate(List.of(Request.of(image, "the"), Request.of(image, "the a"))));
      assertRefused(
          "\"a\"", () -> session.locate(image, "the a", LocateOptions.defaults(), result));
      assertRefused("\"a\"", () -> session.locate(image, "the a"));
      assertRefused("\"a\"", () -> batcher.locate(image, "the a"));
      CompletionException failed =
          assertThrows(
              CompletionException.class, () -> batcher.submit(Request.of(image, "the a")).join());
      assertInstanceOf(ScanFormerException.class, failed.getCause());
      assertRefused("longer than the 5 tokens", () -> model.encode("the the the the"));
      assertEquals(5, model.encode("the the the").tokens());
    }
  }

  private static void assertRefused(String words, Runnable call) {
    ScanFormerException refused = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }
}
