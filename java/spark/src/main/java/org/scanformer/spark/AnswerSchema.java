package org.scanformer.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.scanformer.ErrorCode;
import org.scanformer.Location;

/**
 * The columns of an answer: the fields that {@link Location} has in JSON, and {@code error}. In a
 * row either {@code error} is null, or everything else is. No state that changes, so it is
 * thread-safe.
 */
public final class AnswerSchema {
  private static final String BOX =
      "STRUCT<`x`: DOUBLE, `y`: DOUBLE, `width`: DOUBLE, `height`: DOUBLE>";

  private static final String SCALE =
      "STRUCT<`scale`: INT, `rows`: INT, `cols`: INT, `selected`: INT, `total`: INT, `mask`: STRING,"
          + " `box_cxcywh`: ARRAY<DOUBLE>, `score`: FLOAT, `found`: BOOLEAN, `ms`: DOUBLE>";

  private static final StructType TYPE =
      StructType.fromDDL(
          "`found` BOOLEAN, `score` FLOAT, `box` "
              + BOX
              + ", `box_cxcywh` ARRAY<DOUBLE>,"
              + " `candidates` ARRAY<STRUCT<`score`: FLOAT, `box`: "
              + BOX
              + ", `box_cxcywh`: ARRAY<DOUBLE>>>,"
              + " `unknown_words` ARRAY<STRUCT<`word`: STRING, `suggestions`: ARRAY<STRING>>>,"
              + " `truncated` BOOLEAN, `backend` STRING, `precision` STRING, `schedule` STRING,"
              + " `scales` ARRAY<"
              + SCALE
              + ">,"
              + " `timings_ms` STRUCT<`pyramid`: DOUBLE, `final`: DOUBLE, `total`: DOUBLE>,"
              + " `error` STRUCT<`code`: STRING, `message`: STRING>");

  private AnswerSchema() {}

  /** The columns, each of which may be null. */
  public static StructType type() {
    return TYPE;
  }

  /** The columns' values of an answer. */
  static Object[] values(Location location) {
    return values(TYPE, location.toMap());
  }

  /** The columns' values of a question that failed. */
  static Object[] values(ErrorCode code, String message) {
    Object[] values = new Object[TYPE.size()];
    values[TYPE.fieldIndex("error")] = RowFactory.create(code.name(), message);
    return values;
  }

  private static Object[] values(StructType type, Map<?, ?> json) {
    return Arrays.stream(type.fields())
        .map((StructField field) -> value(field.dataType(), json.get(field.name())))
        .toArray();
  }

  private static Object value(DataType type, Object json) {
    if (json == null) {
      return null;
    }
    if (type instanceof StructType struct) {
      Row row = RowFactory.create(values(struct, (Map<?, ?>) json));
      return row;
    }
    if (type instanceof ArrayType array) {
      return ((List<?>) json)
          .stream().map(element -> value(array.elementType(), element)).toArray();
    }
    if (type.equals(DataTypes.DoubleType)) {
      return ((Number) json).doubleValue();
    }
    if (type.equals(DataTypes.FloatType)) {
      return ((Number) json).floatValue();
    }
    if (type.equals(DataTypes.IntegerType)) {
      return ((Number) json).intValue();
    }
    return json;
  }
}
