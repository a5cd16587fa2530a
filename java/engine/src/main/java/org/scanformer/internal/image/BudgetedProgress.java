package org.scanformer.internal.image;

import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadProgressListener;

/** Stops a decoder whose time is up where it reports its progress. */
final class BudgetedProgress implements IIOReadProgressListener {
  private final TimeBudget budget;

  BudgetedProgress(TimeBudget budget) {
    this.budget = budget;
  }

  /** Of the whole picture; JDK's native decoder only stops when it is asked to. */
  @Override
  public void imageProgress(ImageReader source, float percentageDone) {
    if (budget.isExceeded()) {
      source.abort();
      budget.check();
    }
  }

  @Override
  public void imageStarted(ImageReader source, int imageIndex) {}

  @Override
  public void imageComplete(ImageReader source) {}

  @Override
  public void readAborted(ImageReader source) {}

  @Override
  public void sequenceStarted(ImageReader source, int minIndex) {}

  @Override
  public void sequenceComplete(ImageReader source) {}

  @Override
  public void thumbnailStarted(ImageReader source, int imageIndex, int thumbnailIndex) {}

  @Override
  public void thumbnailProgress(ImageReader source, float percentageDone) {}

  @Override
  public void thumbnailComplete(ImageReader source) {}
}
