package org.scanformer.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.scanformer.Schedule;

/** Every JMH benchmark runs, with the smallest model and for a moment: no time is looked at. */
class JmhSmokeTest {
  private static final List<Class<?>> BENCHMARKS =
      List.of(
          LocateBenchmark.class,
          OperationBenchmark.class,
          SessionBenchmark.class,
          SharesBenchmark.class);

  private static Set<String> methods() {
    Set<String> names = new TreeSet<>();
    for (Class<?> type : BENCHMARKS) {
      Arrays.stream(type.getMethods())
          .filter(method -> method.isAnnotationPresent(Benchmark.class))
          .map(Method::getName)
          .forEach(name -> names.add(type.getName() + "." + name));
    }
    return names;
  }

  @Test
  void everyBenchmarkRuns() throws RunnerException {
    // Another run of JMH on this machine does not matter.
    System.setProperty("jmh.ignoreLock", "true");
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(10))
                    .param("model", "tiny")
                    .param("selection", "50/25")
                    .param("schedule", "FINAL_ONLY")
                    .param("precision", "FP32")
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();
    Set<String> run =
        results.stream()
            .map(result -> result.getParams().getBenchmark())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(methods(), run);
    for (RunResult result : results) {
      double score = result.getPrimaryResult().getScore();
      assertTrue(score > 0, () -> result.getParams().id() + ": " + score);
    }
    long operations =
        results.stream().filter(r -> r.getParams().getParam("operation") != null).count();
    assertEquals(11, operations, "operations of OperationBenchmark");
  }

  /** Two equal rows would say that it gains nothing. */
  @Test
  void oneGraphACallIsMeasuredOnlyWhereItIsUsed() {
    SessionBenchmark benchmark = new SessionBenchmark();
    benchmark.model = "tiny";
    benchmark.schedule = Schedule.FINAL_ONLY;
    benchmark.backend = "cpu";
    benchmark.oneGraph = true;
    IllegalStateException refused = assertThrows(IllegalStateException.class, benchmark::open);
    assertTrue(refused.getMessage().contains("not used, calls go scale by scale"), "" + refused);
  }
}
