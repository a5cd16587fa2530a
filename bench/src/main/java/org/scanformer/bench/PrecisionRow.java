package org.scanformer.bench;

import java.util.Arrays;
import java.util.List;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.Precision;

/**
 * How a precision's answers differ from those in fp32.
 *
 * @param precision of these answers
 * @param accuracy share of the scenes whose box has an IoU of 0.5 with the true one
 * @param patches patches of all scales beyond the coarsest, over all scenes
 * @param flippedPatches those of them that only one of the two selected
 * @param flippedScenes scenes with such a patch
 * @param meanIou of the box with fp32's, each with its own selection
 * @param firstPercentileIou that one scene in 100 is below
 * @param leastIou of all scenes
 * @param meanIouSameMasks of the box with fp32's when fp32's masks are given
 * @param leastIouSameMasks of all scenes
 * @param largestDifferenceSameMasks of a normalised coordinate
 */
record PrecisionRow(
    Precision precision,
    double accuracy,
    long patches,
    long flippedPatches,
    int flippedScenes,
    double meanIou,
    double firstPercentileIou,
    double leastIou,
    double meanIouSameMasks,
    double leastIouSameMasks,
    double largestDifferenceSameMasks) {

  /**
   * Compares answers to the same requests.
   *
   * @param exact in fp32
   * @param own in this precision, with its own selection
   * @param sameMasks in this precision, with the masks of {@code exact} given
   */
  static PrecisionRow of(
      Precision precision,
      double accuracy,
      List<Location> exact,
      List<Location> own,
      List<Location> sameMasks) {
    long patches = 0;
    long flipped = 0;
    int scenes = 0;
    double difference = 0;
    for (int i = 0; i < exact.size(); i++) {
      long before = flipped;
      for (int s = 1; s < exact.get(i).scales().size(); s++) {
        byte[] expected = exact.get(i).scales().get(s).mask().toBytes();
        byte[] found = own.get(i).scales().get(s).mask().toBytes();
        for (int p = 0; p < expected.length; p++) {
          flipped += expected[p] ^ found[p];
        }
        patches += expected.length;
      }
      scenes += flipped > before ? 1 : 0;
      difference =
          Math.max(
              difference,
              largestDifference(exact.get(i).normalizedBox(), sameMasks.get(i).normalizedBox()));
    }
    double[] ownIou = sortedIou(exact, own);
    double[] sameIou = sortedIou(exact, sameMasks);
    return new PrecisionRow(
        precision,
        accuracy,
        patches,
        flipped,
        scenes,
        Arrays.stream(ownIou).average().orElse(Double.NaN),
        ownIou[ownIou.length / 100],
        ownIou[0],
        Arrays.stream(sameIou).average().orElse(Double.NaN),
        sameIou[0],
        difference);
  }

  private static double[] sortedIou(List<Location> exact, List<Location> found) {
    double[] values = new double[exact.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = exact.get(i).normalizedBox().intersectionOverUnion(found.get(i).normalizedBox());
    }
    Arrays.sort(values);
    return values;
  }

  private static double largestDifference(NormalizedBox a, NormalizedBox b) {
    double centers =
        Math.max(Math.abs(a.centerX() - b.centerX()), Math.abs(a.centerY() - b.centerY()));
    double sizes = Math.max(Math.abs(a.width() - b.width()), Math.abs(a.height() - b.height()));
    return Math.max(centers, sizes);
  }
}
