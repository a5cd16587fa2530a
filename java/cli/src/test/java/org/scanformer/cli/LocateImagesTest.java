package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.scanformer.cli.CommandLineRun.FLOAT64_BOX;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.MODEL;
import static org.scanformer.cli.CommandLineRun.TEXT;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code locate IMAGE... EXPRESSION}: which images are read, and what is told of each. */
class LocateImagesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FOUND = "x 76.6, y 128.7";

  @TempDir private Path directory;
  private Path first;
  private Path second;

  @BeforeEach
  void copyImages() throws Exception {
    second = Files.copy(Path.of(IMAGE), directory.resolve("b.png"));
    first = Files.copy(Path.of(IMAGE), directory.resolve("a 1.PNG"));
    Files.writeString(directory.resolve("notes.txt"), "no picture");
    Files.writeString(directory.resolve("._b.png"), "what some systems put beside a picture");
  }

  private static CommandLineRun locate(String... arguments) {
    List<String> all = new ArrayList<>(List.of("locate", "--backend", "cpu", "--model", MODEL));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  private void assertBothFound(CommandLineRun run) {
    assertEquals(0, run.code(), run.err());
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run.out());
    assertTrue(lines.get(0).startsWith(first + ": " + FOUND), run.out());
    assertTrue(lines.get(1).startsWith(second + ": " + FOUND), run.out());
  }

  @Test
  void anImageAndAnExpressionNeedNoOptions() throws Exception {
    CommandLineRun run = locate(IMAGE, TEXT);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("Looked for: " + TEXT), run.out());
    assertTrue(run.out().contains("Found at:   " + FOUND), run.out());
    JsonNode answer = JSON.readTree(locate("--json", IMAGE, "--text", TEXT).out());
    assertEquals(FLOAT64_BOX[0], answer.get("box_cxcywh").get(0).asDouble(), 2e-4);
  }

  @Test
  void severalImagesGiveALineEach() {
    assertBothFound(locate(first.toString(), second.toString(), TEXT));
    assertBothFound(locate("--image", first.toString(), "--image", second.toString(), TEXT));
    assertBothFound(locate("--text", TEXT, first.toString(), second.toString()));
  }

  /** One that nobody writes to has no end. */
  @Test
  void pipesAmongImagesArePassedOver() throws Exception {
    Path pipe = directory.resolve("0.png");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no mkfifo");
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () -> {
          assertBothFound(locate(directory.toString(), TEXT));
          assertBothFound(locate(directory + "/*.[Pp][Nn][Gg]", TEXT));
          Path batch = directory.resolve("batch.jsonl");
          Files.writeString(
              batch,
              "{\"image\": \"0.png\", \"text\": \"red\"}\n{\"image\": \"b.png\", \"text\": \"red\"}\n");
          List<String> lines = locate("--batch", batch.toString()).out().lines().toList();
          assertTrue(lines.get(0).contains("found a pipe or device"), lines.get(0));
          assertTrue(lines.get(1).contains("\"box\""), lines.get(1));
        });
  }

  @Test
  void directoriesAndPatternsStandForTheirImages() throws Exception {
    assertBothFound(locate(directory.toString(), TEXT));
    assertBothFound(locate(directory + "/*.[Pp][Nn][Gg]", TEXT));
    // A file's own name is no pattern, whatever is in it.
    Path named = Files.move(first, directory.resolve("[a]*.png"));
    CommandLineRun run = locate(named.toString(), second.toString(), TEXT);
    assertTrue(run.out().startsWith(named + ": " + FOUND), run.out() + run.err());
  }

  @Test
  void standardInputIsAnImage() throws Exception {
    InputStream before = System.in;
    try (InputStream image = Files.newInputStream(first)) {
      System.setIn(image);
      CommandLineRun run = locate("-", TEXT);
      assertEquals(0, run.code(), run.err());
      assertTrue(run.out().contains("Found at:   " + FOUND), run.out());
    } finally {
      System.setIn(before);
    }
    CommandLineRun twice = locate("-", "-", TEXT);
    assertEquals(2, twice.code());
    assertTrue(twice.err().contains("found it named twice"), twice.err());
    CommandLineRun nothing = locate("-", "-");
    assertEquals(2, nothing.code());
    assertTrue(nothing.err().contains("The expression is missing"), nothing.err());
  }

  @Test
  void whatIsWrongWithStandardInputNamesIt() {
    InputStream before = System.in;
    try {
      System.setIn(InputStream.nullInputStream());
      CommandLineRun run = locate("-", TEXT);
      assertEquals(1, run.code());
      assertTrue(run.err().contains("standard input (-): "), run.err());
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void aBadImageAffectsNoOther() throws Exception {
    Path bad = Files.writeString(directory.resolve("a.jpg"), "no picture");
    CommandLineRun text = locate(directory.toString(), TEXT);
    assertEquals(1, text.code());
    assertEquals(2, text.out().lines().count(), text.out());
    assertEquals(1, text.err().lines().count(), text.err());
    assertTrue(text.err().startsWith("scanformer: image " + bad), text.err());
    CommandLineRun run = locate("--json", directory.toString(), TEXT);
    assertEquals(1, run.code());
    assertEquals("", run.err());
    List<JsonNode> answers = new ArrayList<>();
    for (String line : run.out().lines().toList()) {
      answers.add(JSON.readTree(line));
      assertEquals(TEXT, answers.get(answers.size() - 1).get("text").asText());
    }
    assertEquals(3, answers.size());
    assertEquals(first.toString(), answers.get(0).get("image").asText());
    assertEquals(FLOAT64_BOX[0], answers.get(0).at("/box_cxcywh/0").asDouble(), 2e-4);
    assertEquals(bad.toString(), answers.get(1).get("image").asText());
    assertEquals("BAD_INPUT", answers.get(1).at("/error/code").asText());
    assertNull(answers.get(1).get("box"));
    assertTrue(answers.get(2).has("box"));
  }

  /** The model does not exist: that it is not told of shows that it was not looked for. */
  private static void assertToldBeforeTheModel(String words, String... arguments) {
    List<String> all = new ArrayList<>(List.of("locate", "--model", "nowhere"));
    all.addAll(List.of(arguments));
    CommandLineRun run = run(all.toArray(String[]::new));
    assertEquals(1, run.code(), run.err());
    assertTrue(run.err().contains(words), run.err());
    assertTrue(!run.err().contains("nowhere"), run.err());
  }

  @Test
  void inputsAreCheckedBeforeTheModelIsLoaded() throws Exception {
    Path bad = Files.writeString(directory.resolve("bad.jpg"), "no picture");
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertToldBeforeTheModel("image no.png: no such file", "no.png", TEXT);
    assertToldBeforeTheModel("image no.png: no such file", IMAGE, "no.png", TEXT);
    assertToldBeforeTheModel("bad.jpg", bad.toString(), TEXT);
    assertToldBeforeTheModel("empty: found no image, expected files", empty.toString(), TEXT);
    assertToldBeforeTheModel(".tiff: found no image", directory + "/*.tiff", TEXT);
    assertToldBeforeTheModel("does not exist or is not a file", "--batch", "none.jsonl");
    assertToldBeforeTheModel("found the image " + first, "--batch", first.toString());
  }

  @Test
  void anExpressionWithoutQuotesIsRecognized() {
    CommandLineRun run = locate(IMAGE, "the", "red", "circle");
    assertEquals(2, run.code());
    assertTrue(
        run.err().contains("try: scanformer locate " + IMAGE + " \"the red circle\""), run.err());
    // Where images are missing, quotes are not.
    CommandLineRun missing = locate(IMAGE, "no.png", TEXT);
    assertEquals(1, missing.code());
    assertFalse(missing.err().contains("quotes"), missing.err());
  }

  @Test
  void aBlankExpressionIsRefused() {
    CommandLineRun run = locate(IMAGE, " ");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("The expression is blank"), run.err());
  }

  @Test
  void anEmptyDirectoryAmongImagesIsToldAndPassedOver() throws Exception {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    CommandLineRun run = locate(first.toString(), empty.toString(), second.toString(), TEXT);
    assertBothFound(run);
    assertTrue(run.err().contains("image " + empty + ": found no image"), run.err());
  }

  @Test
  void anExpressionInTheImagesPlaceIsToldWithWhatToType() {
    CommandLineRun run = locate(TEXT, IMAGE);
    assertEquals(2, run.code());
    assertTrue(
        run.err().contains("try: scanformer locate " + IMAGE + " \"" + TEXT + "\""), run.err());
    CommandLineRun options = locate("--image", TEXT, "--text", IMAGE);
    assertEquals(2, options.code());
    assertTrue(options.err().contains("--text is what to look for, found the file"), options.err());
  }

  @Test
  void picturesAreOfOneImage() {
    CommandLineRun run = locate(directory.toString(), TEXT, "--out", "o.png");
    assertEquals(2, run.code());
    assertTrue(run.err().contains("--out and --seen need one image, found 2"), run.err());
  }
}
