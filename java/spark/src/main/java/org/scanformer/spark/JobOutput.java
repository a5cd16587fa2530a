package org.scanformer.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The directory of a job's answers: what a run has committed there is not asked again by the next
 * one. A question is known by its image's path and its expression. For one run at a time.
 */
final class JobOutput {
  /** What begins with a line is none of Spark's data. */
  private static final String SETTINGS = "_scanformer/settings";

  private static final String PLAN = "_scanformer/questions";
  private static final String UNCOMMITTED = "_temporary";
  private static final int LEAST_QUESTIONS_OF_TASK = 16;

  private final SparkSession session;
  private final Path directory;
  private final String format;
  private final FileSystem files;

  /** Opens a directory, which need not exist. */
  JobOutput(SparkSession session, String directory, String format) {
    this.session = session;
    this.directory = new Path(directory);
    this.format = format;
    try {
      files = this.directory.getFileSystem(session.sparkContext().hadoopConfiguration());
    } catch (IOException | IllegalArgumentException e) {
      throw new JobFailure("--out " + directory + ": " + e.getMessage(), e);
    }
  }

  /**
   * Prepares for a run, and forgets what an earlier one has not committed.
   *
   * @param settings what answers depend on
   * @throws JobFailure when the directory is that of other answers
   */
  void begin(String settings) throws IOException {
    String own = "format " + format + ", " + settings;
    Path file = new Path(directory, SETTINGS);
    if (hasData()) {
      requireSettings(own, file);
    } else {
      // A run that answered nothing, as its options were wrong, binds none to its settings.
      files.mkdirs(directory);
      try (OutputStream out = files.create(file, true)) {
        out.write(own.getBytes(StandardCharsets.UTF_8));
      }
    }
    // The next commit would take it for its own: Spark numbers the attempts of every run alike.
    files.delete(new Path(directory, UNCOMMITTED), true);
  }

  private void requireSettings(String own, Path file) throws IOException {
    if (!files.exists(file)) {
      throw new JobFailure(
          "--out " + directory + " holds files that are not a job's: name a new directory");
    }
    String found = text(file);
    if (!found.equals(own)) {
      throw new JobFailure(
          "--out "
              + directory
              + " was begun with other settings: name a new directory.\n  found:    "
              + found
              + "\n  expected: "
              + own);
    }
  }

  /**
   * Finds out what is to be asked.
   *
   * @param questions image and text
   * @return those that have no answer here, each once
   */
  Dataset<Row> pending(Dataset<Row> questions) throws IOException {
    Dataset<Row> once = questions.dropDuplicates(QuestionColumns.IMAGE, QuestionColumns.TEXT);
    if (hasData()) {
      Dataset<Row> done = answers().select(QuestionColumns.IMAGE, QuestionColumns.TEXT);
      once =
          once.join(
              done,
              once.col(QuestionColumns.IMAGE)
                  .eqNullSafe(done.col(QuestionColumns.IMAGE))
                  .and(once.col(QuestionColumns.TEXT).eqNullSafe(done.col(QuestionColumns.TEXT))),
              "left_anti");
    }
    String plan = new Path(directory, PLAN).toString();
    once.write().mode(SaveMode.Overwrite).parquet(plan);
    return session.read().parquet(plan);
  }

  /**
   * Answers a part of the pending questions, and commits.
   *
   * @param part all questions about an image are in one
   * @param questionsOfTask about; fewer where executors would have nothing to do
   */
  void write(
      Dataset<Row> pending,
      BulkOptions options,
      Counters counters,
      Part part,
      int questionsOfTask) {
    int tasks =
        (int)
            Math.max(
                (part.count + questionsOfTask - 1) / questionsOfTask,
                Math.min(
                    session.sparkContext().defaultParallelism(),
                    (part.count + LEAST_QUESTIONS_OF_TASK - 1) / LEAST_QUESTIONS_OF_TASK));
    Dataset<Row> questions =
        pending
            .where(
                pmod(xxhash64(col(QuestionColumns.IMAGE)), lit((long) part.parts))
                    .equalTo(lit((long) part.number)))
            .repartition(Math.max(1, tasks), col(QuestionColumns.IMAGE))
            .sortWithinPartitions(QuestionColumns.IMAGE, QuestionColumns.TEXT);
    BulkLocator.locate(questions, options, counters)
        .write()
        .mode(SaveMode.Append)
        .format(format)
        .save(directory.toString());
  }

  /** Removes what only a run needs. */
  void end() throws IOException {
    files.delete(new Path(directory, PLAN), true);
  }

  /** All answers that are committed. */
  Dataset<Row> answers() {
    StructType type =
        new StructType().add(QuestionColumns.IMAGE, "string").add(QuestionColumns.TEXT, "string");
    for (var field : AnswerSchema.type().fields()) {
      type = type.add(field);
    }
    return session.read().schema(type).format(format).load(directory.toString());
  }

  private boolean hasData() throws IOException {
    try {
      return Arrays.stream(files.listStatus(directory))
          .map(file -> file.getPath().getName())
          .anyMatch(name -> !name.startsWith("_") && !name.startsWith("."));
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  private String text(Path file) throws IOException {
    try (InputStream in = files.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * A part of the pending questions.
   *
   * @param number from 0 on
   * @param parts of all questions
   * @param count questions of the part, about
   */
  record Part(int number, int parts, long count) {}
}
