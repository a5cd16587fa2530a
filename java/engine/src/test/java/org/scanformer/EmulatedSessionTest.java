package org.scanformer;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * Sessions with the CUDA kernels emulated on the host, as on a device, but without the count of
 * what calls allocate and without what is decided above the device: the many calls of such tests
 * take minutes there, and the CPU's run of them says the same.
 */
@Tag("emulation")
class EmulatedSessionTest {
  @Nested
  class Answers extends SessionAnswersTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }

    /** Not run here: {@link EmulatedWarmUpTest} warms up a smaller model. */
    @Override
    void warmUpChangesNoResult() {}

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

    /** Not run here: calls are refused before they reach a device. */
    @Override
    void aListenerIsRefused(Callee callee) {}

    /** Not run here: calls are refused before they reach a device. */
    @Override
    void metricsAreRefused(Callee callee) {}

    /** Not run here: the host ends the call. */
    @Override
    void whatAListenerThrowsEndsItsCallAlone() {}
  }

  @Nested
  class Deadline extends SessionDeadlineTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }

    /** Not run here: the host compares times. */
    @Override
    void answersFromTheCoarsestScaleWhenTheDeadlineIsPast() {}

    /** Not run here: the host compares times. */
    @Override
    void theEarlierOfDeadlineAndBudgetCounts() {}
  }

  @Nested
  class Limits extends SessionLimitsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }

    /** Not run here: the host compares scores that it has read. */
    @Override
    void stopsAtAScore() {}

    /** Not run here: the host compares boxes that it has read. */
    @Override
    void stopsWhereTwoScalesAgree() {}

    /** Left out: {@link EmulatedWarmUpTest} warms up a smaller model. */
    @Override
    void warmUp(Session declared) {}

    /** One that rounding goes beyond, and one that it does not. */
    @Override
    int[] declaredPatches() {
      return new int[] {5, 16};
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

    /** Not run here: the host keeps texts, on any device in the same way. */
    @Override
    void textsStayEncodedAsLongAsThereIsRoom() {}
  }

  @Nested
  class Threads extends SessionThreadsTest {
    @Override
    BackendKind backend() {
      return BackendKind.CUDA;
    }

    /** As it runs, is recorded and is replayed. */
    @Override
    int calls() {
      return 3;
    }
  }
}
