package org.scanformer.internal.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.YuvColor;
import org.scanformer.natives.api.Api;
import org.scanformer.natives.cuda.CudaApi;

/** What Java writes for the C API by numbers lies where the library reads it. */
final class LayoutTest {
  private static final Map<String, ErrorCode> STATUS =
      Map.of(
          "SF_INVALID_ARGUMENT", ErrorCode.BAD_INPUT,
          "SF_OUT_OF_MEMORY", ErrorCode.OUT_OF_MEMORY,
          "SF_UNSUPPORTED", ErrorCode.UNSUPPORTED,
          "SF_DEVICE_ERROR", ErrorCode.DEVICE_ERROR,
          "SF_DEVICE_LOST", ErrorCode.DEVICE_LOST);

  /** What Java takes from the bindings, where it is the library's own number. */
  private static boolean bound(String name) {
    return name.startsWith("SF_MAX_")
        || name.equals("SF_TF32")
        || name.equals("SF_OK")
        || STATUS.containsKey(name);
  }

  /** Java's offsets, sizes and numbers, by the C API's names. */
  private static Map<String, Integer> ofJava() {
    Map<String, Integer> layout = new TreeMap<>();
    layout.put("sf_image", PixelSource.BYTES);
    layout.put("sf_image.planes", PixelSource.PLANES);
    layout.put("sf_image.strides", PixelSource.STRIDES);
    layout.put("sf_image.width", PixelSource.WIDTH);
    layout.put("sf_image.height", PixelSource.HEIGHT);
    layout.put("sf_image.format", PixelSource.FORMAT);
    layout.put("sf_image.color", PixelSource.COLOR);
    layout.put("sf_grid", GridTable.BYTES);
    layout.put("sf_grid.canvas", GridTable.CANVAS);
    layout.put("sf_grid.mask", GridTable.MASK);
    layout.put("sf_grid.rows", GridTable.ROWS);
    layout.put("sf_grid.cols", GridTable.COLS);
    layout.put("sf_grid.scale", GridTable.SCALE);
    layout.put("sf_grid.selected", GridTable.SELECTED);
    layout.put("sf_grid.patch_row", GridTable.PATCH_ROW);
    layout.put("sf_grid.token_row", GridTable.TOKEN_ROW);
    layout.put("sf_grid.logit_bound", GridTable.LOGIT_BOUND);
    layout.put("sf_grid.max_selected", GridTable.MAX_SELECTED);
    layout.put("sf_kv_append", KvAppendTable.BYTES);
    layout.put("sf_kv_append.kv", KvAppendTable.KV);
    layout.put("sf_kv_append.layer_stride", KvAppendTable.LAYER_STRIDE);
    layout.put("sf_kv_append.row", KvAppendTable.ROW);
    layout.put("sf_kv_append.tokens", KvAppendTable.TOKENS);
    layout.put("sf_kv_append.position", KvAppendTable.POSITION);
    layout.put("sf_kv_append.capacity", KvAppendTable.CAPACITY);
    layout.put("sf_kv_segment", KvSegmentTable.BYTES);
    layout.put("sf_kv_segment.kv", KvSegmentTable.KV);
    layout.put("sf_kv_segment.layer_stride", KvSegmentTable.LAYER_STRIDE);
    layout.put("sf_kv_segment.tokens", KvSegmentTable.TOKENS);
    layout.put("sf_kv_segment.reserved", KvSegmentTable.RESERVED);
    layout.put("sf_query_block", QueryBlockTable.BYTES);
    layout.put("sf_query_block.q_row", QueryBlockTable.Q_ROW);
    layout.put("sf_query_block.out_row", QueryBlockTable.OUT_ROW);
    layout.put("sf_query_block.rows", QueryBlockTable.ROWS);
    layout.put("sf_query_block.segment_begin", QueryBlockTable.SEGMENT_BEGIN);
    layout.put("sf_query_block.segment_end", QueryBlockTable.SEGMENT_END);
    layout.put("sf_query_block.reserved", QueryBlockTable.RESERVED);
    layout.put("SF_F32", ElementType.F32.code());
    layout.put("SF_F16", ElementType.F16.code());
    layout.put("SF_BF16", ElementType.BF16.code());
    layout.put("SF_GIVEN", GridTable.GIVEN);
    for (Activation activation : Activation.values()) {
      layout.put("SF_" + activation, activation.ordinal());
    }
    for (PixelFormat format : PixelFormat.values()) {
      layout.put("SF_" + format, format.ordinal());
    }
    for (YuvColor color : YuvColor.values()) {
      layout.put("SF_" + color, color.ordinal());
    }
    return layout;
  }

  private static Map<String, Integer> ofLibrary() {
    Map<String, Integer> layout = new TreeMap<>();
    for (String line : Api.sf_layout().getString().lines().toList()) {
      String[] parts = line.split(" ");
      layout.put(parts[0], Integer.valueOf(parts[1]));
    }
    return layout;
  }

  @Test
  void offsetsSizesAndNumbersAreTheLibrarys() {
    Map<String, Integer> library = ofLibrary();
    library.keySet().removeIf(LayoutTest::bound);
    assertEquals(library, ofJava());
  }

  @Test
  void everyStatusHasItsErrorCode() {
    Map<String, Integer> library = ofLibrary();
    STATUS.forEach(
        (name, code) -> assertEquals(code, NativeStream.errorCode(library.get(name)), name));
  }

  @Test
  void theMostLaunchSizesAreTheLibrarys() {
    assertEquals(CudaApi.SF_MAX_LAUNCH_SIZES, LaunchSizes.MAX);
  }
}
