package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;

/** Datasets of pictures, asked in this JVM. */
class BulkLocatorTest {
  private static final BulkOptions ON_CPU = BulkOptions.builder().backend(BackendKind.CPU).build();

  private final SparkSession session = LocalSpark.session();

  @TempDir private Path directory;

  @Test
  void answersAreThoseOfTheLibrary() throws Throwable {
    LocalSpark.compiling(session, this::compareWithTheLibrary);
  }

  private void compareWithTheLibrary() throws Exception {
    Pictures.write(directory, 2);
    Dataset<Row> pictures = session.read().format("binaryFile").load(directory.toUri().toString());
    Dataset<Row> answers =
        BulkLocator.locate(
            BulkLocator.questions(pictures, List.of(Pictures.STAR, Pictures.TRIANGLE)), ON_CPU);
    assertEquals(
        List.of("path", "modificationTime", "length", "text", "found"),
        Arrays.asList(answers.columns()).subList(0, 5));
    List<String> rows = answers.orderBy("path", "text").toJSON().collectAsList();
    assertEquals(4, rows.size());
    ObjectMapper mapper = new ObjectMapper();
    try (ScanFormer model = ScanFormer.load()) {
      for (int r = 0; r < 4; r++) {
        String text = r % 2 == 0 ? Pictures.TRIANGLE : Pictures.STAR;
        Location expected = model.locate(Pictures.image(), text);
        Location found = mapper.readValue(rows.get(r), Location.class);
        assertEquals(0, expected.box().x() - found.box().x(), 1e-2);
        assertEquals(1, expected.box().intersectionOverUnion(found.box()), 1e-3);
        assertEquals(expected.score(), found.score(), 1e-4);
        assertEquals(expected.found(), found.found());
        assertEquals(expected.scales().size(), found.scales().size());
      }
    }
  }

  @Test
  void theSchemaHasTheFieldsOfTheJson() {
    try (ScanFormer model = ScanFormer.load()) {
      Location location = model.locate(Pictures.image(), "the yellow zebra");
      Set<String> json = new TreeSet<>(location.toMap().keySet());
      json.add("error");
      assertEquals(json, new TreeSet<>(Arrays.asList(AnswerSchema.type().fieldNames())));
      Dataset<Row> row =
          session.createDataFrame(
              List.of(org.apache.spark.sql.RowFactory.create(AnswerSchema.values(location))),
              AnswerSchema.type());
      assertEquals("zebra", row.selectExpr("unknown_words[0].word").first().getString(0));
      assertEquals(
          location.scales().get(1).mask().count(),
          row.selectExpr("scales[1].selected").first().getInt(0));
    }
  }

  @Test
  void readsThePathWhereThereIsNoContent() throws Exception {
    Pictures.write(directory, 1);
    Files.writeString(directory.resolve("broken.png"), "no picture");
    Dataset<Row> questions =
        session.sql(
            "SELECT * FROM VALUES ('0.png', '"
                + Pictures.STAR
                + "'), ('broken.png', 'a'), ('none.png', 'b'), ('0.png', ' ') AS t(image, text)");
    List<Row> rows =
        BulkLocator.locate(
                questions,
                BulkOptions.builder()
                    .backend(BackendKind.CPU)
                    .imageRoot(directory.toUri().toString())
                    .build())
            .selectExpr("image", "text", "score > 0.5", "error.code", "error.message")
            .collectAsList();
    assertEquals(4, rows.size());
    assertTrue(rows.get(0).getBoolean(2), rows.get(0).toString());
    assertTrue(rows.get(0).isNullAt(3), rows.get(0).toString());
    for (Row row : rows.subList(1, 4)) {
      assertEquals("BAD_INPUT", row.getString(3), row.toString());
      assertTrue(row.isNullAt(2), row.toString());
    }
  }

  @Test
  void tasksShareOneModel() throws Exception {
    Pictures.write(directory, 8);
    ExecutorModels models = ExecutorModels.ofProcess();
    models.closeAll();
    int before = models.loads();
    Dataset<Row> questions =
        BulkLocator.questions(
            session.read().format("binaryFile").load(directory.toUri().toString()).repartition(4),
            List.of(Pictures.STAR));
    assertEquals(8, BulkLocator.locate(questions, ON_CPU).where("error IS NULL").count());
    assertEquals(8, BulkLocator.locate(questions, ON_CPU).where("error IS NULL").count());
    assertEquals(before + 1, models.loads());
    BulkOptions other = BulkOptions.builder().backend(BackendKind.CPU).maxBatch(2).build();
    BulkLocator.locate(questions, other).collect();
    BulkLocator.locate(questions, ON_CPU).collect();
    assertEquals(before + 3, models.loads(), "an unused model is closed for another");
  }

  @Test
  void columnsThatCannotBeAreNamed() {
    assertRefused("\"text\", found [image]", "SELECT 'a' AS image");
    assertRefused("\"image\" (or \"path\")", "SELECT 'a' AS text");
    assertRefused("type string, found int", "SELECT 1 AS image, 'a' AS text");
    assertRefused("type binary", "SELECT 'a' AS image, 'a' AS text, 1 AS content");
    assertRefused("\"score\" is one", "SELECT 'a' AS image, 'a' AS text, 1 AS score");
    assertRefused("\"Error\" is one", "SELECT 'a' AS image, 'a' AS text, 1 AS Error");
  }

  private void assertRefused(String words, String query) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> BulkLocator.locate(session.sql(query), ON_CPU));
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }

  @Test
  void optionsThatCannotBeAreNamed() {
    assertThrows(ScanFormerException.class, () -> BulkOptions.builder().maxBatch(0));
    assertThrows(ScanFormerException.class, () -> BulkOptions.builder().threads(-1));
    assertThrows(ScanFormerException.class, () -> BulkOptions.builder().foundThreshold(1.5));
    assertFalse(ON_CPU.equals(BulkOptions.defaults()));
  }
}
