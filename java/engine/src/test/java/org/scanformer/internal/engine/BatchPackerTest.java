package org.scanformer.internal.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Image;
import org.scanformer.PatchMask;
import org.scanformer.PixelFormat;
import org.scanformer.SelectionPolicy;
import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.reference.RandomModel;

/** Segments as section 4 of the specification has them, in tables of plain host memory. */
class BatchPackerTest {
  private static final int[] IDS = {101, 7, 8, 102};

  /** Segments of a request: its text and three scales. */
  private static final int SEGMENTS = 4;

  @TempDir private Path directory;
  private final Backend backend = HostMemory.backend();
  private final Image wide = image(60, 30);
  private final Image square = image(40, 40);
  private ModelConfig config;
  private Workspace work;
  private Workspace.Tables tables;
  private BatchPacker packer;
  private BatchSlot[] slots;

  private static Image image(int width, int height) {
    return Image.of(ByteBuffer.allocate(3 * width * height), PixelFormat.RGB, width, height);
  }

  @BeforeEach
  void reserve() throws Exception {
    RandomModel.tiny().coarseGrid(2).scales(3).write(directory);
    config = ModelConfig.read(directory.resolve("config.json"));
    work = Workspace.declare(config, Limits.anyFrames(2), backend, new MemoryPlan());
    work.reserve(backend);
    tables = work.tables;
    packer = new BatchPacker(config, work);
    slots = new BatchSlot[] {new BatchSlot(config), new BatchSlot(config)};
  }

  private boolean begin(Image image, int[] ids, TextKv text, SelectionPolicy policy) {
    slots[0].set(image, ids, text, policy);
    return packer.begin(slots, 1, Integer.MAX_VALUE);
  }

  private boolean begin(Image image, SelectionPolicy policy) {
    return begin(image, IDS, null, policy);
  }

  /** What the device would count after it has selected. */
  private void select(int... counts) {
    for (int r = 0; r < counts.length; r++) {
      for (Table ofScale : tables.selectedCounts) {
        ofScale.host().putInt(r * Integer.BYTES, counts[r]);
      }
    }
  }

  private static int[] ints(Table table, int count) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = table.host().getInt(i * Integer.BYTES);
    }
    return values;
  }

  /** The tokens of a segment that attention may refer to. */
  private int segmentTokens(int request, int segment) {
    return tables.segments.table().host().getInt((request * SEGMENTS + segment) * 24 + 16);
  }

  /** Query row, output row, rows, first segment and the end of the segments of a block. */
  private static int[] block(Table blocks, int index) {
    int[] fields = new int[5];
    for (int i = 0; i < 5; i++) {
      fields[i] = blocks.host().getInt(index * 24 + i * Integer.BYTES);
    }
    return fields;
  }

  @Test
  void theCoarsestScaleFollowsItsTextWithAllPatches() {
    assertFalse(begin(wide, SelectionPolicy.checkpoint()));
    packer.packScale(slots, 0);
    RaggedBatch batch = tables.scaleBatch;
    // Text, then [REG] and 1 x 2 patches; nothing is discarded, so there is no constant token.
    assertEquals(2, batch.segments());
    assertEquals(4 + 3, batch.rows());
    assertEquals(2, batch.patches());
    assertEquals(4, segmentTokens(0, 0));
    assertEquals(3, segmentTokens(0, 1));
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1}, ints(batch.counts, 7));
    assertArrayEquals(new int[] {0, 0, 4, 0, 1}, block(batch.blocks.table(), 0));
    assertArrayEquals(new int[] {4, 4, 3, 0, 2}, block(batch.blocks.table(), 1));
    assertArrayEquals(IDS, ints(tables.textIds, 4));
    assertArrayEquals(new int[] {0, 1, 2, 3}, ints(tables.textPositions, 4));
    assertArrayEquals(new int[] {0, 1, 2, 3}, ints(tables.textRows, 4));
    // The patches' tokens are after [REG], which is row 4; rounding fills up with row 0.
    assertArrayEquals(new int[] {5, 6, 0, 0}, ints(tables.patchTokenRows, 4));
    assertEquals(4, tables.grids[0].tokenRow(0));
    assertEquals(8, batch.launchRows());
    assertEquals(4, batch.launchPatches());
  }

  @Test
  void oneConstantTokenStandsForAllDiscardedPatches() {
    begin(wide, SelectionPolicy.checkpoint());
    packer.packScale(slots, 0);
    select(3);
    assertEquals(1 + 3 + 1, packer.tokens(1));
    packer.packScale(slots, 1);
    RaggedBatch batch = tables.scaleBatch;
    // [REG], 3 of 2 x 4 patches and the constant token, which counts 5.
    assertEquals(1, batch.segments());
    assertEquals(5, batch.rows());
    assertEquals(5, segmentTokens(0, 2));
    assertArrayEquals(new int[] {1, 1, 1, 1, 5}, ints(batch.counts, 5));
    assertArrayEquals(new int[] {1, 2, 3, 0}, ints(tables.patchTokenRows, 4));
    // It attends to the text, scale 0 and itself.
    assertArrayEquals(new int[] {0, 0, 5, 0, 3}, block(batch.blocks.table(), 0));
    assertArrayEquals(new int[] {0, 0, 1, 0, 3}, block(batch.regBlocks.table(), 0));
    assertEquals(0, batch.textTokens());
  }

  /** Of 8 rows here, and always as many as the launch size allows. */
  @Test
  void longSegmentsAreCutIntoQueryBlocks() {
    begin(square, SelectionPolicy.checkpoint());
    packer.packScale(slots, 0);
    RaggedBatch batch = tables.scaleBatch;
    Table blocks = batch.blocks.table();
    assertEquals(12, batch.launchRows());
    assertEquals(12 / HostMemory.BLOCK_ROWS + 2, batch.blocks.size());
    assertArrayEquals(new int[] {0, 0, 4, 0, 1}, block(blocks, 0));
    assertArrayEquals(new int[] {4, 4, 5, 0, 2}, block(blocks, 1));
    assertArrayEquals(new int[] {0, 0, 0, 0, 1}, block(blocks, 2));
    select(16);
    packer.packScale(slots, 1);
    assertEquals(20, batch.launchRows());
    assertEquals(20 / HostMemory.BLOCK_ROWS + 1, batch.blocks.size());
    assertArrayEquals(new int[] {0, 0, 8, 0, 3}, block(blocks, 0));
    assertArrayEquals(new int[] {8, 8, 8, 0, 3}, block(blocks, 1));
    assertArrayEquals(new int[] {16, 16, 1, 0, 3}, block(blocks, 2));
    packer.packFinal(1);
    // 4, 5 and 17 rows in a launch of 28.
    assertEquals(28 / HostMemory.BLOCK_ROWS + 3, tables.finalBatch.blocks.size());
    assertArrayEquals(new int[] {25, 25, 1, 0, 3}, block(tables.finalBatch.blocks.table(), 4));
    assertArrayEquals(new int[] {0, 0, 0, 0, 1}, block(tables.finalBatch.blocks.table(), 5));
  }

  /** Each scale that the device packs has room in the cache for all that may be selected. */
  @Test
  void laterScalesArePlacedBeforeTheirPatchesAreCounted() {
    TextKv encoded =
        TextKv.allocate(
            backend,
            config.numAttentionHeads(),
            config.headSize(),
            config.numHiddenLayers(),
            IDS.length);
    begin(square, null, encoded, SelectionPolicy.checkpoint());
    packer.packAhead(slots);
    assertEquals(5, tables.scaleBatch.rows());
    assertEquals(3, tables.parts.size());
    ByteBuffer segments = tables.segments.table().host();
    long address = segments.getLong(24);
    int[] tokens = {5, 4 * 4 + 1, 8 * 8 + 1};
    for (int s = 0; s < tokens.length; s++) {
      ByteBuffer part = tables.parts.table().host().slice(24 * s, 24).order(segments.order());
      assertEquals(tables.grids[s].address(0), part.getLong(0));
      assertArrayEquals(
          new int[] {0, s + 1, work.firstRow[s], tokens[s]},
          new int[] {part.getInt(8), part.getInt(12), part.getInt(16), part.getInt(20)});
      assertEquals(address, segments.getLong(24 * (s + 1)), "place of scale " + s);
      address += (long) HostMemory.KV_BYTES * tokens[s];
    }
  }

  @Test
  void thereIsNoConstantTokenWhereNothingIsDiscarded() {
    begin(wide, SelectionPolicy.checkpoint());
    packer.packScale(slots, 0);
    select(8);
    packer.packScale(slots, 1);
    assertEquals(9, tables.scaleBatch.rows());
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1, 1}, ints(tables.scaleBatch.counts, 9));
  }

  @Test
  void whereNothingIsSelectedRegAndTheConstantTokenAreLeft() {
    begin(square, SelectionPolicy.none());
    packer.packScale(slots, 0);
    select(0);
    packer.packScale(slots, 1);
    assertEquals(2, tables.scaleBatch.rows());
    assertEquals(0, tables.scaleBatch.patches());
    assertArrayEquals(new int[] {1, 16}, ints(tables.scaleBatch.counts, 2));
  }

  @Test
  void requestsArePackedOneAfterAnother() {
    TextKv encoded =
        TextKv.allocate(
            backend,
            config.numAttentionHeads(),
            config.headSize(),
            config.numHiddenLayers(),
            IDS.length);
    slots[0].set(square, null, encoded, SelectionPolicy.checkpoint());
    slots[1].set(wide, IDS, null, SelectionPolicy.topK(5));
    packer.begin(slots, 2, 9);
    packer.packScale(slots, 0);
    RaggedBatch batch = tables.scaleBatch;
    // [REG] and 4 patches of the first; 4 text tokens, [REG] and 2 patches of the second.
    assertEquals(2, batch.requests());
    assertEquals(3, batch.segments());
    assertEquals(5 + 4 + 3, batch.rows());
    assertEquals(6, batch.patches());
    assertEquals(4, batch.textTokens());
    assertArrayEquals(new int[] {0, 9}, ints(batch.regRows, 2));
    assertArrayEquals(new int[] {5, 6, 7, 8}, ints(tables.textRows, 4));
    assertArrayEquals(new int[] {1, 2, 3, 4, 10, 11}, ints(tables.patchTokenRows, 6));
    // The second request's segments are 4 to 7; its patches attend to 4 and 5.
    assertArrayEquals(new int[] {9, 9, 3, 4, 6}, block(batch.blocks.table(), 2));
    select(1, 8);
    packer.packScale(slots, 1);
    assertArrayEquals(new int[] {1, 1, 15, 1, 1, 1, 1, 1, 1, 1, 1, 1}, ints(batch.counts, 12));
    assertArrayEquals(new int[] {1, 4, 5, 6, 7, 8, 9, 10, 11}, ints(tables.patchTokenRows, 9));
    assertEquals(3, tables.grids[1].tokenRow(1));
  }

  @Test
  void theFinalBatchHoldsAllTokensAndAsksForTheLastBox() {
    begin(wide, SelectionPolicy.checkpoint());
    packer.packScale(slots, 0);
    select(3);
    packer.packScale(slots, 1);
    packer.packFinal(1);
    RaggedBatch all = tables.finalBatch;
    assertEquals(4 + 3 + 5, all.rows());
    assertEquals(3, all.segments());
    assertEquals(1, all.regBlocks.size());
    assertArrayEquals(new int[] {7}, ints(all.regRows, 1));
    assertArrayEquals(new int[] {7, 0, 1, 0, 3}, block(all.regBlocks.table(), 0));
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5}, ints(all.counts, 12));
    // Each token's place in the residual stream, where every scale has a region of its own.
    int[] expected = {0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0};
    for (int i = 0; i < 5; i++) {
      expected[7 + i] = work.firstRow[1] + i;
    }
    assertArrayEquals(expected, ints(tables.finalRows, 12));
  }

  @Test
  void textsAreRoundedUpByTheirLastToken() {
    int[] five = {101, 7, 8, 9, 102};
    begin(wide, five, null, SelectionPolicy.checkpoint());
    packer.packScale(slots, 0);
    assertEquals(8, tables.scaleBatch.launchTextTokens());
    assertArrayEquals(new int[] {101, 7, 8, 9, 102, 102, 102, 102}, ints(tables.textIds, 8));
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 4, 4, 4}, ints(tables.textPositions, 8));
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 4, 4, 4}, ints(tables.textRows, 8));
  }

  @Test
  void givenMasksLieRowByRowInTheirGrids() {
    byte[] bits = {1, 0, 0, 1, 0, 0, 1, 0};
    List<PatchMask> masks =
        List.of(PatchMask.all(1, 2), PatchMask.of(2, 4, bits), PatchMask.none(4, 8));
    assertTrue(begin(wide, SelectionPolicy.masks(masks)));
    for (int s = 0; s < 3; s++) {
      assertTrue(tables.grids[s].given(0), "scale " + s);
      byte[] found = new byte[tables.grids[s].total(0)];
      tables.readMask(s, 0, found);
      assertArrayEquals(masks.get(s).toBytes(), found, "scale " + s);
    }
  }

  @Test
  void requestsForOneImageShareItsPyramid() {
    slots[0].set(square, IDS, null, SelectionPolicy.all());
    slots[1].set(square, IDS, null, SelectionPolicy.all());
    assertEquals(0, BatchPacker.pyramid(slots, 1));
    slots[1].set(wide, IDS, null, SelectionPolicy.all());
    assertEquals(1, BatchPacker.pyramid(slots, 1));
  }
}
