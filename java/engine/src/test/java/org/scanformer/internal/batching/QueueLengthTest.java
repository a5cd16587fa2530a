package org.scanformer.internal.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scanformer.BatcherOptions;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScanFormerMetrics;

/** What metrics are told of a queue's length is its length, whatever changes it. */
@Timeout(30)
class QueueLengthTest {
  private static final Image IMAGE = Image.of(ByteBuffer.allocate(3), PixelFormat.RGB, 1, 1);

  private final List<Integer> lengths = new ArrayList<>();
  private final List<PendingRequest> batch = new ArrayList<>();
  private int sumOfChanges;
  private boolean fullHeap;

  private final ScanFormerMetrics metrics =
      new ScanFormerMetrics() {
        @Override
        public void queueLength(int requests, int change) {
          if (fullHeap) {
            throw new OutOfMemoryError("what is told");
          }
          lengths.add(requests);
          sumOfChanges += change;
        }
      };

  private final BatchQueue queue =
      new BatchQueue(BatcherOptions.builder().maxBatch(2).build(), metrics, new FakeClock(), 1);

  private CompletableFuture<Location> submit() {
    return queue.submit(Request.of(IMAGE, "x"), true);
  }

  private void assertTold(Integer... expected) {
    assertEquals(List.of(expected), lengths);
    assertEquals(queue.length(), sumOfChanges);
  }

  @Test
  void requestsComeAndGo() {
    submit();
    submit();
    submit();
    assertTrue(queue.take(batch, () -> false));
    assertTold(1, 2, 3, 1);
  }

  @Test
  void cancelledRequestsNoLongerCount() {
    List.of(submit(), submit()).forEach(answer -> answer.cancel(false));
    queue.close();
    assertFalse(queue.take(batch, () -> false));
    assertTold(1, 2, 0);
  }

  @Test
  void requestsThatAreReturnedCountAgain() {
    submit();
    submit();
    assertTrue(queue.take(batch, () -> false));
    queue.putBack(batch);
    assertTold(1, 2, 0, 2);
  }

  /** A heap without room for what is to be told, which then comes with the next change. */
  @Test
  void whatCannotBeToldChangesNothingElse() {
    fullHeap = true;
    submit();
    submit();
    submit();
    assertTrue(queue.take(batch, () -> false));
    assertEquals(2, batch.size());
    queue.putBack(batch);
    fullHeap = false;
    submit();
    assertTold(4);
  }

  @Test
  void aQueueThatNobodyServesIsEmpty() {
    submit();
    queue.leave(List.of(), new IllegalStateException("the last worker has ended"));
    assertTold(1, 0);
  }
}
