package org.scanformer.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/** Standard output, with why it could not be written to, which a print writer does not tell. */
final class AnswerStream extends OutputStream {
  private final OutputStream out;
  private IOException failure;

  AnswerStream(OutputStream out) {
    this.out = out;
  }

  /** The first failure, or null. */
  IOException failure() {
    return failure;
  }

  /**
   * Whether the reader ended before the writer did, as {@code head} does. The system tells this
   * only in words; in other languages these keep the English ones too.
   */
  boolean readerIsGone() {
    return failure != null
        && String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }
}
