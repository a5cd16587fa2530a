package org.scanformer.internal.cuda;

/**
 * What computes the products of a shape.
 *
 * @param own how our own kernel divides it, or null for the library's
 * @param algorithm the library's algorithm
 */
record MatmulChoice(TensorMatmul.Division own, int algorithm) {
  static MatmulChoice own(TensorMatmul.Division division) {
    return new MatmulChoice(division, 0);
  }

  static MatmulChoice library(int algorithm) {
    return new MatmulChoice(null, algorithm);
  }

  /** As a line of a file has it. */
  String text() {
    return own == null ? "cublas " + algorithm : "own " + own.tileRows() + " " + own.splits();
  }

  /** The choice of a text, or null for one that is none. */
  static MatmulChoice of(String text) {
    String[] words = text.split(" ");
    try {
      if (words.length == 2 && words[0].equals("cublas")) {
        int algorithm = Integer.parseInt(words[1]);
        return algorithm < 0 ? null : library(algorithm);
      }
      if (words.length == 3 && words[0].equals("own")) {
        return own(
            new TensorMatmul.Division(Integer.parseInt(words[1]), Integer.parseInt(words[2])));
      }
      return null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
