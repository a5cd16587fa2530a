package org.scanformer.trainer;

import java.io.PrintWriter;
import java.util.Locale;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.internal.model.BertWords;
import org.scanformer.internal.model.TextTokenizer;

/**
 * How much of a dataset's expressions a model reads.
 *
 * @param expressions those that can be read at all
 * @param limit the most tokens of an expression, special ones included
 * @param cut expressions that have more
 * @param longest tokens of the longest one
 * @param words of all expressions, and signs of punctuation
 * @param unknown words that have the unknown token
 */
record ExpressionExtent(
    int expressions, int limit, int cut, int longest, long words, long unknown) {
  /** What sets the limit. */
  private static final String REMEDY =
      "The limit is max_text_length of --config; with --init of a model of ours, the --max-length"
          + " that --tokenizer was built with.";

  /** Counts the expressions of a dataset. */
  static ExpressionExtent of(ReferringDataset dataset, TextTokenizer tokenizer, int limit) {
    int expressions = 0;
    int cut = 0;
    int longest = 0;
    long unknown = 0;
    long[] words = new long[1];
    for (int i = 0; i < dataset.size(); i++) {
      String expression = dataset.pair(i).expression();
      TextTokenizer.Extent extent;
      try {
        extent = tokenizer.extent(expression);
      } catch (ScanFormerException e) {
        if (e.code() != ErrorCode.BAD_INPUT) {
          throw e;
        }
        // Nothing to read, for which the pair is left out where it would be used.
        continue;
      }
      expressions++;
      cut += extent.tokens() > limit ? 1 : 0;
      longest = Math.max(longest, extent.tokens());
      unknown += extent.unknownWords();
      BertWords.forEach(expression, word -> words[0]++);
    }
    return new ExpressionExtent(expressions, limit, cut, longest, words[0], unknown);
  }

  /** The same of two datasets together. */
  ExpressionExtent plus(ExpressionExtent other) {
    return new ExpressionExtent(
        expressions + other.expressions,
        limit,
        cut + other.cut,
        Math.max(longest, other.longest),
        words + other.words,
        unknown + other.unknown);
  }

  /** How many expressions are too long. */
  String lengths() {
    return String.format(
        Locale.ROOT,
        "%,d of %,d expressions have more than the %,d tokens that are read, [CLS] and [SEP] included;"
            + " the longest has %,d",
        cut,
        expressions,
        limit,
        longest);
  }

  /** Says what the model does not read of a dataset, if there is any. */
  void warn(String dataset, PrintWriter err) {
    if (cut > 0) {
      err.println(dataset + ": " + lengths() + ", and what is beyond is cut off. " + REMEDY);
    }
    if (unknown > 0) {
      err.println(dataset + ": " + unknownWords());
    }
  }

  /** How many words are unknown. */
  String unknownWords() {
    return String.format(
        Locale.ROOT,
        "%,d of %,d words (%.2f %%) are unknown, [UNK]",
        unknown,
        words,
        words == 0 ? 0.0 : 100.0 * unknown / words);
  }
}
