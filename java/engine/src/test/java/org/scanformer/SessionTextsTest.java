package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scanformer.internal.engine.FrameResult;

/** Texts and expressions of a session. */
class SessionTextsTest extends SessionFixture {
  @Test
  void textsStayEncodedAsLongAsThereIsRoom() {
    try (Session small = model.openSession(SessionOptions.builder().textCache(2).build())) {
      for (String text : List.of("red", "blue", "red", "green", "blue", "red")) {
        small.locate(image(1), text, LocateOptions.defaults(), result);
        assertSame(
            model.locate(List.of(Request.of(image(1), text)), Schedule.PER_SCALE).get(0), result);
      }
    }
  }

  /** A stream with one text runs it once; another text costs one more pass. */
  @Test
  void aTextIsRunOnceForAllItsFrames() {
    List<Integer> encoded = new ArrayList<>();
    ScanFormerMetrics metrics =
        new ScanFormerMetrics() {
          @Override
          public void textEncoded(int tokens, long nanos) {
            encoded.add(tokens);
          }
        };
    ScanFormerOptions observed =
        ScanFormerOptions.builder().backend(backend()).maxBatch(1).metrics(metrics).build();
    try (ScanFormer own = ScanFormer.load(directory, observed);
        Session stream = own.openSession(SessionOptions.builder().textCache(2).build());
        Expression red = own.encode("red")) {
      SessionResult found = stream.newResult();
      encoded.clear();
      for (int i = 0; i < 5; i++) {
        stream.locate(image(i), red, found);
      }
      assertEquals(List.of(), encoded, "encoded before");
      for (String text : List.of("the red one", "blue", "the red one", "blue", "blue")) {
        stream.locate(image(1), text, LocateOptions.defaults(), found);
      }
      assertEquals(List.of(5, 3), encoded, "with [CLS] and [SEP]");
    }
  }

  @Test
  void anExpressionClosedInACallLastsThatCall() {
    LocateOptions closing = options().listener(soFar -> expression.close()).build();
    session.locate(image(1), expression, closing, result);
    assertSame(
        model.locate(List.of(Request.of(image(1), TEXT)), Schedule.PER_SCALE).get(0), result);
    assertThrows(IllegalStateException.class, () -> session.locate(image(1), expression, result));
  }

  @Test
  void refusesAnotherModelsExpressionsAndResults() throws Exception {
    try (ScanFormer other = load();
        Expression foreign = other.encode(TEXT)) {
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> session.locate(image(1), foreign, result));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
    }
    SessionResult wrong = new SessionResult(new FrameResult(new int[] {1, 4}));
    assertThrows(ScanFormerException.class, () -> session.locate(image(1), expression, wrong));
  }
}
