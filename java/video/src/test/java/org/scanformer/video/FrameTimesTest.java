package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Times in seconds, of streams of one frame a second. */
class FrameTimesTest {
  private static final long SECOND = 1_000_000_000;
  private static final long NONE = Long.MIN_VALUE;

  private final FrameTimes times = new FrameTimes();

  @Test
  void timesBeginAtZeroAndKeepTheirDistances() {
    assertTimes(false, new long[] {7200, 7201, 7205}, 0, 1, 5);
    assertTimes(false, new long[] {-3, -2, 40}, 6, 7, 49);
  }

  @Test
  void aFrameWithoutATimeFollowsTheOneBefore() {
    assertTimes(false, new long[] {NONE, 7200, NONE, 7202}, 0, 1, 2, 3);
  }

  @Test
  void aFrameThatIsALittleEarlyDoesNotGoBack() {
    assertTimes(false, new long[] {5, 6, 5, 8}, 0, 1, 1, 3);
  }

  @Test
  void timesOfJoinedStreamsGoOn() {
    assertTimes(false, new long[] {10, 11, 12, 0, 1, 2}, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void aDamagedTimeChangesNoOtherWhereTimesMayJump() {
    assertTimes(true, new long[] {10, 11, 95000, 13, 14}, 0, 1, 2, 3, 4);
    assertTimes(true, new long[] {20, 29}, 5, 14);
  }

  @Test
  void aLongPauseStaysWhereTimesMayNotJump() {
    assertTimes(false, new long[] {10, 11, 95000}, 0, 1, 94990);
  }

  private void assertTimes(boolean mayJump, long[] own, long... expected) {
    times.begin();
    long[] found =
        LongStream.of(own)
            .map(t -> times.next(t == NONE ? FrameTimes.UNKNOWN : t * SECOND, SECOND, mayJump))
            .map(t -> t / SECOND)
            .toArray();
    assertArrayEquals(expected, found);
  }
}
