package org.scanformer;

/**
 * Where the time of a call went, in nanoseconds. Requests of one batch share these times; those of
 * the scales are in {@link ScaleResult#nanos()}.
 *
 * @param pyramid building the image pyramids
 * @param finalPass the second half of the encoder over all tokens, under {@link
 *     Schedule#FINAL_ONLY}; else 0
 * @param total from the start of the batch's work on the device to its answer
 */
public record Timings(long pyramid, long finalPass, long total) {}
