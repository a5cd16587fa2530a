package org.scanformer.bench.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.bench.Workload;
import org.scanformer.reference.RandomModel;

class OnnxRuntimePeerTest {
  private static final String TEXT = "the red one";
  private static final float TOLERANCE = 2e-4f;

  @TempDir private Path directory;

  private Workload workload(
      int batch, String selection, boolean textCached, Schedule schedule, Precision precision) {
    return Workload.of(directory, batch, selection, TEXT, textCached, schedule, precision, 2);
  }

  private static float[] ours(Workload work) {
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CPU)
            .precision(work.precision())
            .threads(work.threads())
            .maxBatch(work.batch())
            .build();
    List<Request> requests = new ArrayList<>();
    for (int r = 0; r < work.batch(); r++) {
      requests.add(
          Request.of(work.images().get(r), work.text())
              .withSelection(SelectionPolicy.masks(work.masks().get(r))));
    }
    float[] boxes = new float[work.batch() * 4];
    try (ScanFormer model = ScanFormer.load(work.directory(), options)) {
      int i = 0;
      for (Location location : model.locate(requests, work.schedule())) {
        NormalizedBox box = location.normalizedBox();
        boxes[i++] = box.centerX();
        boxes[i++] = box.centerY();
        boxes[i++] = box.width();
        boxes[i++] = box.height();
      }
    }
    return boxes;
  }

  private void assertSameBoxes(int batch, boolean textCached, Schedule schedule) {
    Workload work = workload(batch, "100/100", textCached, schedule, Precision.FP32);
    float[] expected = ours(work);
    try (OnnxRuntimePeer peer = new OnnxRuntimePeer(work)) {
      assertArrayEquals(expected, peer.locate(), TOLERANCE);
      // Its tensors are used again.
      assertArrayEquals(expected, peer.locate(), TOLERANCE);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, true, FINAL_ONLY",
    "1, false, FINAL_ONLY",
    "3, true, FINAL_ONLY",
    "3, false, FINAL_ONLY",
    "1, true, PER_SCALE",
    "3, false, PER_SCALE",
  })
  void boxesAreOurs(int batch, boolean textCached, Schedule schedule) throws IOException {
    RandomModel.tiny().write(directory);
    assertSameBoxes(batch, textCached, schedule);
  }

  @ParameterizedTest
  @CsvSource({
    "1, true, FINAL_ONLY",
    "3, false, FINAL_ONLY",
    "3, true, PER_SCALE",
    "1, false, PER_SCALE",
  })
  void boxesOfAnotherGeometryAreOurs(int batch, boolean textCached, Schedule schedule)
      throws IOException {
    RandomModel.tiny()
        .seed(7)
        .hiddenSize(96)
        .heads(4)
        .layers(5)
        .encoder1Layers(2)
        .intermediateSize(200)
        .patchSize(6)
        .coarseGrid(1)
        .scales(4)
        .resize("stretch")
        .positionGrid(5)
        .layerNormEps(0.05)
        .textLayerNormEps(0.2)
        .scoreHead(false)
        .write(directory);
    assertSameBoxes(batch, textCached, schedule);
  }

  @ParameterizedTest
  @CsvSource({"F16", "BF16"})
  void weightsOfHalfTheSizeAreRead(RandomModel.Dtype dtype) throws IOException {
    RandomModel.tiny().dtype(dtype).viltPrefix().write(directory);
    assertSameBoxes(1, false, Schedule.FINAL_ONLY);
  }

  @Test
  void aPatchThatIsNotSelectedIsRefused() throws IOException {
    RandomModel.tiny().write(directory);
    Workload work = workload(1, "100/50", true, Schedule.FINAL_ONLY, Precision.FP32);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> new OnnxRuntimePeer(work).close());
    assertEquals(
        "The ONNX graph selects every patch, asked for 48 of 96 at scale 2", refusal.getMessage());
  }

  @Test
  void aPrecisionOtherThanFp32IsRefused() throws IOException {
    RandomModel.tiny().write(directory);
    Workload work = workload(1, "100/100", true, Schedule.FINAL_ONLY, Precision.BF16);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> new OnnxRuntimePeer(work).close());
    assertEquals(
        "ONNX Runtime's CPU provider has products of FP32 only, asked for BF16",
        refusal.getMessage());
  }
}
