package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Every form of data but REFER, which has a test of its own. */
@Tag("fuzz")
class DataFormFuzzTest {
  private static final double MAX_NANOS = 3e9;

  private static final List<DataForm> FORMS =
      List.of(
          DataForm.MDETR,
          DataForm.COCO,
          DataForm.CSV,
          DataForm.JSONL,
          DataForm.ODVG,
          DataForm.QWEN,
          DataForm.QWEN_PIXELS,
          DataForm.VOC,
          DataForm.FLICKR30K,
          DataForm.CVAT,
          DataForm.LABEL_STUDIO);

  @TempDir private static Path directory;

  @BeforeAll
  static void writeImage() throws IOException {
    DatasetFuzz.writeImage(directory);
    Files.createDirectories(directory.resolve("Annotations"));
    Files.createDirectories(directory.resolve("Sentences"));
  }

  @FuzzTest(maxDuration = DatasetFuzz.DURATION)
  void readsOrRefuses(FuzzedDataProvider data) {
    RandomValues values = new RandomValues(data);
    if (values.integer(0, FORMS.size()) == 0) {
      readMixtureOrRefuse(new RandomRecords(values));
      return;
    }
    DataForm form = FORMS.get(values.integer(0, FORMS.size() - 1));
    Path path = write(form, values);
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    DatasetFuzz.assertReadOrRefused(() -> form.open(path, directory, null, null));
    assertDetectedOrRefused(path);
    long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    assertTrue(nanos < MAX_NANOS, nanos + " ns");
  }

  private static void readMixtureOrRefuse(RandomRecords records) {
    Path file = directory.resolve("mix.json");
    DatasetFuzz.write(file, records.encoded(records.mixture()));
    DatasetFuzz.assertReadOrRefused(() -> DataMixture.openHeldOut(DataMixture.read(file)));
  }

  private static Path write(DataForm form, RandomValues values) {
    RandomRecords records = new RandomRecords(values);
    if (form.isDirectory()) {
      DatasetFuzz.write(
          directory.resolve("Annotations/a.xml"), records.encoded(records.annotation()));
      DatasetFuzz.write(directory.resolve("Sentences/a.txt"), records.encoded(records.captions()));
      return directory;
    }
    String text =
        switch (form) {
          case CSV -> records.csv();
          case JSONL -> records.jsonLines(records::listed);
          case ODVG -> records.jsonLines(records::odvg);
          case CVAT -> records.cvat();
          case LABEL_STUDIO -> records.jsonLines(records::labelStudio);
          case QWEN, QWEN_PIXELS -> records.jsonLines(records::chat);
          default ->
              new String(
                  DatasetFuzz.json(values.coco(form == DataForm.MDETR)), StandardCharsets.UTF_8);
        };
    String extension = form == DataForm.CSV ? "csv" : form == DataForm.CVAT ? "xml" : "json";
    Path file = directory.resolve("m." + extension);
    DatasetFuzz.write(file, records.encoded(text));
    return file;
  }

  private static void assertDetectedOrRefused(Path path) {
    try {
      DataDetector.detect(path);
    } catch (ScanFormerException e) {
      assertEquals(ErrorCode.BAD_INPUT, e.code());
    }
  }
}
