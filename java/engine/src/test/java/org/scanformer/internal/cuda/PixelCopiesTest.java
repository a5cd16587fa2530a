package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Planes arrive whole and in order, whoever copies their chunks. */
class PixelCopiesTest {
  private static final int CHUNK = PixelCopies.CHUNK;

  private final Random random = new Random(5);
  private final PixelCopies copies = new PixelCopies();

  private ByteBuffer plane(int bytes, boolean direct) {
    ByteBuffer plane = direct ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
    byte[] values = new byte[bytes];
    random.nextBytes(values);
    return plane.put(0, values);
  }

  private static int chunks(List<ByteBuffer> planes) {
    return planes.stream().mapToInt(plane -> PixelCopies.chunks(plane.limit())).sum();
  }

  /** Batches of many planes and of few, one after another, so that helpers come late to some. */
  @Test
  void eachChunkIsThereWhenItWasWaitedFor() {
    for (int batch = 0; batch < 60; batch++) {
      List<ByteBuffer> planes = new ArrayList<>();
      int count = batch % 3 == 0 ? 9 : 1 + batch % 2;
      int total = 0;
      for (int p = 0; p < count; p++) {
        int bytes = p == 0 ? 1 + random.nextInt(20) : 1 + random.nextInt(3 * CHUNK);
        planes.add(plane(bytes, random.nextBoolean()));
        total += bytes;
      }
      ByteBuffer target = ByteBuffer.allocateDirect(total);
      copies.begin(target, chunks(planes));
      int place = 0;
      for (ByteBuffer plane : planes) {
        copies.add(plane, place);
        place += plane.limit();
      }
      copies.help();
      place = 0;
      for (ByteBuffer plane : planes) {
        for (int done = 0; done < plane.limit(); ) {
          int bytes = copies.await();
          assertEquals(
              plane.slice(done, bytes), target.slice(place + done, bytes), "batch " + batch);
          done += bytes;
        }
        place += plane.limit();
      }
    }
  }

  /** What a failed call has left is not copied into the next one's pixels. */
  @Test
  void whatIsLeftIsDrained() {
    for (int call = 0; call < 20; call++) {
      ByteBuffer left = plane(12 * CHUNK, false);
      ByteBuffer target = ByteBuffer.allocateDirect(12 * CHUNK);
      copies.begin(target, 12);
      copies.add(left, 0);
      copies.help();
      copies.await();
      copies.drain();
      ByteBuffer plane = plane(11 * CHUNK + 5, false);
      copies.begin(target, 12);
      copies.add(plane, 0);
      copies.help();
      int bytes = 0;
      for (int chunk = 0; chunk < 12; chunk++) {
        bytes += copies.await();
      }
      assertEquals(plane.limit(), bytes, "call " + call);
      assertEquals(plane, target.slice(0, bytes), "call " + call);
    }
  }

  /**
   * The failure of a copy is the caller's, whichever thread has met it, and ends that call alone.
   */
  @Test
  void aCopyThatFailsFailsInItsCaller() {
    ByteBuffer small = ByteBuffer.allocateDirect(9 * CHUNK);
    copies.begin(small, 10);
    copies.add(plane(10 * CHUNK, true), 0);
    copies.help();
    for (int chunk = 0; chunk < 9; chunk++) {
      assertEquals(CHUNK, copies.await());
    }
    assertThrows(IndexOutOfBoundsException.class, copies::await);
    copies.drain();
    ByteBuffer plane = plane(5, true);
    ByteBuffer target = ByteBuffer.allocateDirect(5);
    copies.begin(target, 1);
    copies.add(plane, 0);
    assertEquals(5, copies.await());
    assertEquals(plane, target);
  }
}
