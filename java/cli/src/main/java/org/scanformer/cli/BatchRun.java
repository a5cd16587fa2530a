package org.scanformer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import me.tongfei.progressbar.ProgressBar;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.SelectionPolicy;

/** Answers the lines of a file in order, several at a time; a bad line affects no other. */
final class BatchRun {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ScanFormer scanFormer;
  private final SelectionPolicy policy;
  private final int groupSize;
  private int failed;

  BatchRun(ScanFormer scanFormer, SelectionPolicy policy, int groupSize) {
    this.scanFormer = scanFormer;
    this.policy = policy;
    this.groupSize = groupSize;
  }

  /** A line of the file with its request, and then with its answer or error. */
  private static final class Line {
    private final int number;
    private final ObjectNode output = LocationJson.object();
    private Request request;
    private ErrorCode error;

    Line(int number) {
      this.number = number;
      output.put("line", number);
    }
  }

  /**
   * Answers every line that is not blank.
   *
   * @param file lines in UTF-8, or in UTF-16 with a byte order mark; "-" for standard input, whose
   *     images are relative to the working directory
   * @return the number of lines that gave an error
   */
  int run(Path file, PrintWriter out) throws IOException {
    boolean standardInput = file.toString().equals("-");
    if (!standardInput && (!Files.exists(file) || Files.isDirectory(file))) {
      throw new CliException("The batch file " + file + " does not exist or is not a file");
    }
    Path folder = standardInput ? Path.of("") : file.toAbsolutePath().getParent();
    try (ProgressBar progress = Progress.bar("locate", countLines(file));
        BatchLines lines = new BatchLines(standardInput ? System.in : Files.newInputStream(file))) {
      List<Line> group = new ArrayList<>();
      boolean more = true;
      for (int number = 1; more; number++) {
        try {
          String text = lines.next();
          more = text != null;
          if (more && !text.isBlank()) {
            Line line = parse(number, text, folder);
            if (line.error == ErrorCode.OUT_OF_MEMORY && !group.isEmpty()) {
              // The images that wait take the memory that this one may need.
              answer(group, out, progress);
              line = parse(number, text, folder);
            }
            group.add(line);
          }
        } catch (ScanFormerException e) {
          Line line = new Line(number);
          fail(line, e.code(), e.getMessage());
          group.add(line);
        }
        if (group.size() == groupSize) {
          answer(group, out, progress);
        }
      }
      answer(group, out, progress);
    }
    return failed;
  }

  /** The number of line feeds of a file that can be read twice; otherwise -1. */
  private static long countLines(Path file) throws IOException {
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

  private Line parse(int number, String text, Path folder) {
    Line line = new Line(number);
    try {
      JsonNode node = MAPPER.readTree(text);
      String image = field(node, "image");
      String expression = field(node, "text");
      line.output.put("image", image).put("text", expression);
      line.request =
          Request.of(Image.read(folder.resolve(image)), expression).withSelection(policy);
    } catch (JsonProcessingException e) {
      fail(line, ErrorCode.BAD_INPUT, "not JSON: " + e.getOriginalMessage());
    } catch (ScanFormerException e) {
      fail(line, e.code(), e.getMessage());
    } catch (RuntimeException e) {
      fail(line, ErrorCode.BAD_INPUT, e.toString());
    }
    return line;
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

  /** Answers lines and removes them. */
  private void answer(List<Line> group, PrintWriter out, ProgressBar progress) {
    answer(group);
    for (Line line : group) {
      failed += line.error == null ? 0 : 1;
      out.println(LocationJson.write(line.output));
    }
    requireWritten(out);
    progress.stepBy(group.size());
    group.clear();
  }

  /** Ends the run where nobody gets its answers, as on a full disk. */
  private static void requireWritten(PrintWriter out) {
    if (out.checkError()) {
      throw new CliException(Main.NOT_WRITTEN);
    }
  }

  private void answer(List<Line> group) {
    List<Line> usable = group.stream().filter(line -> line.request != null).toList();
    try {
      List<Location> locations =
          scanFormer.locate(usable.stream().map(line -> line.request).toList());
      for (int i = 0; i < usable.size(); i++) {
        LocationJson.put(usable.get(i).output, locations.get(i));
      }
    } catch (ScanFormerException together) {
      // At least one of them fails: find out which by running each on its own.
      for (Line line : usable) {
        try {
          LocationJson.put(line.output, scanFormer.locate(line.request));
        } catch (ScanFormerException e) {
          fail(line, e.code(), e.getMessage());
        }
      }
    }
  }

  private void fail(Line line, ErrorCode code, String message) {
    line.error = code;
    line.output
        .putObject("error")
        .put("code", code.name())
        .put("message", "line " + line.number + ": " + message);
  }
}
