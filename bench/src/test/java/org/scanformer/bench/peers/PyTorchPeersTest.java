package org.scanformer.bench.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.bench.Workload;
import org.scanformer.reference.RandomModel;

/** Both ways through PyTorch give the engine's boxes, on models and selections of all kinds. */
class PyTorchPeersTest {
  private static final String TEXT = "the red one";
  private static final int THREADS = 2;

  /** Models that differ in all that the peers have to lay out. */
  enum Model {
    TINY(RandomModel.tiny()),
    /** An odd head size, four scales of which the first is one patch, and no score head. */
    ODD(
        RandomModel.tiny()
            .seed(2)
            .hiddenSize(60)
            .heads(3)
            .layers(3)
            .encoder1Layers(1)
            .intermediateSize(100)
            .patchSize(4)
            .coarseGrid(1)
            .scales(4)
            .positionGrid(3)
            .scoreHead(false)),
    /** One scale, so that nothing is selected. */
    ONE_SCALE(RandomModel.tiny().seed(3).scales(1).positionGrid(1).resize("stretch"));

    private final RandomModel model;

    Model(RandomModel model) {
      this.model = model;
    }
  }

  @TempDir private Path directory;

  private Workload workload(
      int batch, String selection, boolean textCached, Schedule schedule, Precision precision) {
    return Workload.of(directory, batch, selection, TEXT, textCached, schedule, precision, THREADS);
  }

  private static float[] boxes(ScanFormer ours, Workload workload) {
    List<Request> requests = new ArrayList<>();
    for (int r = 0; r < workload.batch(); r++) {
      requests.add(
          Request.of(workload.images().get(r), workload.text())
              .withSelection(SelectionPolicy.masks(workload.masks().get(r))));
    }
    float[] boxes = new float[4 * requests.size()];
    int next = 0;
    for (Location location : ours.locate(requests, workload.schedule())) {
      NormalizedBox box = location.normalizedBox();
      boxes[next++] = box.centerX();
      boxes[next++] = box.centerY();
      boxes[next++] = box.width();
      boxes[next++] = box.height();
    }
    return boxes;
  }

  /** Compares a way with the engine on all workloads with these selections; twice in a row each. */
  private void compare(
      Function<Workload, Peer> way, List<String> selections, Precision precision, float tolerance) {
    try (ScanFormer ours = engine(precision)) {
      for (String selection : selections) {
        for (int batch : new int[] {1, 3}) {
          for (Schedule schedule : Schedule.values()) {
            // With each batch and each schedule once.
            boolean textCached = (batch == 1) == (schedule == Schedule.PER_SCALE);
            Workload workload = workload(batch, selection, textCached, schedule, precision);
            float[] expected = boxes(ours, workload);
            String what =
                "%s, batch %d, %s, text cached: %s"
                    .formatted(selection, batch, schedule, textCached);
            try (Peer peer = way.apply(workload)) {
              float[] found = peer.locate();
              assertArrayEquals(expected, found, tolerance, what);
              assertArrayEquals(found, peer.locate(), what + ", again");
            }
          }
        }
      }
    }
  }

  private ScanFormer engine(Precision precision) {
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(BackendKind.CPU)
            .precision(precision)
            .threads(THREADS)
            .maxBatch(3)
            .build();
    try {
      return ScanFormer.load(directory, options);
    } catch (ScanFormerException e) {
      if (precision == Precision.BF16 && e.code() == ErrorCode.UNSUPPORTED) {
        return abort(e.getMessage());
      }
      throw e;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theDensePeerGivesTheEnginesBoxes(Model model) throws Exception {
    model.model.write(directory);
    compare(w -> new PyTorchDensePeer(w, true), List.of("100"), Precision.FP32, 2e-4f);
    compare(w -> new PyTorchDensePeer(w, false), List.of("100"), Precision.FP32, 2e-4f);
  }

  @ParameterizedTest
  @EnumSource
  void theSelectedPeerGivesTheEnginesBoxes(Model model) throws Exception {
    model.model.write(directory);
    compare(PyTorchSelectedPeer::new, List.of("100", "50/25", "0"), Precision.FP32, 2e-4f);
  }

  @Test
  void bothGiveTheEnginesBoxesInBf16() throws Exception {
    RandomModel.tiny().write(directory);
    compare(w -> new PyTorchDensePeer(w, true), List.of("100"), Precision.BF16, 2e-2f);
    compare(w -> new PyTorchDensePeer(w, false), List.of("100"), Precision.BF16, 2e-2f);
    compare(PyTorchSelectedPeer::new, List.of("50/25"), Precision.BF16, 2e-2f);
  }

  @Test
  void theDensePeerRefusesASelection() throws Exception {
    RandomModel.tiny().write(directory);
    Workload workload = workload(1, "100/50", true, Schedule.FINAL_ONLY, Precision.FP32);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> new PyTorchDensePeer(workload, true));
    assertEquals(
        "The dense model selects all patches, found a mask of scale 2 with 48 of 96",
        refusal.getMessage());
  }

  @ParameterizedTest
  @EnumSource(names = {"TF32", "FP16"})
  void otherPrecisionsAreRefused(Precision precision) throws Exception {
    RandomModel.tiny().write(directory);
    Workload workload = workload(1, "100", true, Schedule.FINAL_ONLY, precision);
    assertThrows(IllegalArgumentException.class, () -> new PyTorchDensePeer(workload, true));
    assertThrows(IllegalArgumentException.class, () -> new PyTorchSelectedPeer(workload));
  }
}
