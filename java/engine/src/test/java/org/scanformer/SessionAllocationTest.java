package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A call of a session makes no garbage. */
class SessionAllocationTest extends SessionFixture {
  @Test
  void allocatesNothing() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Image heap = image(1);
    ByteBuffer direct = ByteBuffer.allocateDirect(3 * 60 * 45);
    Image frame =
        Image.of(direct.put(0, heap.pixels(), 0, direct.capacity()), PixelFormat.RGB, 60, 45);
    LocateOptions[] cases = {
      LocateOptions.defaults(),
      options().schedule(Schedule.FINAL_ONLY).budget(Duration.ofHours(1)).build(),
      options().selection(SelectionPolicy.topK(3)).maxPatches(5).stopAtScore(1).build(),
      options().stopWhenAbsent(1).build(),
      options().selection(SelectionPolicy.threshold(0.4)).listener(soFar -> {}).build(),
      options().candidates(3).build(),
      options().schedule(Schedule.FINAL_ONLY).candidates(3).build()
    };
    for (Image image : List.of(frame, heap)) {
      for (LocateOptions options : cases) {
        for (int call = 0; call < 5; call++) {
          session.locate(image, expression, options, result);
        }
        // The virtual machine itself allocates now and then, once; a call that does would each
        // time.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int call = 0; call < 20; call++) {
            session.locate(image, expression, options, result);
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
      }
    }
  }
}
