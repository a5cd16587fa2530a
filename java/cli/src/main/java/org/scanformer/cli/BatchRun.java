package org.scanformer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.model.JsonFault;

/** Answers the lines of a file in order, several at a time; a bad line affects no other. */
final class BatchRun {
  /** What follows an object on its line would get no answer. */
  private static final ObjectReader LINE =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path file;
  private final RequestOptions options;
  private int failed;

  /**
   * Checks that there is a file.
   *
   * @param file lines in UTF-8, or in UTF-16 with a byte order mark; "-" for standard input, whose
   *     images are relative to the working directory
   */
  BatchRun(Path file, RequestOptions options) {
    this.file = file;
    this.options = options;
    if (!isStandardInput() && (!Files.exists(file) || Files.isDirectory(file))) {
      throw new CliException("The batch file " + file + " does not exist or is not a file");
    }
    if (ImageSource.hasKnownEnding(file)) {
      throw new CliException(
          "--batch is given a file with a line {\"image\": FILE, \"text\": EXPRESSION} for each image,"
              + " found the image "
              + file
              + "; several images can be given as arguments, before the expression");
    }
  }

  private boolean isStandardInput() {
    return file.toString().equals("-");
  }

  /**
   * Answers every line that is not blank.
   *
   * @param groupSize lines at a time
   * @return the number of lines that gave an error, or whose object was required and not found
   */
  int run(ScanFormer scanFormer, int groupSize, PrintWriter out) throws IOException {
    options.requireFits(scanFormer);
    Path folder = isStandardInput() ? Path.of("") : file.toAbsolutePath().getParent();
    try (ProgressBar progress = Progress.bar("locate", countLines());
        BatchLines lines =
            new BatchLines(isStandardInput() ? System.in : Files.newInputStream(file))) {
      RequestGroups groups =
          new RequestGroups(
              scanFormer,
              groupSize,
              answer -> {
                print(answer, out);
                progress.step();
              });
      boolean more = true;
      for (int n = 1; more; n++) {
        int number = n;
        try {
          String text = lines.next();
          more = text != null;
          if (more && !text.isBlank()) {
            groups.add(() -> parse(number, text, folder));
          } else if (more) {
            progress.step();
          }
        } catch (ScanFormerException e) {
          groups.add(
              () -> {
                Answer answer = answer(number, LocationJson.object());
                answer.fail(e.code(), e.getMessage());
                return answer;
              });
        }
      }
      groups.finish();
    }
    return failed;
  }

  /** The number of line feeds of a file that can be read twice; otherwise -1. */
  private long countLines() throws IOException {
    if (!Files.isRegularFile(file)) {
      return -1;
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      long count = 0;
      for (int b = in.read(); b >= 0; b = in.read()) {
        count += b == '\n' ? 1 : 0;
      }
      return count;
    }
  }

  private static Answer answer(int number, ObjectNode record) {
    String name = "line " + number;
    return new Answer(name, name + ": ", record.put("line", number));
  }

  private Answer parse(int number, String text, Path folder) {
    ObjectNode record = LocationJson.object();
    Answer answer = answer(number, record);
    try {
      JsonNode node = LINE.readTree(text);
      String image = field(node, "image");
      String expression = field(node, "text");
      record.put("image", image).put("text", expression);
      answer.prepare(() -> read(folder.resolve(FileName.path(image))), expression, options);
    } catch (JsonProcessingException e) {
      answer.fail(ErrorCode.BAD_INPUT, "not JSON: " + JsonFault.describe(e));
    } catch (ScanFormerException e) {
      answer.fail(e.code(), e.getMessage());
    } catch (OutOfMemoryError e) {
      answer.failForMemory();
    }
    return answer;
  }

  /** A pipe is refused: one that nobody writes to would end the answers. */
  private static Image read(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "image " + file + ": expected a file, found a pipe or device");
    }
    return Image.read(file);
  }

  private static String field(JsonNode node, String name) {
    JsonNode value = node.get(name);
    if (value == null || !value.isTextual()) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          "expected an object with the strings \"image\" and \"text\", found "
              + (value == null ? "no \"" + name + "\"" : "\"" + name + "\": " + value));
    }
    return value.textValue();
  }

  private void print(Answer answer, PrintWriter out) {
    failed += answer.failed() || options.isFailure(answer.location()) ? 1 : 0;
    out.println(answer.toJson());
    if (out.checkError()) {
      throw new AnswersLostException();
    }
  }
}
