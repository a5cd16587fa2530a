package org.scanformer.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Where a question is in a row, and how its answer is added.
 *
 * @param image the column of the picture's path
 * @param content that of its bytes, which answers do not repeat; -1 for none
 * @param text that of the expression
 * @param answers the columns of answers
 */
record QuestionColumns(int image, int content, int text, StructType answers)
    implements Serializable {
  static final String IMAGE = "image";
  static final String PATH = "path";
  static final String CONTENT = "content";
  static final String TEXT = "text";

  /**
   * Finds the columns.
   *
   * @throws IllegalArgumentException naming the column that is missing, of another type, or one of
   *     an answer
   */
  static QuestionColumns of(StructType questions) {
    List<String> names = Arrays.asList(questions.fieldNames());
    int content = names.contains(CONTENT) ? column(questions, CONTENT, DataTypes.BinaryType) : -1;
    String image = names.contains(IMAGE) || !names.contains(PATH) ? IMAGE : PATH;
    StructType answers = new StructType();
    for (StructField field : questions.fields()) {
      // Spark does not tell capitals from small letters.
      if (Arrays.stream(AnswerSchema.type().fieldNames())
          .anyMatch(field.name()::equalsIgnoreCase)) {
        throw new IllegalArgumentException(
            "The column \"" + field.name() + "\" is one of the answers': rename it");
      }
      if (!field.name().equals(CONTENT)) {
        answers = answers.add(field);
      }
    }
    for (StructField field : AnswerSchema.type().fields()) {
      answers = answers.add(field);
    }
    return new QuestionColumns(
        column(questions, image, DataTypes.StringType),
        content,
        column(questions, TEXT, DataTypes.StringType),
        answers);
  }

  private static int column(StructType questions, String name, DataType type) {
    int index = Arrays.asList(questions.fieldNames()).indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "A question needs the columns \"image\" (or \"path\") and \"text\", found "
              + Arrays.toString(questions.fieldNames()));
    }
    DataType found = questions.fields()[index].dataType();
    if (!found.equals(type)) {
      throw new IllegalArgumentException(
          "The column \""
              + name
              + "\" must be of the type "
              + type.simpleString()
              + ", found "
              + found.simpleString());
    }
    return index;
  }

  String image(Row question) {
    return question.getString(image);
  }

  /** The picture's bytes; null where the path is to be read. */
  byte[] content(Row question) {
    return content < 0 ? null : question.getAs(content);
  }

  String text(Row question) {
    return question.getString(text);
  }

  /** A question's row with the values of its answer. */
  Row answer(Row question, Object[] values) {
    List<Object> all = new ArrayList<>(answers.size());
    for (int c = 0; c < question.size(); c++) {
      if (c != content) {
        all.add(question.get(c));
      }
    }
    all.addAll(Arrays.asList(values));
    return RowFactory.create(all.toArray());
  }
}
