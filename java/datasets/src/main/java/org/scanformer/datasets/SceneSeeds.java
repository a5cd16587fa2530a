package org.scanformer.datasets;

/** Seeds of scenes. */
final class SceneSeeds {
  private SceneSeeds() {}

  /** A scene's seed: the split's number in the two top bits, the rest from seed and index. */
  static long of(Split split, long seed, long index) {
    long low = mix(mix(seed) + 0x9e3779b97f4a7c15L * (index + 1)) >>> 2;
    return (long) split.ordinal() << 62 | low;
  }

  /** Mixes the bits of a number, one to one (the finaliser of SplitMix64: Steele et al. 2014). */
  static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
