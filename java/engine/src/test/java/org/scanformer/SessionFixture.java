package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.cuda.CudaDevices;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** A small model with an open session, for the tests of sessions. */
abstract class SessionFixture {
  static final String TEXT = "the red one";

  @TempDir Path directory;
  ScanFormer model;
  Expression expression;
  Session session;
  SessionResult result;

  /** The device family under test. */
  BackendKind backend() {
    return BackendKind.CPU;
  }

  @BeforeEach
  void open() throws Exception {
    if (backend() == BackendKind.CUDA) {
      DeviceReport report = CudaDevices.probe(0);
      assumeTrue(report.usable(), () -> "no usable CUDA device: " + report.details());
    }
    RandomModel.tiny()
        .seed(3)
        .coarseGrid(2)
        .scales(3)
        .candidateHead()
        .absenceCalibration(new double[] {1, 1}, new double[] {1, 1}, new double[] {1, 1})
        .write(directory);
    model = load();
    expression = model.encode(TEXT);
    session = model.openSession(SessionOptions.defaults());
    result = session.newResult();
  }

  @AfterEach
  void close() {
    if (model != null) {
      model.close();
    }
  }

  ScanFormer load() {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend())
            .precision(Precision.FP32)
            .maxBatch(2)
            .build());
  }

  static Image image(long seed) {
    BufferedImage picture = RandomImages.structured(seed, 60, 45);
    return Image.of(picture);
  }

  static LocateOptions.Builder options() {
    return LocateOptions.builder();
  }

  static void assertSame(Location expected, SessionResult found) {
    assertEquals(expected.scales().size(), found.completedScales());
    for (ScaleResult scale : expected.scales()) {
      int s = scale.scale();
      assertEquals(scale.mask(), found.mask(s), "mask of scale " + s);
      assertEquals(scale.mask().count(), found.selected(s));
      assertEquals(scale.box(), found.normalizedBox(s), "box of scale " + s);
      assertEquals(scale.box() != null, found.hasBox(s));
      assertEquals(scale.score(), found.score(s), "score of scale " + s);
    }
    assertEquals(expected.normalizedBox(), found.normalizedBox());
    assertEquals(expected.box(), new Box(found.x(), found.y(), found.width(), found.height()));
    assertEquals(expected.score(), found.score());
    assertTrue(found.deadlineMet());
  }

  static void assertBoxes(NormalizedBox expected, NormalizedBox found) {
    assertArrayEquals(
        new float[] {expected.centerX(), expected.centerY(), expected.width(), expected.height()},
        new float[] {found.centerX(), found.centerY(), found.width(), found.height()},
        2e-4f);
  }

  static void assertRefused(String message, Runnable call) {
    ScanFormerException refused = assertThrows(ScanFormerException.class, call::run);
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
  }
}
