package org.scanformer.internal.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Takes the fields of a JSON object that a mapper has read to maps, lists, texts and numbers. What
 * does not fit is refused as BAD_INPUT, with the field, what was found and what was expected.
 *
 * @param what the object's name in messages
 * @param fields the object; fields that nobody asks for are ignored
 */
public record JsonFields(String what, Map<?, ?> fields) {
  private static final int CHARACTERS_IN_MESSAGE = 60;

  /** A number that must be there. */
  public double number(String field) {
    return as(field, Number.class, "a number").doubleValue();
  }

  /** A number, or NaN where it is null or missing. */
  public double numberOrNaN(String field) {
    return fields.get(field) == null ? Double.NaN : number(field);
  }

  /** A whole number that fits an int. */
  public int integer(String field) {
    double value = number(field);
    if (value != (int) value) {
      throw refuse(field, "a whole number");
    }
    return (int) value;
  }

  /** A time in milliseconds, as nanoseconds. */
  public long nanos(String field) {
    return Math.round(number(field) * 1e6);
  }

  /** A text. */
  public String text(String field) {
    return as(field, String.class, "a text");
  }

  /** True or false. */
  public boolean flag(String field) {
    return as(field, Boolean.class, "true or false");
  }

  /** A constant by its {@linkplain JsonNames#of name}. */
  public <E extends Enum<E>> E constant(String field, Class<E> type) {
    String name = text(field);
    for (E constant : type.getEnumConstants()) {
      if (JsonNames.of(constant).equals(name)) {
        return constant;
      }
    }
    throw refuse(field, "the name of a " + type.getSimpleName());
  }

  /** An object. */
  public JsonFields object(String field) {
    return new JsonFields(what + "." + field, as(field, Map.class, "an object"));
  }

  /** A list of objects, each read by a function. */
  public <T> List<T> objects(String field, Function<JsonFields, T> reader) {
    List<T> values = new ArrayList<>();
    for (Object value : as(field, List.class, "a list")) {
      if (!(value instanceof Map<?, ?> object)) {
        throw refuse(field, "a list of objects");
      }
      values.add(reader.apply(new JsonFields(what + "." + field, object)));
    }
    return values;
  }

  /** A list of numbers; empty where it is null or missing. */
  public Optional<List<Number>> numbers(String field) {
    if (fields.get(field) == null) {
      return Optional.empty();
    }
    List<Number> values = new ArrayList<>();
    for (Object value : as(field, List.class, "a list")) {
      if (!(value instanceof Number number)) {
        throw refuse(field, "a list of numbers");
      }
      values.add(number);
    }
    return Optional.of(values);
  }

  /** A list of texts. */
  public List<String> texts(String field) {
    List<String> values = new ArrayList<>();
    for (Object value : as(field, List.class, "a list")) {
      if (!(value instanceof String text)) {
        throw refuse(field, "a list of texts");
      }
      values.add(text);
    }
    return values;
  }

  private <T> T as(String field, Class<T> type, String expected) {
    Object value = fields.get(field);
    if (!type.isInstance(value)) {
      throw refuse(field, expected);
    }
    return type.cast(value);
  }

  private ScanFormerException refuse(String field, String expected) {
    String found = fields.containsKey(field) ? String.valueOf(fields.get(field)) : "nothing";
    if (found.length() > CHARACTERS_IN_MESSAGE) {
      found = found.substring(0, CHARACTERS_IN_MESSAGE) + "...";
    }
    return new ScanFormerException(
        ErrorCode.BAD_INPUT,
        "The JSON of a " + what + ": " + field + " is " + found + ", expected " + expected);
  }
}
