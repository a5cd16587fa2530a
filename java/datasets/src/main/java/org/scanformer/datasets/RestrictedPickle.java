package org.scanformer.datasets;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.Unpickler;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Reads pickles of plain data: lists, dicts, tuples, strings, numbers, booleans and None. Anything
 * that names a class or calls something is refused before it is resolved. Protocols 0 to 5; strings
 * of Python 2 are decoded as UTF-8.
 */
final class RestrictedPickle extends Unpickler {
  private static final long MAX_FILE_BYTES = 1 << 30;
  private static final int MAX_NUMBER_BYTES = 64;
  private static final String EXPECTED =
      "expected only lists, dicts, tuples, strings, numbers, booleans and None";

  /** The opcodes of plain data without a length. */
  private static final Set<Short> PLAIN =
      Set.of(
          Opcodes.MARK,
          Opcodes.STOP,
          Opcodes.POP,
          Opcodes.POP_MARK,
          Opcodes.BININT,
          Opcodes.BININT1,
          Opcodes.BININT2,
          Opcodes.BINFLOAT,
          Opcodes.NONE,
          Opcodes.NEWTRUE,
          Opcodes.NEWFALSE,
          Opcodes.STRING,
          Opcodes.UNICODE,
          Opcodes.APPEND,
          Opcodes.APPENDS,
          Opcodes.LIST,
          Opcodes.EMPTY_LIST,
          Opcodes.DICT,
          Opcodes.EMPTY_DICT,
          Opcodes.SETITEM,
          Opcodes.SETITEMS,
          Opcodes.TUPLE,
          Opcodes.EMPTY_TUPLE,
          Opcodes.TUPLE1,
          Opcodes.TUPLE2,
          Opcodes.TUPLE3,
          Opcodes.BINGET,
          Opcodes.LONG_BINGET,
          Opcodes.BINPUT,
          Opcodes.LONG_BINPUT,
          Opcodes.MEMOIZE,
          Opcodes.PROTO,
          Opcodes.FRAME);

  /** The opcodes of a number as a line of text. */
  private static final Set<Short> LINES =
      Set.of(Opcodes.INT, Opcodes.LONG, Opcodes.FLOAT, Opcodes.GET, Opcodes.PUT);

  /** The opcodes that begin with a length, and the size of that length in bytes. */
  private static final Map<Short, Integer> LENGTHS =
      Map.of(
          Opcodes.BINSTRING, 4,
          Opcodes.SHORT_BINSTRING, 1,
          Opcodes.BINUNICODE, 4,
          Opcodes.SHORT_BINUNICODE, 1,
          Opcodes.BINUNICODE8, 8,
          Opcodes.LONG1, 1,
          Opcodes.LONG4, 4);

  private final Path file;

  private RestrictedPickle(Path file) {
    this.file = file;
  }

  /**
   * Reads a file's object: {@link java.util.List}, {@link Map}, {@code Object[]} for tuples, {@link
   * String}, {@link Number}, {@link Boolean} or null. No list or dict occurs in it twice.
   *
   * @throws ScanFormerException BAD_INPUT naming the file and what was found
   */
  static Object read(Path file) {
    try {
      long size = Files.size(file);
      if (size > MAX_FILE_BYTES) {
        throw error(file, size + " bytes found, expected at most " + MAX_FILE_BYTES);
      }
      return new RestrictedPickle(file).load(new ByteArrayInputStream(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, file + ": could not be read as a pickle: " + e, e);
    } catch (PickleException
        | ClassCastException
        | IndexOutOfBoundsException
        | NullPointerException
        | IllegalArgumentException
        | StackOverflowError e) {
      throw new ScanFormerException(ErrorCode.BAD_INPUT, file + ": not a pickle: " + e, e);
    }
  }

  private static ScanFormerException error(Path file, String message) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, file + ": " + message);
  }

  @Override
  protected Object dispatch(short opcode) throws PickleException, IOException {
    if (LINES.contains(opcode)) {
      requireShortLine();
    } else if (LENGTHS.containsKey(opcode)) {
      requireLength(opcode, LENGTHS.get(opcode));
    } else if (!PLAIN.contains(opcode)) {
      throw refused(opcode);
    }
    final Object result = super.dispatch(opcode);
    if (opcode == Opcodes.BINSTRING || opcode == Opcodes.SHORT_BINSTRING) {
      // The library has made a character of each byte.
      byte[] bytes = ((String) stack.pop()).getBytes(StandardCharsets.ISO_8859_1);
      stack.add(new String(bytes, StandardCharsets.UTF_8));
    }
    if (opcode == Opcodes.GET || opcode == Opcodes.BINGET || opcode == Opcodes.LONG_BINGET) {
      // A container in itself, or many times in another one, could make reading it endless.
      if (isContainer(stack.peek())) {
        throw error(file, "a list, dict or tuple found in several places, expected it in one");
      }
    }
    return result;
  }

  private static boolean isContainer(Object object) {
    return object instanceof Collection || object instanceof Map || object instanceof Object[];
  }

  private ScanFormerException refused(short opcode) throws IOException {
    String name =
        switch (opcode) {
          case Opcodes.GLOBAL, Opcodes.INST -> "the class or function " + line() + "." + line();
          case Opcodes.STACK_GLOBAL -> "the class or function " + top();
          case Opcodes.REDUCE, Opcodes.BUILD, Opcodes.OBJ, Opcodes.NEWOBJ, Opcodes.NEWOBJ_EX ->
              "a call";
          case Opcodes.PERSID, Opcodes.BINPERSID -> "a persistent id";
          case Opcodes.EXT1, Opcodes.EXT2, Opcodes.EXT4 -> "an extension code";
          default -> String.format("the opcode 0x%02x", opcode);
        };
    return error(file, name + " found in the pickle, " + EXPECTED);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = input.read(); c >= 0 && c != '\n' && line.length() < 200; c = input.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private String top() {
    Object name = stack.pop();
    return stack.pop() + "." + name;
  }

  private void requireShortLine() throws IOException {
    input.mark(MAX_NUMBER_BYTES);
    byte[] start = input.readNBytes(MAX_NUMBER_BYTES);
    input.reset();
    for (byte b : start) {
      if (b == '\n') {
        return;
      }
    }
    throw error(file, "a number of more than " + MAX_NUMBER_BYTES + " characters found");
  }

  private void requireLength(short opcode, int bytes) throws IOException {
    input.mark(bytes);
    byte[] field = input.readNBytes(bytes);
    input.reset();
    long length = 0;
    for (int i = field.length - 1; i >= 0; i--) {
      length = length << 8 | field[i] & 0xff;
    }
    long left = input.available() - (long) bytes;
    if (field.length < bytes || length < 0 || length > left) {
      throw error(file, "a length of " + length + " bytes found where " + left + " are left");
    }
    if ((opcode == Opcodes.LONG1 || opcode == Opcodes.LONG4) && length > MAX_NUMBER_BYTES) {
      throw error(file, "a number of " + length + " bytes found");
    }
  }
}
