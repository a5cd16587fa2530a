package org.scanformer.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;

/**
 * One benchmark of the suite with its parameters. Immutable.
 *
 * @param benchmark the class
 * @param parameters by name
 */
record SuiteCase(Class<?> benchmark, Map<String, String> parameters) {
  /** Copies the map, in the order of the names. */
  SuiteCase {
    parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
  }

  private static final String DENSE = "100/100";
  private static final List<String> SELECTIONS = List.of(DENSE, "50/25", "25/10");

  /** The cases of a set, in their order. */
  static List<SuiteCase> of(Suite.Set set) {
    return switch (set) {
      case TRIAL -> trial();
      case SHORT -> brief();
      case FULL -> full();
    };
  }

  /** One of each kind. */
  private static List<SuiteCase> trial() {
    List<SuiteCase> cases = new ArrayList<>();
    Locate tiny = new Locate().with("model", "tiny");
    tiny.with("selection", DENSE).addTo(cases);
    tiny.with("precision", "BF16").addTo(cases);
    cases.add(shares("tiny", "50/25", "FP32"));
    operations().forEach(operation -> cases.add(operation(operation, "tiny", "FP32")));
    cases.add(session("tiny", "PER_SCALE"));
    return cases;
  }

  private static List<SuiteCase> brief() {
    List<SuiteCase> cases = new ArrayList<>();
    Locate vilt = new Locate();
    Locate dense = vilt.with("selection", DENSE);
    dense.addTo(cases);
    vilt.addTo(cases);
    vilt.with("schedule", "PER_SCALE").addTo(cases);
    vilt.with("selection", "25/10").addTo(cases);
    vilt.with("text", "given").addTo(cases);
    dense.with("precision", "BF16").addTo(cases);
    vilt.with("precision", "BF16").addTo(cases);
    dense.with("batch", "8").addTo(cases);
    vilt.with("batch", "8").addTo(cases);
    dense.with("threads", "1").addTo(cases);
    for (String model : List.of("vilt-s", "shapes")) {
      dense.with("model", model).addTo(cases);
      vilt.with("model", model).addTo(cases);
    }
    for (String precision : List.of("FP32", "BF16")) {
      cases.add(shares("vilt-b32", DENSE, precision));
      cases.add(shares("vilt-b32", "50/25", precision));
    }
    for (String precision : List.of("FP32", "BF16")) {
      operations().stream()
          // Nothing of these two depends on the precision.
          .filter(operation -> precision.equals("FP32") || !operation.matches("decode|pyramid"))
          .forEach(operation -> cases.add(operation(operation, "vilt-b32", precision)));
    }
    cases.add(session("vilt-b32", "FINAL_ONLY"));
    cases.add(session("vilt-b32", "PER_SCALE"));
    return cases;
  }

  private static List<SuiteCase> full() {
    List<SuiteCase> cases = new ArrayList<>(brief());
    for (String model : List.of("vilt-b32", "vilt-s", "shapes")) {
      for (String batch : List.of("1", "8", "32")) {
        for (String selection : SELECTIONS) {
          for (String schedule : List.of("FINAL_ONLY", "PER_SCALE")) {
            for (String precision : List.of("FP32", "BF16")) {
              for (String threads : List.of("1", "2")) {
                for (String text : List.of("cached", "given")) {
                  new Locate()
                      .with("model", model)
                      .with("batch", batch)
                      .with("selection", selection)
                      .with("schedule", schedule)
                      .with("precision", precision)
                      .with("threads", threads)
                      .with("text", text)
                      .addTo(cases);
                }
              }
            }
          }
        }
      }
    }
    return cases.stream().distinct().toList();
  }

  /** A workload and the implementation that runs it. */
  private static final class Locate {
    private final Map<String, String> parameters = new LinkedHashMap<>();

    Locate() {
      parameters.put("model", "vilt-b32");
      parameters.put("batch", "1");
      parameters.put("selection", "50/25");
      parameters.put("schedule", "FINAL_ONLY");
      parameters.put("precision", "FP32");
      parameters.put("text", "cached");
      parameters.put("threads", "2");
      parameters.put("backend", "cpu");
    }

    Locate with(String parameter, String value) {
      Locate changed = new Locate();
      changed.parameters.putAll(parameters);
      changed.parameters.put(parameter, value);
      return changed;
    }

    /** The workload for ScanFormer and, right after it, for the peers that support it. */
    void addTo(List<SuiteCase> cases) {
      boolean dense = parameters.get("selection").equals(DENSE);
      List<String> by = new ArrayList<>(List.of("scanformer"));
      if (!dense) {
        by.add("pytorch-selected");
      } else {
        by.add("pytorch");
        if (!parameters.get("model").equals("shapes") && parameters.get("threads").equals("2")) {
          by.add("pytorch-plain");
        }
        if (parameters.get("precision").equals("FP32")) {
          // ONNX Runtime has no products in bf16 on CPUs.
          by.add("onnxruntime");
        }
      }
      for (String who : by) {
        Map<String, String> all = new LinkedHashMap<>(parameters);
        all.put("by", who);
        cases.add(new SuiteCase(LocateBenchmark.class, all));
      }
    }
  }

  private static SuiteCase shares(String model, String selection, String precision) {
    return new SuiteCase(
        SharesBenchmark.class,
        Map.of("model", model, "selection", selection, "precision", precision));
  }

  /** All benchmarks and parameters. */
  private static List<String> operations() {
    try {
      return List.of(
          OperationBenchmark.class
              .getDeclaredField("operation")
              .getAnnotation(Param.class)
              .value());
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SuiteCase operation(String operation, String model, String precision) {
    return new SuiteCase(
        OperationBenchmark.class,
        Map.of("operation", operation, "model", model, "precision", precision));
  }

  private static SuiteCase session(String model, String schedule) {
    return new SuiteCase(SessionBenchmark.class, Map.of("model", model, "schedule", schedule));
  }

  /** JMH's options for it. */
  Options options(ChainedOptionsBuilder common) {
    common.include(benchmark.getName().replace(".", "\\.") + "\\.");
    parameters.forEach(common::param);
    return common.build();
  }

  @Override
  public String toString() {
    return benchmark.getSimpleName() + " " + parameters;
  }
}
