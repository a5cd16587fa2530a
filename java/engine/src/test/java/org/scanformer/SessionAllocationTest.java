package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A call of a session makes no garbage. */
class SessionAllocationTest extends SessionFixture {
  private final com.sun.management.ThreadMXBean threads =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** An image in a direct buffer. */
  private static Image direct(Image heap) {
    ByteBuffer pixels = ByteBuffer.allocateDirect(3 * 60 * 45);
    return Image.of(pixels.put(0, heap.pixels(), 0, pixels.capacity()), PixelFormat.RGB, 60, 45);
  }

  private void assertAllocatesNothing(Runnable calls) {
    for (int call = 0; call < 5; call++) {
      calls.run();
    }
    // The virtual machine itself allocates now and then, once; a call that does would each time.
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 3; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int call = 0; call < 20; call++) {
        calls.run();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least);
  }

  @Test
  void allocatesNothing() {
    Image heap = image(1);
    LocateOptions[] cases = {
      LocateOptions.defaults(),
      options().schedule(Schedule.FINAL_ONLY).budget(Duration.ofHours(1)).build(),
      options().selection(SelectionPolicy.topK(3)).maxPatches(5).stopAtScore(1).build(),
      options().stopWhenAbsent(1).build(),
      options().selection(SelectionPolicy.threshold(0.4)).listener(soFar -> {}).build(),
      options().candidates(3).build(),
      options().schedule(Schedule.FINAL_ONLY).candidates(3).build(),
      options().selection(masks(heap)).build()
    };
    for (Image image : List.of(direct(heap), heap)) {
      for (LocateOptions options : cases) {
        assertAllocatesNothing(() -> session.locate(image, expression, options, result));
      }
    }
  }

  /** Those that the model selects by itself. */
  private SelectionPolicy masks(Image image) {
    Location found = model.locate(image, TEXT);
    return SelectionPolicy.masks(found.scales().stream().map(ScaleResult::mask).toList());
  }

  /** A camera fills one buffer while the frame in another is located. */
  @Test
  void imagesAndOptionsInTurnAllocateNothing() {
    List<Image> frames = new ArrayList<>();
    List<LocateOptions> options = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      frames.add(i == 3 ? image(i) : direct(image(i)));
      options.add(options().selection(SelectionPolicy.topK(i)).build());
    }
    for (int different = 2; different <= 4; different++) {
      int count = different;
      assertAllocatesNothing(
          () -> {
            for (int i = 0; i < count; i++) {
              session.locate(frames.get(i), expression, options.get(i), result);
            }
          });
    }
  }

  @Test
  void aClosedSessionHoldsNoImage() throws Exception {
    List<WeakReference<Image>> used = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Image frame = image(i);
      session.locate(frame, expression, result);
      used.add(new WeakReference<>(frame));
    }
    session.close();
    for (int i = 0; i < 100 && used.stream().anyMatch(each -> each.get() != null); i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertTrue(used.stream().allMatch(each -> each.get() == null));
  }

  @Test
  void textsInTurnAllocateNothing() {
    Image frame = direct(image(1));
    LocateOptions call = LocateOptions.defaults();
    assertAllocatesNothing(
        () -> {
          session.locate(frame, "the red one", call, result);
          session.locate(frame, "the blue one", call, result);
        });
  }

  /** The same images at other places of the call, under a policy that is the same for both. */
  @Test
  void severalImagesInTurnAllocateNothing() {
    try (Session pairs = model.openSession(SessionOptions.builder().maxBatch(2).build())) {
      List<Image> frames = List.of(direct(image(1)), image(2));
      List<Image> exchanged = List.of(frames.get(1), frames.get(0));
      List<Expression> expressions = List.of(expression, expression);
      List<SessionResult> results = List.of(pairs.newResult(), pairs.newResult());
      LocateOptions call = LocateOptions.defaults();
      assertAllocatesNothing(
          () -> {
            pairs.locate(frames, expressions, call, Long.MAX_VALUE, results);
            pairs.locate(exchanged, expressions, call, Long.MAX_VALUE, results);
          });
    }
  }
}
