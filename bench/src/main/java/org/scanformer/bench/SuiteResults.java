package org.scanformer.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;

/** JMH's results of the rounds of a suite, by benchmark and parameters. Immutable. */
final class SuiteResults {
  /**
   * A benchmark with its parameters.
   *
   * @param benchmark the class's simple name and the method's
   * @param parameters by name, in the order of the names
   */
  record Key(String benchmark, Map<String, String> parameters) {
    /** The same with another value of a parameter. */
    Key with(String parameter, String value) {
      Map<String, String> changed = new TreeMap<>(parameters);
      changed.put(parameter, value);
      return new Key(benchmark, changed);
    }

    String get(String parameter) {
      return parameters.get(parameter);
    }
  }

  /** One round's result: JMH's object. */
  record Measured(JsonNode json) {
    /** The mean over the measurements, in JMH's unit. */
    double score() {
      return json.path("primaryMetric").path("score").doubleValue();
    }

    /** A counter or a profiler's value; NaN if there is none of that name. */
    double secondary(String name) {
      return json.path("secondaryMetrics").path(name).path("score").asDouble(Double.NaN);
    }
  }

  private final Map<Key, Map<Integer, Measured>> byKey = new LinkedHashMap<>();

  private SuiteResults() {}

  /** Reads jmh-1.json, jmh-2.json … of a directory. */
  static SuiteResults read(Path directory) throws IOException {
    SuiteResults results = new SuiteResults();
    for (int round = 1; ; round++) {
      Path file = directory.resolve("jmh-" + round + ".json");
      if (!Files.exists(file)) {
        return results;
      }
      for (JsonNode json : new ObjectMapper().readTree(file.toFile())) {
        String[] name = json.get("benchmark").textValue().split("\\.");
        Map<String, String> parameters = new TreeMap<>();
        json.path("params")
            .properties()
            .forEach(p -> parameters.put(p.getKey(), p.getValue().textValue()));
        Key key = new Key(name[name.length - 2] + "." + name[name.length - 1], parameters);
        results.byKey.computeIfAbsent(key, k -> new TreeMap<>()).put(round, new Measured(json));
      }
    }
  }

  /** The keys of a benchmark in the order of measurement. */
  List<Key> of(String benchmark) {
    return byKey.keySet().stream().filter(key -> key.benchmark.equals(benchmark)).toList();
  }

  /** The median over the rounds; NaN if there is no result. */
  double median(Key key, ToDoubleFunction<Measured> value) {
    return median(
        byKey.getOrDefault(key, Map.of()).values().stream().map(value::applyAsDouble).toList());
  }

  /** The median over the rounds of a value computed from two results of the same round. */
  double median(Key first, Key second, ToDoubleBiFunction<Measured, Measured> value) {
    Map<Integer, Measured> seconds = byKey.getOrDefault(second, Map.of());
    List<Double> values = new ArrayList<>();
    byKey
        .getOrDefault(first, Map.of())
        .forEach(
            (round, measured) -> {
              if (seconds.containsKey(round)) {
                values.add(value.applyAsDouble(measured, seconds.get(round)));
              }
            });
    return median(values);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(v -> v).sorted().toArray();
    int n = sorted.length;
    return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
