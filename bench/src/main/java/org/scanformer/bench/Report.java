package org.scanformer.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.scanformer.bench.SuiteResults.Key;
import org.scanformer.bench.SuiteResults.Measured;

/**
 * The table and the plot of a {@link Suite}'s results, from the files that it has written. All
 * figures are medians over the rounds; a ratio is formed within a round.
 */
public final class Report {
  static final String TABLE = "table.md";
  static final String PLOT = "peers.png";

  private static final String LOCATE = "LocateBenchmark.locate";
  private static final String SHARES = "SharesBenchmark.locate";
  private static final String OPERATION = "OperationBenchmark.run";
  private static final String SESSION = "SessionBenchmark.encodedText";
  private static final String OURS = "scanformer";
  private static final List<String> PEERS =
      List.of("onnxruntime", "pytorch", "pytorch-plain", "pytorch-selected");
  private static final List<String> KINDS =
      List.of("linear", "attention", "norm", "append", "gather", "embed", "selection", "pyramid");

  private final Conditions conditions;
  private final List<Peaks> peaks;
  private final SuiteResults results;
  private final StringBuilder text = new StringBuilder();

  private Report(Path directory) throws IOException {
    ObjectMapper json = new ObjectMapper();
    conditions = json.readValue(directory.resolve("conditions.json").toFile(), Conditions.class);
    peaks =
        json.readValue(
            directory.resolve("peaks.json").toFile(), new TypeReference<List<Peaks>>() {});
    results = SuiteResults.read(directory);
  }

  /** Makes them anew: for the directory that is named. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: Report DIR, the directory of a suite's results");
      System.exit(2);
    }
    write(Path.of(arguments[0]));
  }

  /** Writes table and plot beside the results. */
  static void write(Path directory) throws IOException {
    Report report = new Report(directory);
    report.conditions();
    report.calls();
    report.aims();
    report.shares();
    report.operations();
    report.garbage();
    Files.writeString(directory.resolve(TABLE), report.text);
    report.plot(directory.resolve(PLOT));
  }

  private void line(String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  // ---- Conditions ----

  private void conditions() {
    line("# ScanFormer and its peers on a CPU");
    line("");
    line(
        "%s, commit %s. %s; %d processors. %s, %s. %s.",
        conditions.date(),
        conditions.commit(),
        conditions.cpu(),
        conditions.processors(),
        conditions.system(),
        conditions.java(),
        conditions.versions().entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .collect(Collectors.joining(", ")));
    line("");
    line(
        "Medians over the rounds; ratios are formed within a round. Made from the files beside it."
            + " An aim that is missed, and what bounds it, is spoken of in README.md.");
    line("");
    line("| threads | FMA peak fp32, GFLOP/s | bf16 | memory read, GB/s | copy |");
    line("|---|---|---|---|---|");
    for (Peaks p : peaks) {
      line(
          "| %d | %.0f | %.0f | %.1f | %.1f |",
          p.threads(), p.fp32GigaFlops(), p.bf16GigaFlops(), p.readGigaBytes(), p.copyGigaBytes());
    }
  }

  private double peak(Key key) {
    int threads =
        key.parameters().containsKey("threads") ? Integer.parseInt(key.get("threads")) : 0;
    Peaks p = Peaks.of(peaks, threads);
    return key.get("precision").equals("BF16") ? p.bf16GigaFlops() : p.fp32GigaFlops();
  }

  // ---- Calls ----

  /** Seconds of a call. */
  private static double call(Measured measured) {
    return 1 / measured.score();
  }

  /** Seconds of a call without the pyramids, which peers are given. */
  private static double encoder(Measured measured) {
    double pyramid = measured.secondary("pyramid");
    return call(measured) * (1 - (Double.isNaN(pyramid) ? 0 : pyramid));
  }

  private void calls() {
    line("");
    line("## Calls");
    line("");
    line(
        "Frames of 640 x 480, masks given. Milliseconds of a call; peers are given the pyramids, so they"
            + " are compared with ScanFormer's call without them (× is the peer's time over that)."
            + " PyTorch's linear layers are laid out for oneDNN, as torch.compile does it for frozen"
            + " ones; \"plain\" is torch.linear.");
    line("");
    line(
        "| model | batch | selected %% | schedule | precision | threads | text | ScanFormer | of it pyramids"
            + " | GFLOP/s | × FLOPs/peak | ONNX Runtime | PyTorch | PyTorch, plain | PyTorch, selected |"
            + " heap B/call |");
    line("|%s", "---|".repeat(16));
    Set<Key> workloads = new LinkedHashSet<>();
    results.of(LOCATE).forEach(key -> workloads.add(key.with("by", OURS)));
    for (Key ours : workloads) {
      line(
          "| %s | %s | %s | %s | %s | %s | %s | %.1f | %.1f | %.0f | %.2f | %s | %.0f |",
          ours.get("model"),
          ours.get("batch"),
          ours.get("selection"),
          ours.get("schedule").toLowerCase(Locale.ROOT).replace('_', '-'),
          ours.get("precision").toLowerCase(Locale.ROOT),
          ours.get("threads"),
          ours.get("text"),
          1000 * results.median(ours, Report::call),
          1000 * results.median(ours, m -> call(m) - encoder(m)),
          results.median(ours, Report::encoderRate),
          overPeak(ours),
          PEERS.stream().map(by -> peer(ours, by)).collect(Collectors.joining(" | ")),
          results.median(ours, m -> m.secondary("gc.alloc.rate.norm")));
    }
  }

  /** GFLOP/s of a call without its pyramids. */
  private static double encoderRate(Measured measured) {
    return measured.secondary("gigaFlops") * call(measured) / encoder(measured);
  }

  /** The time of a call without its pyramids over that of its operations at the peak. */
  private double overPeak(Key ours) {
    return peak(ours) / results.median(ours, Report::encoderRate);
  }

  private String peer(Key ours, String by) {
    Key peer = ours.with("by", by);
    double milliseconds = 1000 * results.median(peer, Report::call);
    return Double.isNaN(milliseconds)
        ? ""
        : String.format(Locale.ROOT, "%.1f (%.2f×)", milliseconds, ratio(ours, peer));
  }

  private double ratio(Key ours, Key peer) {
    return results.median(ours, peer, (o, p) -> call(p) / encoder(o));
  }

  // ---- Aims ----

  private void aims() {
    Key base =
        results.of(LOCATE).stream()
            .map(key -> key.with("by", OURS))
            .findFirst()
            .map(
                key ->
                    key.with("batch", "1")
                        .with("selection", "50/25")
                        .with("schedule", "FINAL_ONLY")
                        .with("precision", "FP32")
                        .with("text", "cached")
                        .with("threads", "2"))
            .orElse(null);
    if (base == null) {
      return;
    }
    Key dense = base.with("selection", "100/100");
    line("");
    line("## Aims");
    line("");
    line("Of %s, with 2 threads, final-only, text cached.", base.get("model"));
    line("");
    line("| | aim | measured | |");
    line("|---|---|---|---|");
    for (String batch : List.of("1", "8")) {
      Key ours = dense.with("batch", batch);
      atLeast(
          "dense fp32, batch " + batch + ": ONNX Runtime's time over ours",
          1,
          ratio(ours, ours.with("by", "onnxruntime")));
    }
    for (String batch : List.of("1", "8")) {
      Key ours = dense.with("batch", batch);
      atLeast(
          "dense fp32, batch " + batch + ": PyTorch's time over ours, laid out for oneDNN",
          1.5,
          ratio(ours, ours.with("by", "pytorch")));
      atLeast(
          "dense fp32, batch " + batch + ": PyTorch's time over ours, torch.linear",
          1.5,
          ratio(ours, ours.with("by", "pytorch-plain")));
    }
    atMost("50/25 %, fp32, batch 1: time over FLOPs/peak", 1.35, overPeak(base));
    atLeast(
        "fp32, batch 1: all patches' time over 50/25 %'s",
        2.4, results.median(dense, base, (all, some) -> call(all) / call(some)));
    for (Key fp32 : List.of(dense, base)) {
      atLeast(
          fp32.get("selection") + " %, batch 1: fp32's time over bf16's",
          1.5,
          results.median(
              fp32, fp32.with("precision", "BF16"), (slow, fast) -> call(slow) / call(fast)));
    }
    for (Key key : results.of(SHARES)) {
      atMost(
          String.format(
              "outside operations, %s %%, %s: share of a call",
              key.get("selection"), key.get("precision").toLowerCase(Locale.ROOT)),
          0.03,
          results.median(key, Report::outside));
    }
  }

  private void atLeast(String what, double aim, double measured) {
    aim(what, "≥ " + aim, measured, measured >= aim);
  }

  private void atMost(String what, double aim, double measured) {
    aim(what, "≤ " + aim, measured, measured <= aim);
  }

  private void aim(String what, String aim, double measured, boolean met) {
    if (!Double.isNaN(measured)) {
      line("| %s | %s | %.3g | %s |", what, aim, measured, met ? "met" : "missed");
    }
  }

  // ---- Shares ----

  private static double outside(Measured measured) {
    return 1 - KINDS.stream().mapToDouble(measured::secondary).sum();
  }

  private void shares() {
    line("");
    line("## Where a call's time goes");
    line("");
    line(
        "| model | batch | selected %% | schedule | precision | %s | outside |",
        String.join(" | ", KINDS));
    line("|---|---|---|---|---|%s---|", "---|".repeat(KINDS.size()));
    for (Key key : results.of(SHARES)) {
      line(
          "| %s | %s | %s | %s | %s | %s | %s |",
          key.get("model"),
          key.get("batch"),
          key.get("selection"),
          key.get("schedule").toLowerCase(Locale.ROOT).replace('_', '-'),
          key.get("precision").toLowerCase(Locale.ROOT),
          KINDS.stream()
              .map(kind -> percent(results.median(key, m -> m.secondary(kind))))
              .collect(Collectors.joining(" | ")),
          percent(results.median(key, Report::outside)));
    }
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  // ---- Operations ----

  private void operations() {
    line("");
    line("## Operations");
    line("");
    line(
        "With the arguments of a call's finest scale, over and over: what they touch may be in caches, so"
            + " more than the memory's rate is possible. Bytes are those of every array once.");
    line("");
    line(
        "| operation | model | batch | selected %% | precision | µs | GB/s or GFLOP/s | of peak |");
    line("|---|---|---|---|---|---|---|---|");
    for (Key key : results.of(OPERATION)) {
      double rate = results.median(key, m -> m.secondary("giga"));
      String operation = key.get("operation");
      // Attention on the CPU multiplies in fp32, whatever the linear layers do.
      boolean computes = operation.startsWith("linear") || operation.equals("attention");
      Key arithmetic = operation.equals("attention") ? key.with("precision", "FP32") : key;
      double bound =
          computes
              ? peak(arithmetic)
              : Peaks.of(peaks, Integer.parseInt(key.get("threads"))).copyGigaBytes();
      line(
          "| %s | %s | %s | %s | %s | %.0f | %.1f %s | %s |",
          operation,
          key.get("model"),
          key.get("batch"),
          key.get("selection"),
          key.get("precision").toLowerCase(Locale.ROOT),
          1e6 * results.median(key, Report::call),
          rate,
          computes ? "GFLOP/s" : "GB/s",
          operation.equals("decode") ? "" : percent(rate / bound));
    }
  }

  // ---- Garbage ----

  private void garbage() {
    line("");
    line("## Sessions");
    line("");
    line("| model | schedule | ms | Java heap, B/call |");
    line("|---|---|---|---|");
    for (Key key : results.of(SESSION)) {
      line(
          "| %s | %s | %.1f | %.2f |",
          key.get("model"),
          key.get("schedule").toLowerCase(Locale.ROOT).replace('_', '-'),
          results.median(key, Measured::score) / 1000,
          results.median(key, m -> m.secondary("gc.alloc.rate.norm")));
    }
  }

  // ---- Plot ----

  /** Times of one frame of the first model, by who answers it. */
  private void plot(Path file) throws IOException {
    List<Key> ours = results.of(LOCATE).stream().filter(key -> key.get("by").equals(OURS)).toList();
    if (ours.isEmpty()) {
      return;
    }
    Key base =
        ours.get(0)
            .with("batch", "1")
            .with("schedule", "FINAL_ONLY")
            .with("text", "cached")
            .with("threads", "2");
    List<String> names = new ArrayList<>();
    List<Double> milliseconds = new ArrayList<>();
    for (String precision : List.of("FP32", "BF16")) {
      for (String selection : List.of("100/100", "50/25")) {
        for (String by : List.of("pytorch", "pytorch-selected", "onnxruntime", OURS)) {
          Key key = base.with("precision", precision).with("selection", selection).with("by", by);
          double time = 1000 * results.median(key, Report::encoder);
          if (!Double.isNaN(time)) {
            names.add(
                by.replace("-selected", "")
                    + ", "
                    + (selection.equals("100/100") ? "all" : selection + " %")
                    + ", "
                    + precision.toLowerCase(Locale.ROOT));
            milliseconds.add(time);
          }
        }
      }
    }
    Plot.bars(
        "One 640 x 480 frame, " + base.get("model") + ", 2 threads (pyramid left out)",
        "ms",
        names,
        milliseconds,
        file);
  }
}
