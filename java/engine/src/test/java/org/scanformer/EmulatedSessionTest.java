package org.scanformer;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * Sessions with the CUDA kernels emulated on the host, without the count of what calls allocate:
 * its many calls take minutes there.
 */
@Tag("emulation")
class EmulatedSessionTest {
  @Nested
  class Answers extends SessionAnswersTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }

    /** Not run here: {@link EmulatedRandomShapesTest} has ragged batches, in half the time. */
    @Override
    void severalImagesTogether(Schedule schedule) {}
  }

  @Nested
  class Callback extends SessionCallbackTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Deadline extends SessionDeadlineTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Limits extends SessionLimitsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Metrics extends SessionMetricsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Texts extends SessionTextsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }

  @Nested
  class Threads extends SessionThreadsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }
  }
}
