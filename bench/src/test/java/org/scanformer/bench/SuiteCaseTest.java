package org.scanformer.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openjdk.jmh.annotations.Param;

/** The suite's sets name parameters that the benchmarks have. */
class SuiteCaseTest {
  @ParameterizedTest
  @EnumSource(Suite.Set.class)
  void parametersAreTheBenchmarks(Suite.Set set) throws Exception {
    List<SuiteCase> cases = SuiteCase.of(set);
    for (SuiteCase c : cases) {
      for (String name : c.parameters().keySet()) {
        assertNotNull(
            c.benchmark().getDeclaredField(name).getAnnotation(Param.class), c + " " + name);
      }
    }
    assertEquals(cases.size(), new HashSet<>(cases).size(), "none is there twice");
    assertTrue(cases.stream().anyMatch(c -> "linear-fc2".equals(c.parameters().get("operation"))));
  }
}
