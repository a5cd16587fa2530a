package org.scanformer.datasets;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("fuzz")
class ReferFuzzTest {
  @TempDir private static Path directory;

  @BeforeAll
  static void writeImage() throws IOException {
    DatasetFuzz.writeImage(directory);
  }

  @FuzzTest(maxDuration = DatasetFuzz.DURATION)
  void readsOrRefuses(FuzzedDataProvider data) {
    RandomValues values = new RandomValues(data);
    boolean pickle = values.integer(0, 1) == 1;
    DatasetFuzz.write(directory.resolve("instances.json"), DatasetFuzz.json(values.coco(false)));
    Object refs = values.refs();
    String who = pickle ? "unc" : "json";
    DatasetFuzz.write(
        directory.resolve(pickle ? "refs(unc).p" : "grefs(json).json"),
        pickle ? values.pickle(refs) : DatasetFuzz.json(refs));
    DatasetFuzz.assertReadOrRefused(() -> ReferDataset.open(directory, who, "val", null));
  }
}
