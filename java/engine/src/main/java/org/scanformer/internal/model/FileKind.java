package org.scanformer.internal.model;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Tells what a file is that is not what it should be. No state. */
public final class FileKind {
  /** Bytes of a file's beginning that are enough for {@link #describe}. */
  public static final int HEAD_BYTES = 512;

  private static final String LFS = "version https://git-lfs.github.com/spec/";

  /** Checkpoints of other formats, which hold the same tensors. */
  private static final List<String> OTHER_CHECKPOINTS =
      List.of(
          "pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack");

  private FileKind() {}

  /**
   * Which checkpoint of another format a directory has in place of model.safetensors, with what to
   * do about it: a phrase that continues "found …", or null if there is none.
   */
  public static String otherCheckpoint(Path directory) {
    for (String name : OTHER_CHECKPOINTS) {
      if (Files.exists(directory.resolve(name))) {
        return name
            + " instead: save the model as safetensors, in Python with"
            + " model.save_pretrained(DIR, safe_serialization=True)";
      }
    }
    return null;
  }

  /**
   * What a file is, with what to do about it.
   *
   * @param head the file's first bytes, or all of them
   * @return a phrase that continues "found …", or null if the kind is not known
   */
  public static String describe(byte[] head) {
    int from = head.length > 2 && (head[0] & 255) == 0xef && (head[1] & 255) == 0xbb ? 3 : 0;
    int length = Math.min(head.length, HEAD_BYTES) - from;
    String text =
        length <= 0 ? "" : new String(head, from, length, StandardCharsets.ISO_8859_1).strip();
    String lower = text.toLowerCase(Locale.ROOT);
    if (text.startsWith(LFS)) {
      return "a Git LFS pointer in place of the file: run \"git lfs pull\" in the clone it is from,"
          + " or download the file itself";
    }
    if (lower.startsWith("<!doctype html")
        || lower.startsWith("<html")
        || lower.startsWith("<?xml")) {
      return "a web page in place of the file, such as that of a login or an error: download the"
          + " file itself";
    }
    if (text.startsWith("PK\u0003\u0004")) {
      return "a ZIP file, as torch.save writes: save the model as safetensors, in Python with"
          + " model.save_pretrained(DIR, safe_serialization=True), or unpack the archive";
    }
    return null;
  }
}
