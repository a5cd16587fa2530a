package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.scanformer.ErrorCode;
import org.scanformer.internal.model.ModelConfig;

@Tag("fuzz")
class ConfigFuzzTest {
  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void readsOrRefuses(byte[] bytes) {
    Inputs.withFile(
        bytes,
        path ->
            Inputs.assertTakenOrRefused(
                Set.of(ErrorCode.BAD_MODEL),
                () -> {
                  ModelConfig config = ModelConfig.read(path);
                  config.coarseGrid(640, 480);
                  // What memory is reserved from.
                  assertTrue(config.numScales() <= 12 && config.imageMean().length == 3);
                  long side = (long) config.coarseGrid() << (config.numScales() - 1);
                  assertTrue(side * config.patchSize() <= 16384, () -> config.toMap().toString());
                  config.toMap();
                }));
  }
}
