package org.scanformer.internal.model;

import java.util.List;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.UnknownWord;

/**
 * What a tokenizer makes of an expression. Immutable, as long as nobody writes to its array.
 *
 * @param ids [CLS], the expression's tokens, [SEP]; at most the model's maximum
 * @param unknownWords the words whose token is the unknown one, each once, in their order
 * @param truncated whether tokens were cut off
 */
public record TokenizedText(int[] ids, List<UnknownWord> unknownWords, boolean truncated) {
  /** Copies the list. */
  public TokenizedText {
    unknownWords = List.copyOf(unknownWords);
  }

  /**
   * Refuses an expression that a model cannot read whole.
   *
   * @throws ScanFormerException BAD_INPUT with the unknown words, or with the number of tokens that
   *     the model reads
   */
  public TokenizedText requireWhole(String expression) {
    if (!unknownWords.isEmpty()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The expression \""
              + JsonFields.shortened(expression)
              + "\" has words that the model does not know: "
              + UnknownWordList.text(unknownWords));
    }
    if (truncated) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The expression \""
              + JsonFields.shortened(expression)
              + "\" is longer than the "
              + ids.length
              + " tokens that the model reads, [CLS] and [SEP] included");
    }
    return this;
  }
}
