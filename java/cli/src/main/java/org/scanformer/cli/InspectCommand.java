package org.scanformer.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.scanformer.ModelInfo;
import org.scanformer.ScanFormerOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Describes a model. */
@Command(
    name = "inspect",
    description = "Shows a model's configuration, size, reserved memory and cost.",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class)
final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME|DIR",
      defaultValue = ModelChoice.DEFAULT,
      converter = ModelChoice.Converter.class,
      completionCandidates = ModelChoice.Names.class,
      description = "A bundled model, photos or shapes, or a model directory. Default: shapes.")
  private ModelChoice model;

  @Mixin private DeviceOptions device;

  @Option(
      names = "--max-batch",
      paramLabel = "N",
      defaultValue = "8",
      description = "Requests per batch to reserve memory for. Default: 8.")
  private int maxBatch;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws Exception {
    ScanFormerOptions options = Usage.of(spec, () -> device.toBuilder().maxBatch(maxBatch).build());
    ModelInfo info = model.inspect(options);
    if (json) {
      spec.commandLine().getOut().println(toJson(info));
    } else {
      print(info);
    }
    return 0;
  }

  private static String toJson(ModelInfo info) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.set("config", mapper.valueToTree(info.config()));
    root.put("parameters", info.parameters());
    root.put("candidate_head", info.candidateHead());
    root.put("memory_bytes", info.memoryBytes());
    ObjectNode memory = root.putObject("memory");
    info.memory().forEach(part -> memory.put(part.purpose(), part.bytes()));
    ArrayNode scales = root.putArray("scales");
    for (ModelInfo.ScaleCost cost : info.scales()) {
      scales
          .addObject()
          .put("scale", cost.scale())
          .put("rows", cost.rows())
          .put("cols", cost.cols())
          .put("flops", cost.flops());
    }
    return mapper.writeValueAsString(root);
  }

  private void print(ModelInfo info) {
    var out = spec.commandLine().getOut();
    out.println("Configuration");
    info.config().forEach((name, value) -> out.printf("  %-26s %s%n", name, value));
    out.printf(Locale.ROOT, "Parameters: %,d%n", info.parameters());
    out.println(
        "Candidates: " + (info.candidateHead() ? "yes" : "no, without candidate_head.weight"));
    out.printf(
        Locale.ROOT,
        "Memory reserved for batches of %d: %,d bytes%n",
        maxBatch,
        info.memoryBytes());
    for (ModelInfo.Reservation part : info.memory()) {
      out.printf(Locale.ROOT, "  %-26s %,18d%n", part.purpose(), part.bytes());
    }
    out.println(
        "Cost of a square image with all patches selected and 20 text tokens already encoded");
    for (ModelInfo.ScaleCost cost : info.scales()) {
      out.printf(
          Locale.ROOT,
          "  scale %d: %3d x %-3d patches %10.3f GFLOP%n",
          cost.scale(),
          cost.rows(),
          cost.cols(),
          cost.flops() / 1e9);
    }
  }
}
