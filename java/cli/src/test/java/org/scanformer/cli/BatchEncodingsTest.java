package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ScanFormerException;

/** Batch files as other programs write them. */
class BatchEncodingsTest {
  private static final String LINES = "{\"a\": \"\u00e9\u0a0a\"}\r\n\n{\"b\": 2}";

  @TempDir private Path directory;

  private static BatchLines lines(byte[] bytes) throws IOException {
    return new BatchLines(new ByteArrayInputStream(bytes));
  }

  @ParameterizedTest
  @CsvSource({
    "UTF-8, false",
    "UTF-8, true",
    "UTF-16LE, false",
    "UTF-16LE, true",
    "UTF-16BE, false",
    "UTF-16BE, true",
    "UTF-32LE, false",
    "UTF-32LE, true",
    "UTF-32BE, false",
    "UTF-32BE, true"
  })
  void readsWhatTheFirstBytesTell(String charset, boolean mark) throws IOException {
    String text = (mark ? "\ufeff" : "") + LINES;
    try (BatchLines lines = lines(text.getBytes(Charset.forName(charset)))) {
      assertEquals("{\"a\": \"\u00e9\u0a0a\"}", lines.next());
      assertEquals("", lines.next());
      assertEquals("{\"b\": 2}", lines.next());
      assertNull(lines.next());
      assertNull(lines.next());
    }
  }

  @Test
  void namesALineThatIsNotUtf8AndGoesOn() throws IOException {
    byte[] latin1 = "a\nr\u00e9d\nb\n".getBytes(StandardCharsets.ISO_8859_1);
    try (BatchLines lines = lines(latin1)) {
      assertEquals("a", lines.next());
      ScanFormerException refusal = assertThrows(ScanFormerException.class, lines::next);
      assertTrue(refusal.getMessage().startsWith("not UTF-8"), refusal.getMessage());
      assertEquals("b", lines.next());
      assertNull(lines.next());
    }
    try (BatchLines lines = lines(new byte[0])) {
      assertNull(lines.next());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "a", "a\n", "ab", "{}", "\n\n\n\n", "{\n}\n"})
  void shortFilesAreUtf8(String text) throws IOException {
    try (BatchLines lines = lines(text.getBytes(StandardCharsets.UTF_8))) {
      for (String line : text.lines().toList()) {
        assertEquals(line, lines.next());
      }
      assertNull(lines.next());
    }
  }

  /** A stream that gives one byte at a time, as a slow pipe may. */
  @Test
  void readsByteByByte() throws IOException {
    byte[] bytes = LINES.getBytes(StandardCharsets.UTF_16LE);
    InputStream slow =
        new ByteArrayInputStream(bytes) {
          @Override
          public int read(byte[] to, int offset, int length) {
            return super.read(to, offset, Math.min(length, 1));
          }
        };
    try (BatchLines lines = new BatchLines(slow)) {
      assertEquals("{\"a\": \"\u00e9\u0a0a\"}", lines.next());
      assertEquals("", lines.next());
      assertEquals("{\"b\": 2}", lines.next());
      assertNull(lines.next());
    }
  }

  @Test
  void tellsOfALineWithoutEndBeforeItsEnd() throws IOException {
    long[] read = new long[1];
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            read[0]++;
            return 'x';
          }
        };
    try (BatchLines lines = new BatchLines(endless)) {
      ScanFormerException refusal = assertThrows(ScanFormerException.class, lines::next);
      assertTrue(refusal.getMessage().contains("more than 1048576 bytes"), refusal.getMessage());
    }
    assertTrue(read[0] < 2 << 20, () -> read[0] + " bytes were read");
  }

  @Test
  void goesOnAfterALongLine() throws IOException {
    byte[] bytes = ("x".repeat(3 << 20) + "\nb").getBytes(StandardCharsets.UTF_8);
    try (BatchLines lines = lines(bytes)) {
      assertThrows(ScanFormerException.class, lines::next);
      assertEquals("b", lines.next());
      assertNull(lines.next());
    }
  }

  @Test
  void answersAFileWithAMarkAndOneOfAnotherEncoding() throws Exception {
    String line =
        new ObjectMapper()
            .createObjectNode()
            .put("image", Path.of(CommandLineRun.IMAGE).toAbsolutePath().toString())
            .put("text", TEXT)
            .toString();
    Path file = directory.resolve("b.jsonl");
    Files.writeString(file, "\ufeff" + line + "\n");
    CommandLineRun marked =
        run("locate", "--backend", "cpu", "--model", MODEL, "--batch", file.toString());
    assertEquals(0, marked.code(), marked.err());
    Files.write(file, ("{\"text\": \"r\u00e9d\"}\n" + line).getBytes(StandardCharsets.ISO_8859_1));
    CommandLineRun latin1 =
        run("locate", "--backend", "cpu", "--model", MODEL, "--batch", file.toString());
    assertEquals(1, latin1.code());
    JsonNode first = new ObjectMapper().readTree(latin1.out().lines().findFirst().orElseThrow());
    assertTrue(first.at("/error/message").asText().startsWith("line 1: not UTF-8"));
    assertEquals(2, latin1.out().lines().count());
  }

  @Test
  void readsStandardInput() throws Exception {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream("{}\n".getBytes(StandardCharsets.UTF_8)));
      CommandLineRun run = run("locate", "--backend", "cpu", "--model", MODEL, "--batch", "-");
      assertEquals(1, run.code());
      assertTrue(run.out().contains("line 1: expected an object"), run.out());
    } finally {
      System.setIn(before);
    }
  }
}
