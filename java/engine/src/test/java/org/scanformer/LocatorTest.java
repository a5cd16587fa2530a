package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** A model, a session and a batcher answer as one kind of thing, and so does a fake. */
class LocatorTest extends BatcherFixture {
  private static final String TEXT = "the blue one";

  /** What an application does with any of them. */
  private static String describe(Locator locator, Image image) {
    return locator.locate(image, TEXT).box().toString();
  }

  @Test
  void anApplicationCanFakeIt() {
    Box box = new Box(10, 9, 20, 18);
    Locator fake = request -> Location.of(request.image(), box, 0.9);
    assertEquals(box.toString(), describe(fake, image(0)));
    Location found = fake.locate(List.of(Request.of(image(0), TEXT))).get(0);
    assertEquals(new NormalizedBox(0.5f, 0.4f, 0.5f, 0.4f), found.normalizedBox());
    assertTrue(found.found());
    assertEquals(0.9f, found.score());
  }

  @Test
  void allGiveTheSameAnswer() {
    try (Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(options().build());
        Expression expression = model.encode(TEXT)) {
      Location expected = model.locate(image(1), TEXT);
      for (Locator locator : List.of(model, session, batcher)) {
        assertSame(expected, locator.locate(image(1), TEXT));
        assertSame(expected, locator.locate(image(1), expression));
        List<Location> two =
            locator.locate(List.of(Request.of(image(2), TEXT), Request.of(image(1), expression)));
        assertSame(expected, two.get(1));
        Request all = Request.of(image(1), TEXT).withSelection(SelectionPolicy.all());
        assertEquals(16, locator.locate(all).scales().get(1).mask().count());
      }
      assertEquals(Schedule.PER_SCALE, session.locate(image(1), TEXT).schedule());
      assertTrue(session.locate(image(1), TEXT).timings().total() > 0);
    }
  }

  @Test
  void aBatchersFailureKeepsItsCode() {
    try (Batcher batcher = model.openBatcher(options().build())) {
      ScanFormerException refused =
          assertThrows(ScanFormerException.class, () -> batcher.locate(image(0), " "));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      Expression closed = model.encode(TEXT);
      closed.close();
      assertThrows(IllegalStateException.class, () -> batcher.locate(image(0), closed));
    }
    Batcher closed = model.openBatcher(options().build());
    closed.close();
    assertThrows(IllegalStateException.class, () -> closed.locate(image(0), TEXT));
  }

  @Test
  void aFullQueueIsARejection() throws Exception {
    BatcherOptions one =
        options().queueCapacity(1).overflow(BatcherOptions.Overflow.REJECT).build();
    try (Batcher batcher = model.openBatcher(one)) {
      holdUp(batcher);
      batcher.submit(Request.of(image(0), TEXT));
      assertThrows(RejectedExecutionException.class, () -> batcher.locate(image(0), TEXT));
      metrics.gate.countDown();
    }
  }

  @Test
  void aBatchersOwnThreadMayNotWaitForIt() throws Exception {
    try (Batcher batcher = model.openBatcher(options().build())) {
      CompletableFuture<Location> second =
          holdUp(batcher).thenApply(first -> batcher.locate(image(0), TEXT));
      metrics.gate.countDown();
      CompletionException refused = assertThrows(CompletionException.class, second::join);
      assertTrue(refused.getCause() instanceof IllegalStateException, refused.toString());
      assertTrue(refused.getCause().getMessage().contains("use submit"), refused.toString());
    }
  }
}
