package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.BackendKind;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Where a model is, by what a caller says. */
class ModelFilesTest {
  private final SparkSession session = LocalSpark.session();
  private final Configuration hadoop = new Configuration(false);
  private final List<Path> copies = new ArrayList<>();

  @TempDir private Path directory;

  private void assertRefused(String words, String model) {
    ScanFormerException refused =
        assertThrows(ScanFormerException.class, () -> ModelFiles.checked(model), model);
    assertEquals(ErrorCode.BAD_INPUT, refused.code());
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
    assertTrue(refused.getMessage().contains(model), refused.getMessage());
  }

  @Test
  void whatIsOnEveryNodeIsItsPath() {
    assertNull(ModelFiles.checked(null));
    assertEquals("mine", ModelFiles.checked("mine"));
    assertEquals("/models/mine", ModelFiles.checked("/models/mine"));
    assertEquals("C:\\models", ModelFiles.checked("C:\\models"));
    assertEquals("/models/mine", ModelFiles.checked("file:///models/mine"));
    assertEquals("/models/mine", ModelFiles.checked("FILE:/models/mine"));
    assertEquals("/models/mine", ModelFiles.checked("file://localhost/models/mine"));
    assertEquals("/models/my own", ModelFiles.checked("local:/models/my%20own"));
  }

  @Test
  void whatIsSharedIsItsUri() {
    assertEquals("hdfs://name/m/my%20own", ModelFiles.checked("hdfs://name/m/my%20own/"));
  }

  /** A URI without a slash has no path: once, that was the bundled model. */
  @Test
  void aRelativeUriIsARelativePath() {
    assertEquals("models/mine", ModelFiles.checked("file:models/mine"));
    assertEquals("a b", ModelFiles.checked("file:a%20b"));
  }

  @Test
  void urisThatNameNoDirectoryAreRefused() {
    assertRefused("the host models", "file://models/mine");
    assertRefused("%23", "file:///models/mine#2");
    assertRefused("%3F", "shared:///models/mine?2");
    assertRefused("no URI", "file:///models/my own");
    assertRefused("no URI", "file:");
    assertRefused("names no directory", "shared:models/mine");
    assertRefused("names no directory", "shared:///");
  }

  private String write(String version, String text) throws Exception {
    Path model = Files.createDirectories(directory.resolve(version).resolve("my model"));
    Files.writeString(model.resolve("config.json"), text);
    return SharedFiles.uri(model);
  }

  private String read(String model) {
    return ModelFiles.with(
        ModelFiles.checked(model),
        hadoop,
        copy -> {
          copies.add(copy);
          try {
            return Files.readString(copy.resolve("config.json"));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Test
  void twoDirectoriesOfOneNameAreNotTakenForEachOther() throws Exception {
    hadoop.set(SharedFiles.PROPERTY, SharedFiles.class.getName());
    String first = write("v1", "one");
    String second = write("v2", "two");
    for (String model : List.of(first, second, first)) {
      assertEquals(model.equals(first) ? "one" : "two", read(model));
    }
    for (Path copy : copies) {
      assertTrue(copy.endsWith("my model"), "messages tell it");
      assertFalse(copy.startsWith(directory) || Files.exists(copy.getParent()), "a copy, deleted");
    }
    ScanFormerException missing =
        assertThrows(
            ScanFormerException.class, () -> read(SharedFiles.uri(directory.resolve("none"))));
    assertEquals(ErrorCode.BAD_MODEL, missing.code());
    assertTrue(missing.getMessage().contains("none"), missing.getMessage());
  }

  /** The model is of a session that has run queries before, and is not the last. */
  @Test
  void jobsAskTheModelThatTheyName() throws Exception {
    session
        .sparkContext()
        .hadoopConfiguration()
        .set(SharedFiles.PROPERTY, SharedFiles.class.getName());
    Pictures.write(directory, 1);
    Dataset<Row> questions =
        BulkLocator.questions(
            session.read().format("binaryFile").load(directory.resolve("0.png").toUri().toString()),
            List.of(Pictures.STAR));
    for (String version : List.of("v1", "v2")) {
      BulkOptions options =
          BulkOptions.builder().backend(BackendKind.CPU).model(write(version, "{}")).build();
      Dataset<Row> answers = BulkLocator.locate(questions, options);
      SparkException failure = assertThrows(SparkException.class, answers::collect);
      assertTrue(JobFailures.tell(failure).contains("my model"), JobFailures.tell(failure));
    }
    BulkOptions bundled = BulkOptions.builder().backend(BackendKind.CPU).build();
    assertEquals(1, BulkLocator.locate(questions, bundled).where("error IS NULL").count());
  }
}
