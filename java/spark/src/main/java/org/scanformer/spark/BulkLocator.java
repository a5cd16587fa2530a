package org.scanformer.spark;

import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.scanformer.ScanFormerException;

/**
 * Asks a model about the rows of a {@link Dataset}. No state, so it is thread-safe.
 *
 * <pre>{@code
 * Dataset<Row> pictures = spark.read().format("binaryFile").load("hdfs:///pictures");
 * Dataset<Row> answers =
 *     BulkLocator.locate(
 *         BulkLocator.questions(pictures, List.of("the red circle")), BulkOptions.defaults());
 * answers.write().parquet("hdfs:///answers");
 * }</pre>
 *
 * <p>All tasks of an executor share one model, which is loaded for the first of them. A row that
 * cannot be answered gets an {@code error}, and changes nothing for the others. A task fails, and
 * Spark runs it again, if the model cannot be loaded or its device is lost.
 */
public final class BulkLocator {
  private BulkLocator() {}

  /**
   * Pairs every picture with every expression; those about one picture follow one another.
   *
   * @param pictures any columns, but no {@code text}
   * @return the columns of the pictures, and {@code text}
   */
  public static Dataset<Row> questions(Dataset<Row> pictures, List<String> expressions) {
    return pictures.crossJoin(
        pictures
            .sparkSession()
            .createDataset(expressions, Encoders.STRING())
            .toDF(QuestionColumns.TEXT));
  }

  /**
   * Answers questions, each by a row, in their order and partitions. Nothing runs before an action.
   *
   * @param questions with the strings {@code text}, the expression, and {@code image} or {@code
   *     path}, the picture's path, which any file system of Hadoop may have; and perhaps the binary
   *     {@code content}, the picture's file, which is taken instead of the path where it is not
   *     null. Rows about one picture that follow one another share it.
   * @return the same columns without {@code content}, and those of {@link AnswerSchema}
   * @throws IllegalArgumentException naming the column that is missing, of another type, or one of
   *     an answer
   * @throws ScanFormerException BAD_INPUT when the model's URI names no directory; all others are
   *     causes of an action's failure
   */
  public static Dataset<Row> locate(Dataset<Row> questions, BulkOptions options) {
    return locate(questions, options, null);
  }

  /** The same, with counters or null. */
  static Dataset<Row> locate(Dataset<Row> questions, BulkOptions options, Counters counters) {
    QuestionColumns columns = QuestionColumns.of(questions.schema());
    SparkContext context = questions.sparkSession().sparkContext();
    Broadcast<SerializableConfiguration> hadoop =
        JavaSparkContext.fromSparkContext(context)
            .broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    MapPartitionsFunction<Row, Row> ask =
        new LocatePartition(
            options.withModel(ModelFiles.checked(options.model())), columns, hadoop, counters);
    return questions.mapPartitions(ask, Encoders.row(columns.answers()));
  }
}
