package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The small value types of the API. */
class ResultRecordsTest {
  @Test
  void aBoxMapsBackByTheImagesOwnWidthAndHeight() {
    Box box = new NormalizedBox(0.5f, 0.25f, 0.5f, 0.125f).toPixels(200, 80);
    assertEquals(new Box(50, 15, 100, 10), box);
    assertEquals(
        new NormalizedBox(0.5f, 0.25f, 0.5f, 0.125f),
        NormalizedBox.of(new Box(50, 15, 100, 10), 200, 80));
  }

  @Test
  void intersectionOverUnion() {
    NormalizedBox left = new NormalizedBox(0.25f, 0.5f, 0.5f, 1);
    NormalizedBox right = new NormalizedBox(0.75f, 0.5f, 0.5f, 1);
    NormalizedBox middle = new NormalizedBox(0.5f, 0.5f, 0.5f, 1);
    assertEquals(1, left.intersectionOverUnion(left), 1e-12);
    assertEquals(0, left.intersectionOverUnion(right), 1e-12);
    assertEquals(1.0 / 3, left.intersectionOverUnion(middle), 1e-12);
    NormalizedBox empty = new NormalizedBox(0.5f, 0.5f, 0, 0);
    assertEquals(0, empty.intersectionOverUnion(empty));
  }

  @Test
  void aBoxHasEdgesACentreAndAnArea() {
    Box box = new Box(-10, 20, 40, 30);
    assertEquals(30, box.right());
    assertEquals(50, box.bottom());
    assertEquals(10, box.centerX());
    assertEquals(35, box.centerY());
    assertEquals(1200, box.area());
    assertEquals(0, new Box(0, 0, -1, -2).area());
  }

  @Test
  void aBoxIsClippedToItsImage() {
    assertEquals(new Box(0, 20, 30, 20), new Box(-10, 20, 40, 30).clip(100, 40));
    assertEquals(new Box(5, 6, 7, 8), new Box(5, 6, 7, 8).clip(100, 40));
    assertEquals(0, new Box(120, 20, 40, 30).clip(100, 40).area());
    assertEquals(0, new Box(-50, -50, 40, 30).clip(100, 40).area());
  }

  @Test
  void intersectionOverUnionInPixels() {
    Box box = new Box(0, 0, 10, 20);
    assertEquals(1, box.intersectionOverUnion(box));
    assertEquals(1.0 / 3, box.intersectionOverUnion(new Box(5, 0, 10, 20)), 1e-12);
    assertEquals(1.0 / 7, box.intersectionOverUnion(new Box(5, 10, 10, 20)), 1e-12);
    assertEquals(0, box.intersectionOverUnion(new Box(10, 0, 10, 20)));
    assertEquals(0, box.intersectionOverUnion(new Box(30, 30, 10, 20)));
    Box empty = new Box(3, 3, 0, 0);
    assertEquals(0, empty.intersectionOverUnion(empty));
  }

  @Test
  void aMaskIsItsRowMajorString() {
    PatchMask mask = PatchMask.parse(2, 3, "010110");
    assertEquals(3, mask.count());
    assertEquals(6, mask.total());
    assertTrue(mask.isSelected(0, 1) && mask.isSelected(1, 0) && mask.isSelected(1, 1));
    assertFalse(mask.isSelected(0, 0) || mask.isSelected(0, 2) || mask.isSelected(1, 2));
    assertEquals("010110", mask.toString());
    assertEquals(mask, PatchMask.of(2, 3, new byte[] {0, 7, 0, -1, 1, 0}));
    assertNotEquals(mask, PatchMask.parse(3, 2, "010110"));
    assertEquals("1111", PatchMask.all(2, 2).toString());
    assertEquals("0000", PatchMask.none(1, 4).toString());
  }

  @Test
  void aMaskKeepsItsOwnBytes() {
    byte[] bytes = {1, 0};
    PatchMask mask = PatchMask.of(1, 2, bytes);
    bytes[0] = 0;
    mask.toBytes()[1] = 1;
    assertEquals("10", mask.toString());
  }

  @Test
  void malformedMasksAreRefused() {
    assertThrows(ScanFormerException.class, () -> PatchMask.parse(2, 2, "01"));
    assertThrows(ScanFormerException.class, () -> PatchMask.parse(1, 2, "0x"));
    assertThrows(ScanFormerException.class, () -> PatchMask.of(0, 3, new byte[0]));
    assertThrows(ScanFormerException.class, () -> PatchMask.all(1 << 16, 1 << 16));
    assertThrows(IndexOutOfBoundsException.class, () -> PatchMask.all(2, 2).isSelected(2, 0));
  }
}
