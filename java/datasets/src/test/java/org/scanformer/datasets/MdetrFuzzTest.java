package org.scanformer.datasets;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

@Tag("fuzz")
class MdetrFuzzTest {
  @TempDir private static Path directory;

  @BeforeAll
  static void writeImage() throws IOException {
    DatasetFuzz.writeImage(directory);
  }

  @FuzzTest(maxDuration = DatasetFuzz.DURATION)
  void readsOrRefuses(FuzzedDataProvider data) {
    Path file = directory.resolve("m.json");
    RandomValues values = new RandomValues(data);
    byte[] json = DatasetFuzz.json(values.coco(true));
    if (values.integer(0, 7) == 0) { // damaged JSON
      json[values.integer(0, json.length - 1)] = (byte) values.integer(0, 255);
    }
    DatasetFuzz.write(file, json);
    DatasetFuzz.assertReadOrRefused(() -> MdetrDataset.open(file, null));
  }
}
