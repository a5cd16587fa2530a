package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.reference.RandomImages;

/** Sessions find what their model finds, in one image or several. */
class SessionAnswersTest extends SessionFixture {
  @ParameterizedTest
  @EnumSource
  void findsWhatTheModelFinds(Schedule schedule) {
    LocateOptions options = options().schedule(schedule).build();
    for (int i = 0; i < 4; i++) {
      Image image = image(i);
      session.locate(image, expression, options, result);
      assertSame(model.locate(List.of(Request.of(image, expression)), schedule).get(0), result);
    }
  }

  @Test
  void readsTheFrameAsItIsWhenCalled() {
    Image first = image(0);
    ByteBuffer pixels = ByteBuffer.allocateDirect(first.pixels().remaining());
    Image frame = Image.of(pixels, first.format(), 60, 45);
    for (int i = 0; i < 3; i++) {
      Image other = image(i);
      pixels.put(0, other.pixels(), 0, pixels.capacity());
      session.locate(frame, expression, result);
      assertSame(
          model.locate(List.of(Request.of(other, expression)), Schedule.PER_SCALE).get(0), result);
    }
  }

  @Test
  void aRegionIsLookedAtAsAnImageOfItsOwn() {
    Image whole = image(1);
    Image region = whole.region(13, 7, 40, 30);
    int bytes = whole.format().bytesPerPixel();
    ByteBuffer copy = ByteBuffer.allocate(40 * 30 * bytes);
    for (int row = 0; row < 30; row++) {
      int from = (7 + row) * whole.rowStride() + 13 * bytes;
      copy.put(row * 40 * bytes, whole.pixels(), from, 40 * bytes);
    }
    session.locate(region, expression, result);
    Image copied = Image.of(copy, whole.format(), 40, 30);
    assertSame(
        model.locate(List.of(Request.of(copied, expression)), Schedule.PER_SCALE).get(0), result);
    Image corner = whole.region(59, 44, 1, 1);
    session.locate(corner, expression, result);
    assertEquals(3, result.completedScales());
    for (int[] wrong :
        new int[][] {
          {-1, 0, 1, 1}, {0, -1, 1, 1}, {0, 0, 0, 1}, {0, 0, 61, 1}, {60, 0, 1, 1}, {0, 40, 1, 6}
        }) {
      ScanFormerException refused =
          assertThrows(
              ScanFormerException.class,
              () -> whole.region(wrong[0], wrong[1], wrong[2], wrong[3]));
      assertEquals(ErrorCode.BAD_INPUT, refused.code());
      assertTrue(refused.getMessage().contains("expected one within 60x45"), refused.getMessage());
    }
  }

  @Test
  void warmUpChangesNoResult() {
    session.warmUp();
    session.locate(image(1), expression, result);
    assertSame(
        model.locate(List.of(Request.of(image(1), expression)), Schedule.PER_SCALE).get(0), result);
  }

  @ParameterizedTest
  @EnumSource
  void severalImagesTogether(Schedule schedule) {
    Expression other = model.encode("left of the star");
    List<Image> images = List.of(image(0), image(1), Image.of(RandomImages.structured(2, 30, 60)));
    List<Expression> expressions = List.of(expression, other, expression);
    List<Integer> seen = new ArrayList<>();
    LocateOptions options =
        options()
            .schedule(schedule)
            .selection(SelectionPolicy.topK(9))
            .listener(r -> seen.add(r.completedScales()))
            .build();
    try (Session batch = model.openSession(SessionOptions.builder().maxBatch(3).build())) {
      for (int count = 1; count <= 3; count++) {
        List<SessionResult> results = new ArrayList<>();
        for (int r = 0; r < count; r++) {
          results.add(batch.newResult());
        }
        seen.clear();
        batch.locate(
            images.subList(0, count),
            expressions.subList(0, count),
            options,
            Long.MAX_VALUE,
            results);
        assertEquals(count * (schedule == Schedule.PER_SCALE ? 3 : 1), seen.size());
        for (int r = 0; r < count; r++) {
          session.locate(images.get(r), expressions.get(r), options, result);
          for (int s = 0; s < 3; s++) {
            assertEquals(result.mask(s), results.get(r).mask(s));
            assertEquals(result.hasBox(s), results.get(r).hasBox(s));
            if (result.hasBox(s)) {
              assertBoxes(result.normalizedBox(s), results.get(r).normalizedBox(s));
              assertEquals(result.score(s), results.get(r).score(s), 2e-4);
            }
          }
          assertEquals(result.x(), results.get(r).x(), 0.02);
        }
      }
      assertRefused(
          "4 images, expected 1 to 3",
          () ->
              batch.locate(
                  Collections.nCopies(4, image(0)),
                  Collections.nCopies(4, expression),
                  options,
                  Long.MAX_VALUE,
                  Collections.nCopies(4, result)));
      assertRefused(
          "2 images, 1 expressions and 2 results",
          () ->
              batch.locate(
                  images.subList(0, 2),
                  List.of(expression),
                  options,
                  Long.MAX_VALUE,
                  List.of(result, batch.newResult())));
      assertRefused(
          "the same result",
          () ->
              batch.locate(
                  images.subList(0, 2),
                  expressions.subList(0, 2),
                  options,
                  Long.MAX_VALUE,
                  List.of(result, result)));
      batch.warmUp();
    }
  }
}
