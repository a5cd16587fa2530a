package org.scanformer.trainer;

import org.scanformer.datasets.ReferringDataset;
import org.scanformer.internal.model.TextTokenizer;

/**
 * What a run works with. Owns the trainer and the parameters until {@link #close()}.
 *
 * @param data that the trainer trains on
 */
record TrainingSetup(
    TrainOptions options,
    Parameters parameters,
    TrainingModel model,
    TextTokenizer tokenizer,
    TrainingData data,
    Trainer trainer)
    implements AutoCloseable {
  /** How much of a dataset's expressions the model reads. */
  ExpressionExtent extent(ReferringDataset dataset) {
    return ExpressionExtent.of(dataset, tokenizer, parameters.config().maxTextLength());
  }

  @Override
  public void close() {
    trainer.close();
    parameters.close();
  }
}
