package org.scanformer.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** What tells models apart whose names and configurations are equal. No state. */
final class ModelDigest {
  private static final List<String> FILES = List.of("model.safetensors", "tokenizer.json");

  private ModelDigest() {}

  /** Where a model's files are read. */
  interface Files {
    /** Opens a file; the caller closes it. */
    InputStream open(String name) throws IOException;
  }

  /** The SHA-256 digest of a model's weights and words. */
  static String of(Files model) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      for (String file : FILES) {
        try (InputStream in = model.open(file)) {
          in.transferTo(out);
        }
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
