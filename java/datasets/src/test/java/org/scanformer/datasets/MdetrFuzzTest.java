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
    byte[] json = DatasetFuzz.json(new RandomValues(data).coco(true));
    if (data.consumeInt(0, 7) == 0 && json.length > 0) { // damaged JSON
      json[data.consumeInt(0, json.length - 1)] = data.consumeByte();
    }
    DatasetFuzz.write(file, json);
    DatasetFuzz.assertReadOrRefused(() -> MdetrDataset.open(file, null));
  }
}
