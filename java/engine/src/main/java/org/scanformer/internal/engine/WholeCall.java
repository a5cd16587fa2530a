package org.scanformer.internal.engine;

import org.scanformer.internal.backend.Backend;
import org.scanformer.internal.backend.BatchPacking;
import org.scanformer.internal.backend.LaunchShape;
import org.scanformer.internal.backend.LaunchSizes;
import org.scanformer.internal.backend.SwitchingWork;
import org.scanformer.internal.backend.Table;

/**
 * A call of one image as one recording. The operations are those of {@link ScaleLoop} under the
 * schedule FINAL_ONLY, but the device packs each next batch and chooses the size it is launched
 * with, so that the host waits once, at the end. Not safe for use by several threads.
 */
final class WholeCall implements SwitchingWork {
  private final Backend backend;
  private final Workspace work;
  private final Workspace.Tables tables;
  private final BatchPacker packer;
  private final ForwardPass forward;
  private final int scales;

  /** How the batches of the scales beyond the coarsest are packed, and that of all tokens. */
  private final BatchPacking[] packings;

  /** The same with no patch selected. */
  private final BatchPacking[] leastPackings;

  private final boolean fits;
  private final LaunchShape shape = new LaunchShape();

  /** Sizes of each part for the grids of the recording under way. */
  private LaunchSizes[] sizes;

  /** The coarsest scale's batch, in the running call. */
  private int firstRows;

  private int firstPatches;

  WholeCall(Backend backend, Workspace work, BatchPacker packer, ForwardPass forward) {
    this.backend = backend;
    this.work = work;
    this.tables = work.tables;
    this.packer = packer;
    this.forward = forward;
    this.scales = work.scales;
    packings = new BatchPacking[scales];
    leastPackings = new BatchPacking[scales];
    for (int s = 1; s < scales; s++) {
      packings[s - 1] = packingOfScale(s, tables.selectedCounts[s]);
      leastPackings[s - 1] = packingOfScale(s, tables.noneSelected);
    }
    packings[scales - 1] = packingOfAll();
    leastPackings[scales - 1] = packings[scales - 1];
    fits = WholeCallSizes.fit(backend, work.maxPatches, work.maxSelected);
  }

  private BatchPacking packingOfScale(int s, Table selected) {
    RaggedBatch batch = tables.scaleBatch;
    return new BatchPacking(
        tables.parts,
        s,
        1,
        selected,
        tables.segments,
        batch.appends,
        batch.blocks,
        batch.counts,
        null,
        s < scales - 1 ? tables.patchTokenRows : null,
        null,
        null);
  }

  private BatchPacking packingOfAll() {
    RaggedBatch batch = tables.finalBatch;
    return new BatchPacking(
        tables.parts,
        0,
        scales,
        null,
        tables.segments,
        batch.appends,
        batch.blocks,
        batch.counts,
        tables.finalRows,
        null,
        batch.regBlocks,
        batch.regRows);
  }

  /** Why calls cannot be run so, or null. */
  String whyNot() {
    if (scales == 1) {
      return "the model has one scale";
    }
    return fits
        ? backend.whyNoSwitching()
        : "the sizes of a scale are more than " + LaunchSizes.MAX;
  }

  /**
   * Runs the only request of a batch that was begun, and waits for it. The tables then hold the
   * selected patches' numbers, the masks and the box of the finest scale.
   *
   * @return whether it ran; false where the device does not take it
   */
  boolean run(BatchSlot[] slots) {
    packer.packAhead(slots);
    RaggedBatch batch = tables.scaleBatch;
    firstRows = batch.rows();
    firstPatches = batch.patches();
    shape.set(forward.kinds().wholeCall(), 1, batch.segments(), 0, firstRows, firstPatches);
    if (!backend.replaySwitching(shape, this)) {
      return false;
    }
    backend.synchronize();
    return true;
  }

  /** Patches that the last run selected. */
  int selected(int s) {
    return s == 0 ? firstPatches : tables.selectedCounts[s].host().getInt(0);
  }

  @Override
  public void rehearse() {
    int[] totals = new int[scales];
    for (int s = 0; s < scales; s++) {
      totals[s] = tables.grids[s].total(0);
    }
    sizes = WholeCallSizes.of(backend, totals, work.maxSelected);
    enqueueFirst();
    for (int part = 0; part < scales; part++) {
      for (int size = 0; size < sizes(part); size++) {
        pack(leastPackings[part], part, sizes[part].only(size), 0);
        enqueueBody(part, size);
      }
    }
    enqueueLast();
    backend.synchronize();
  }

  @Override
  public void enqueueFirst() {
    tables.scale.toDevice();
    tables.scaleBatch.launchWith(1, 1, firstRows, firstPatches);
    forward.encodeScale(0, WorkKinds.Depth.SELECTION);
  }

  @Override
  public int parts() {
    return scales;
  }

  @Override
  public int sizes(int part) {
    return sizes[part].count();
  }

  @Override
  public void enqueueChoice(int part, long condition) {
    pack(packings[part], part, sizes[part], condition);
  }

  private void pack(BatchPacking packing, int part, LaunchSizes choice, long condition) {
    // The batch's [REG] tokens are as many as its requests.
    launchWith(part, 0);
    backend.packBatch(packing, choice, condition);
  }

  @Override
  public void enqueueBody(int part, int size) {
    launchWith(part, size);
    if (isFinal(part)) {
      forward.encodeAll(false);
    } else {
      forward.encodeScale(part + 1, WorkKinds.Depth.SELECTION);
    }
  }

  private void launchWith(int part, int size) {
    int rows = sizes[part].rows(size);
    if (isFinal(part)) {
      tables.finalBatch.launchWith(1, scales, rows, 0);
    } else {
      tables.scaleBatch.launchWith(1, 1, rows, sizes[part].patches(size));
    }
  }

  private boolean isFinal(int part) {
    return part == scales - 1;
  }

  @Override
  public void enqueueLast() {
    tables.answers.toHost();
    tables.masks.toHost();
  }
}
