package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The trainer's commands in the documentation have options that it knows. */
class DocumentedCommandsTest {
  private static final Pattern COMMAND =
      Pattern.compile(
          "^java (?:-\\S+ )*-jar java/trainer/target/scanformer-trainer\\.jar (.*?)$",
          Pattern.MULTILINE);

  @ParameterizedTest
  @CsvSource({"java/trainer/README.md, 4", "docs/REFCOCO.md, 1"})
  void areUnderstood(String page, int least) throws IOException {
    String text = Files.readString(Path.of("..", "..", page)).replace("\\\n", " ");
    Matcher commands = COMMAND.matcher(text);
    int count = 0;
    for (; commands.find(); count++) {
      String[] words = commands.group(1).strip().split(" +");
      if (words[0].equals("tokenizer")) {
        Main.commandLine(new TokenizerCommand())
            .parseArgs(Arrays.copyOfRange(words, 1, words.length));
      } else {
        Main.commandLine().parseArgs(words);
      }
    }
    assertTrue(count >= least, page + ", commands found: " + count);
  }
}
