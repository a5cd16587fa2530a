package org.scanformer;

import java.util.List;
import java.util.Map;

/**
 * What a model directory holds and what running it takes.
 *
 * @param config the fields of config.json by their names there
 * @param parameters number of weights
 * @param candidateHead whether it can give {@linkplain Location#candidates() candidates}
 * @param memory bytes reserved for a model with the given options, by purpose, in the order of
 *     reservation
 * @param scales one entry a scale, from the coarsest on, for a square image
 */
public record ModelInfo(
    Map<String, Object> config,
    long parameters,
    boolean candidateHead,
    List<Reservation> memory,
    List<ScaleCost> scales) {
  /** Copies the lists. */
  public ModelInfo {
    memory = List.copyOf(memory);
    scales = List.copyOf(scales);
  }

  /** Sum of all reservations, in bytes. */
  public long memoryBytes() {
    return memory.stream().mapToLong(Reservation::bytes).sum();
  }

  /**
   * Memory reserved for one purpose.
   *
   * @param purpose what it holds
   * @param bytes its size
   */
  public record Reservation(String purpose, long bytes) {}

  /**
   * The cost of one scale with every patch selected, per-scale schedule, 20 text tokens (or the
   * model's maximum if less) encoded before.
   *
   * @param scale 0 is the coarsest
   * @param rows patches down
   * @param cols patches across
   * @param flops floating-point operations, a multiply-add counted as two
   */
  public record ScaleCost(int scale, int rows, int cols, double flops) {}
}
