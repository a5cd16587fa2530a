package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.internal.model.TextTokenizer;

class TokenizerCommandTest {
  private static final String CHINESE = "\u5de6\u8fb9\u7684\u72d7";
  private static final String JAPANESE = "\u5de6\u306e\u56db\u89d2\u3044\u72ac";

  /** With marks that take room, which are no letters and stay where they are. */
  private static final String HINDI =
      "\u092c\u093e\u0908\u0902 \u0913\u0930 \u0915\u093e \u0915\u0941\u0924\u094d\u0924\u093e";

  private static final String SYMBOLS = "5\u20ac sign \u2665\u2192x \ud83d\udc36!";

  @TempDir private Path directory;
  private Path words;

  @BeforeEach
  void writeImage() throws IOException {
    words = directory.resolve("words.json");
    BufferedImage image = new BufferedImage(60, 40, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", directory.resolve("a.png").toFile());
  }

  /** Builds a tokenizer from expressions and returns what it says. */
  private String build(List<String> expressions, String... further) throws IOException {
    StringBuilder lines = new StringBuilder("image,x,y,width,height,text\n");
    expressions.forEach(each -> lines.append("a.png,5,5,10,12,").append(each).append("\n"));
    Path data = Files.writeString(directory.resolve("data.csv"), lines);
    StringWriter out = new StringWriter();
    List<String> arguments = new ArrayList<>(List.of(further));
    arguments.addAll(
        List.of("--data", "csv", "--file", data.toString(), "--out", words.toString()));
    int code =
        Main.commandLine(new TokenizerCommand())
            .setOut(new PrintWriter(out, true))
            .execute(arguments.toArray(String[]::new));
    assertEquals(0, code);
    return out.toString();
  }

  @Test
  void wordsOfAllScriptsAreKnown() throws IOException {
    List<String> expressions = List.of(CHINESE, JAPANESE, HINDI, SYMBOLS, "caf\u00e9");
    String report = build(expressions);
    assertTrue(report.contains("0 of 20 words (0.00 %) are unknown"), report);
    Map<String, Integer> vocabulary = ScanFormerCheckpoint.vocabulary(words);
    TextTokenizer tokenizer = TextTokenizer.open(words, vocabulary.size(), 40);
    for (String expression : expressions) {
      for (int id : tokenizer.tokenize(expression).ids()) {
        assertTrue(id != vocabulary.get("[UNK]"), expression);
      }
    }
  }

  @Test
  void tellsWhatTheTokenizerDoesNotRead() throws IOException {
    String endless = "x".repeat(101);
    String report =
        build(
            List.of("dog", "one two three four", "one two three four five", endless),
            "--max-length",
            "6");
    assertTrue(
        report.contains(
            "1 of 4 expressions have more than the 6 tokens that are read, [CLS] and [SEP]"
                + " included; the longest has 10"),
        report);
    assertTrue(report.contains("raise --max-length"), report);
    assertTrue(report.contains("1 of 11 words (9.09 %) are unknown"), report);
  }
}
