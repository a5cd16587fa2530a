package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.cli.CommandLineRun.IMAGE;
import static org.scanformer.cli.CommandLineRun.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.Models;

/** Which model a word on the command line names. */
class ModelChoiceTest {
  @Test
  void aBundledModelsNameComesBeforeADirectorys() {
    ModelChoice photos = ModelChoice.of("photos");
    assertSame(Models.PHOTOS, photos.bundled());
    assertEquals("photos", photos.name());
    assertNull(photos.directory());
    for (String directory : new String[] {"./photos", "photos/", "a/photos"}) {
      ModelChoice choice = ModelChoice.of(directory);
      assertNull(choice.bundled(), directory);
      assertEquals(Path.of(directory), choice.directory());
      assertTrue(Path.of(choice.name()).isAbsolute(), choice.name());
    }
    assertSame(Models.SHAPES, ModelChoice.of(ModelChoice.DEFAULT).bundled());
  }

  @Test
  void bothBundledModelsAreThereAndDiffer() throws Exception {
    assertEquals(764, vocabulary("shapes"));
    assertTrue(vocabulary("photos") > 1000, "the vocabulary of photographs");
  }

  private static int vocabulary(String model) throws Exception {
    CommandLineRun run = run("inspect", model, "--json", "--backend", "cpu");
    assertEquals(0, run.code(), run.err());
    return new ObjectMapper().readTree(run.out()).at("/config/vocab_size").asInt();
  }

  @Test
  void locateAsksTheModelThatIsNamed() throws Exception {
    String[] question = {"locate", "--backend", "cpu", "--json", IMAGE, "the umbrella"};
    CommandLineRun shapes = run(question);
    assertTrue(shapes.out().contains("umbrella"), "a word that shapes does not know");
    String[] named = {
      "locate", "--backend", "cpu", "--json", "--model", "photos", IMAGE, "umbrella"
    };
    CommandLineRun photos = run(named);
    assertEquals(0, photos.code(), photos.err());
    assertTrue(photos.out().contains("\"unknown_words\":[]"), photos.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"locate", "eval", "inspect", "video"})
  void helpNamesThem(String command) {
    assertTrue(run("help", command).out().replaceAll("\\s+", " ").contains("photos or shapes"));
  }
}
