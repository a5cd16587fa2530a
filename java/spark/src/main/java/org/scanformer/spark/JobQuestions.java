package org.scanformer.spark;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lower;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The questions that a job is given, as the columns {@code image} and {@code text}. */
final class JobQuestions {
  /** The formats' usual endings: what else is in a directory is passed over. */
  private static final String ENDINGS = "\\.(png|jpe?g|webp|bmp|gif|tiff?)$";

  private static final String LINE = "_line";

  private JobQuestions() {}

  /**
   * Every expression about every picture.
   *
   * @param places files, directories with all that is below, and patterns of Hadoop's
   */
  static Dataset<Row> of(SparkSession session, List<String> places, List<String> expressions) {
    // The contents are not read here: the listing has no other column.
    Dataset<Row> pictures =
        session
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", true)
            .load(places.toArray(String[]::new))
            .select(col("path").as(QuestionColumns.IMAGE))
            .where(lower(col(QuestionColumns.IMAGE)).rlike(ENDINGS));
    return BulkLocator.questions(pictures, expressions);
  }

  /**
   * Those of a table. A line of JSON that cannot be read is the text of a question without an
   * image, so that it becomes an error of its own.
   *
   * @param table in JSON lines, CSV with a header, or Parquet, by its ending; Parquet without one
   * @throws JobFailure when it lacks a column
   */
  static Dataset<Row> of(SparkSession session, String table) {
    String name = table.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    if (name.endsWith(".json") || name.endsWith(".jsonl")) {
      return session
          .read()
          .schema("image STRING, text STRING, " + LINE + " STRING")
          .option("columnNameOfCorruptRecord", LINE)
          .json(table)
          .select(
              col(QuestionColumns.IMAGE),
              coalesce(col(QuestionColumns.TEXT), col(LINE)).as(QuestionColumns.TEXT));
    }
    Dataset<Row> rows =
        name.endsWith(".csv")
            ? session.read().option("header", true).option("escape", "\"").csv(table)
            : session.read().parquet(table);
    List<String> columns = Arrays.asList(rows.columns());
    if (!columns.contains(QuestionColumns.IMAGE) || !columns.contains(QuestionColumns.TEXT)) {
      throw new JobFailure(
          "--questions needs the columns \"image\" and \"text\", found "
              + columns
              + " in "
              + table);
    }
    return rows.select(
        col(QuestionColumns.IMAGE).cast("string"), col(QuestionColumns.TEXT).cast("string"));
  }
}
