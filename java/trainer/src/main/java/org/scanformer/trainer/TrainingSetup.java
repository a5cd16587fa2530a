package org.scanformer.trainer;

/**
 * What a run works with. Owns the trainer and the parameters until {@link #close()}.
 *
 * @param data that the trainer trains on
 */
record TrainingSetup(
    TrainOptions options,
    Parameters parameters,
    TrainingModel model,
    TrainingData data,
    Trainer trainer)
    implements AutoCloseable {
  @Override
  public void close() {
    trainer.close();
    parameters.close();
  }
}
