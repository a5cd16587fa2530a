package org.scanformer.internal.model;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Turns expressions into token ids as a Hugging Face {@code tokenizer.json} of BERT's kind says:
 * BertNormalizer, BertPreTokenizer, WordPiece and added tokens. The ids are those of the library
 * that defines the format, whatever the JDK's version of Unicode. Immutable and thread-safe.
 */
public final class TextTokenizer {
  private static final int MAX_CHARACTERS = 10_000;

  private final BertNormalizer normalizer;
  private final AddedTokens rawTokens;
  private final AddedTokens normalizedTokens;
  private final WordPiece model;
  private final Spelling spelling;
  private final SpecialIds specialIds;
  private final int maxLength;

  /** The ids that stand before and after those of every text. */
  record SpecialIds(int[] before, int[] after) {
    int count() {
      return before.length + after.length;
    }
  }

  /**
   * Makes a tokenizer of its parts.
   *
   * @param rawTokens found in the text as it is
   * @param normalizedTokens found in the normalized text
   * @param spelling describes the words that the model does not know
   * @param maxLength what the ids are cut to, special ones included
   */
  TextTokenizer(
      BertNormalizer normalizer,
      AddedTokens rawTokens,
      AddedTokens normalizedTokens,
      WordPiece model,
      Spelling spelling,
      SpecialIds specialIds,
      int maxLength) {
    this.normalizer = normalizer;
    this.rawTokens = rawTokens;
    this.normalizedTokens = normalizedTokens;
    this.model = model;
    this.spelling = spelling;
    this.specialIds = specialIds;
    this.maxLength = maxLength;
  }

  /**
   * Reads the file; what it says of truncation, padding and decoding is ignored.
   *
   * @throws ScanFormerException BAD_MODEL when it is larger than 16 MiB, not a tokenizer's, or of
   *     another kind
   */
  public static TextTokenizer open(Path file, ModelConfig config) {
    return open(file, config.vocabSize(), config.maxTextLength());
  }

  /**
   * The same for a model that there is not yet.
   *
   * @param vocabSize what every id is less than
   * @param maxLength what ids are cut to, special ones included
   */
  public static TextTokenizer open(Path file, int vocabSize, int maxLength) {
    return TokenizerJson.read(file, vocabSize, maxLength);
  }

  /**
   * The ids of an expression: [CLS], its tokens, [SEP]; at most the model's maximum, the last one
   * [SEP].
   *
   * @throws ScanFormerException BAD_INPUT when it is blank or too long to be an expression
   */
  public int[] encode(String expression) {
    return withSpecialIds(textIds(expression, UnknownTokens.withMarks()));
  }

  /**
   * The same, with what the model does not read of the expression. Punctuation marks that the
   * vocabulary does not hold are left out where there is anything else: they change no meaning, but
   * a model takes the unknown id for a word that it does not know.
   */
  public TokenizedText tokenize(String expression) {
    UnknownTokens unknown = UnknownTokens.withoutMarks();
    IntList ids = textIds(expression, unknown);
    boolean truncated = ids.size() > maxTextIds();
    return new TokenizedText(
        withSpecialIds(ids), spelling.describe(expression, unknown.list()), truncated);
  }

  /**
   * What an expression takes to be read whole. It suggests nothing for unknown words, and so is
   * quick.
   *
   * @param tokens all of them, with none cut off; special ones included
   * @param unknownWords those that have the unknown id, each time, in the part that is not cut off
   */
  public record Extent(int tokens, int unknownWords) {}

  /**
   * Counts what {@link #tokenize} would find.
   *
   * @throws ScanFormerException BAD_INPUT as {@link #encode}
   */
  public Extent extent(String expression) {
    UnknownTokens unknown = UnknownTokens.withoutMarks();
    int tokens = textIds(expression, unknown).size() + specialIds.count();
    return new Extent(tokens, unknown.list().size());
  }

  /**
   * All ids of the text itself.
   *
   * @param unknown takes the normalized words that have the unknown id, and special tokens; none
   *     that is cut off, but for marks
   */
  private IntList textIds(String expression, UnknownTokens unknown) {
    if (expression.length() > MAX_CHARACTERS) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "The expression has "
              + expression.length()
              + " characters, expected at most "
              + MAX_CHARACTERS);
    }
    if (expression.isBlank()) {
      throw blank(expression);
    }
    IntList ids = new IntList();
    rawTokens.split(
        wellFormed(expression),
        new AddedTokens.Parts() {
          @Override
          public void text(String text, int from, int to) {
            encodePart(normalizer.normalize(text.substring(from, to)), ids, unknown);
          }

          @Override
          public void token(AddedToken token) {
            addToken(token, ids, unknown);
          }
        });
    if (ids.size() == 0) {
      unknown.addMarks(ids);
    }
    if (ids.size() == 0) {
      throw blank(expression);
    }
    return ids;
  }

  private int maxTextIds() {
    return maxLength - specialIds.count();
  }

  private int[] withSpecialIds(IntList ids) {
    ids.truncate(maxTextIds());
    IntList result = new IntList();
    result.addAll(specialIds.before());
    result.addAll(ids.toArray());
    result.addAll(specialIds.after());
    return result.toArray();
  }

  private void encodePart(String normalized, IntList ids, UnknownTokens unknown) {
    normalizedTokens.split(
        normalized,
        new AddedTokens.Parts() {
          @Override
          public void text(String text, int from, int to) {
            BertPreTokenizer.split(
                text,
                from,
                to,
                (word, start, end) -> {
                  int before = ids.size();
                  boolean known = model.encode(word, start, end, ids);
                  if (known) {
                    unknown.known();
                  } else if (before < maxTextIds()
                      // Beyond the last id too: a mark that is left out makes no text too long.
                      || BertPreTokenizer.isPunctuation(word.codePointAt(start))) {
                    unknown.add(word.substring(start, end), ids, before);
                  }
                });
          }

          @Override
          public void token(AddedToken token) {
            addToken(token, ids, unknown);
          }
        });
  }

  private void addToken(AddedToken token, IntList ids, UnknownTokens unknown) {
    boolean cutOff = ids.size() >= maxTextIds();
    ids.add(token.id());
    if (!token.special()) {
      unknown.known();
    } else if (!cutOff) {
      unknown.addSpecial(token.content());
    }
  }

  private static ScanFormerException blank(String expression) {
    return new ScanFormerException(
        ErrorCode.BAD_INPUT,
        "The expression is blank: found "
            + expression.length()
            + " characters without a word, expected what to look for");
  }

  /** Half a surrogate pair has no UTF-8: it becomes a question mark. */
  static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
