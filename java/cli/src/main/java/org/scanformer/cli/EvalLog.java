package org.scanformer.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The results of an evaluation with a line of JSON per pair, so that an evaluation that was stopped
 * can be resumed. The first line says what is evaluated.
 */
final class EvalLog implements AutoCloseable {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Characters of a value in a message. */
  private static final int MOST_TOLD = 60;

  private final Map<String, PairResult> done = new LinkedHashMap<>();
  private final BufferedWriter writer;

  /**
   * Opens or starts a log. An incomplete last line is dropped.
   *
   * @param subject what is evaluated; an existing log must have the same
   * @throws CliException when the log is of something else or not a log
   */
  EvalLog(Path file, ObjectNode subject) throws IOException {
    List<String> kept = new ArrayList<>(List.of(LocationJson.write(subject)));
    if (Files.isRegularFile(file) && Files.size(file) > 0) {
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      requireSame(file, lines.get(0), subject);
      for (int i = 1; i < lines.size(); i++) {
        try {
          PairResult result = PairResult.fromJson(MAPPER.readTree(lines.get(i)));
          done.put(result.id(), result);
          kept.add(lines.get(i));
        } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
          if (i < lines.size() - 1) {
            throw new CliException(file + ": line " + (i + 1) + " is not the result of a pair");
          }
        }
      }
    }
    OutputFile.writeLines(file, kept);
    writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
  }

  private static void requireSame(Path file, String line, ObjectNode subject) {
    JsonNode found = null;
    try {
      found = MAPPER.readTree(line);
    } catch (JsonProcessingException e) {
      // Reported as any other first line that is not the expected one.
    }
    if (found == null || !found.has("pairs")) {
      throw new CliException(
          file + ": the first line is not that of an evaluation: " + abridged(line));
    }
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, JsonNode> expected : subject.properties()) {
      // Compared as text: a number read back may have another type than the one written.
      String now = expected.getValue().asText();
      String before = found.path(expected.getKey()).asText();
      if (!before.equals(now)) {
        int alike = alike(before, now);
        differences.add(
            expected.getKey()
                + " "
                + abridged(before.substring(alike))
                + ", expected "
                + abridged(now.substring(alike)));
      }
    }
    if (!differences.isEmpty()) {
      throw new CliException(
          file + ": of another evaluation, found " + String.join("; ", differences));
    }
  }

  /** Characters at the beginning of long texts that need not be told, as both have them. */
  private static int alike(String first, String second) {
    int length = Math.min(first.length(), second.length());
    int i = 0;
    while (i < length && first.charAt(i) == second.charAt(i)) {
      i++;
    }
    return Math.max(0, i - MOST_TOLD / 2);
  }

  private static String abridged(String text) {
    return text.length() <= MOST_TOLD ? text : text.substring(0, MOST_TOLD) + "…";
  }

  /** The result of a pair in an earlier run, or null. */
  PairResult of(String id) {
    return done.get(id);
  }

  void add(PairResult result) throws IOException {
    writer.write(LocationJson.write(result.toJson()));
    writer.newLine();
  }

  void flush() throws IOException {
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
