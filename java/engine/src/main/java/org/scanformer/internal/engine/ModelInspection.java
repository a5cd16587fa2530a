package org.scanformer.internal.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.ModelInfo;
import org.scanformer.ScanFormerOptions;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.ModelDirectory;

/** Says what a model would take without loading it. Thread-safe: no state. */
public final class ModelInspection {
  private ModelInspection() {}

  /**
   * What a model directory holds and what an engine with these options would reserve; reads no
   * weights.
   */
  public static ModelInfo of(Path directory, ScanFormerOptions options) {
    try (ModelDirectory model = ModelDirectory.open(directory);
        Backend backend = Backends.open(options)) {
      ModelConfig config = model.config();
      MemoryPlan plan = new MemoryPlan();
      plan.count(
          "weights", Weights.bytes(config, model.parameterCount(), backend.activationType()));
      Workspace.declare(config, Limits.anyFrames(options.maxBatch()), backend, plan);
      List<ModelInfo.ScaleCost> costs = new ArrayList<>();
      Flops flops = new Flops(config);
      int keys = Math.min(20, config.maxTextLength());
      for (int s = 0; s < config.numScales(); s++) {
        int side = config.coarseGrid() << s;
        int patches = side * side;
        keys += patches + 1;
        boolean selects = s < config.numScales() - 1;
        costs.add(
            new ModelInfo.ScaleCost(
                s, side, side, flops.scale(patches, patches + 1, keys, selects)));
      }
      return new ModelInfo(
          config.toMap(),
          model.parameterCount(),
          model.hasCandidateHead(),
          plan.reservations(),
          costs);
    }
  }
}
