package org.scanformer.datasets;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.Unpickler;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;

/**
 * Reads pickles of plain data: lists, dicts, tuples, strings, numbers, booleans and None. Anything
 * that names a class or calls something is refused before it is resolved, but for the two calls
 * that stand for bytes up to protocol 2; nothing is called for them either. Protocols 0 to 5;
 * strings of Python 2 and bytes are decoded as UTF-8, or as Latin-1 where they are not UTF-8. The
 * file may be compressed by gzip.
 */
final class RestrictedPickle extends Unpickler {
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
          Opcodes.BINBYTES, 4,
          Opcodes.SHORT_BINBYTES, 1,
          Opcodes.BINBYTES8, 8,
          Opcodes.LONG1, 1,
          Opcodes.LONG4, 4);

  /** The opcodes of Python 2's strings and of bytes. */
  private static final Set<Short> TEXTS =
      Set.of(
          Opcodes.STRING,
          Opcodes.BINSTRING,
          Opcodes.SHORT_BINSTRING,
          Opcodes.BINBYTES,
          Opcodes.SHORT_BINBYTES,
          Opcodes.BINBYTES8);

  /** How Python 3 writes bytes up to protocol 2: text and "latin1", or nothing for no bytes. */
  private enum BytesCall {
    CODECS_ENCODE,
    BYTES
  }

  private final Path file;

  private RestrictedPickle(Path file) {
    this.file = file;
  }

  /**
   * Reads a file's object: {@link java.util.List}, {@link Map}, {@code Object[]} for tuples, {@link
   * String}, {@link Number}, {@link Boolean} or null. A list or dict may occur in several places,
   * but not within itself.
   *
   * @throws ScanFormerException BAD_INPUT naming the file and what was found
   */
  static Object read(Path file) {
    try {
      Object read = new RestrictedPickle(file).load(new ByteArrayInputStream(DataFile.read(file)));
      requireNoCycle(file, read);
      return read;
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          file + ": could not be read as a pickle: " + SystemMessages.reason(e),
          e);
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
    if (opcode == Opcodes.GLOBAL) {
      stack.add(bytesCall(line(), line()));
      return NO_RETURN_VALUE;
    }
    if (opcode == Opcodes.REDUCE) {
      Object arguments = stack.pop();
      stack.add(bytes(stack.pop(), arguments));
      return NO_RETURN_VALUE;
    }
    if (LINES.contains(opcode)) {
      requireShortLine();
    } else if (LENGTHS.containsKey(opcode)) {
      requireLength(opcode, LENGTHS.get(opcode));
    } else if (!PLAIN.contains(opcode)) {
      throw refused(opcode);
    }
    requirePlainKeys(opcode);
    final Object result = super.dispatch(opcode);
    if (TEXTS.contains(opcode)) {
      stack.add(text(stack.pop()));
    }
    return result;
  }

  private BytesCall bytesCall(String module, String name) {
    return switch (module + "." + name) {
      case "_codecs.encode" -> BytesCall.CODECS_ENCODE;
      case "__builtin__.bytes", "builtins.bytes" -> BytesCall.BYTES;
      default -> throw refused("the class or function " + module + "." + name);
    };
  }

  /** The text of the bytes that a call stands for. */
  private Object bytes(Object call, Object arguments) {
    if (arguments instanceof Object[] given) {
      if (call == BytesCall.BYTES && given.length == 0) {
        return "";
      }
      if (call == BytesCall.CODECS_ENCODE
          && given.length == 2
          && given[0] instanceof String string
          && "latin1".equals(given[1])) {
        return text(string);
      }
    }
    throw refused("a call");
  }

  /** Hashing a key that is a container could take endless time. */
  private void requirePlainKeys(short opcode) {
    if (opcode == Opcodes.SETITEM) {
      Object value = stack.pop();
      requirePlainKey(stack.peek());
      stack.add(value);
    } else if (opcode == Opcodes.SETITEMS || opcode == Opcodes.DICT) {
      List<Object> items = stack.pop_all_since_marker();
      for (int i = 0; i < items.size(); i += 2) {
        requirePlainKey(items.get(i));
      }
      stack.add_mark();
      items.forEach(stack::add);
    }
  }

  private void requirePlainKey(Object key) {
    if (isContainer(key)) {
      throw error(file, "a list, dict or tuple found as a key of a dict, expected a string");
    }
  }

  /**
   * Text from a string of Python 2, of which the library has made a character of each byte, or from
   * bytes: UTF-8, or Latin-1 where it is not UTF-8.
   */
  private static Object text(Object value) {
    byte[] bytes;
    if (value instanceof byte[] raw) {
      bytes = raw;
    } else if (value instanceof String string && string.chars().allMatch(c -> c < 256)) {
      bytes = string.getBytes(StandardCharsets.ISO_8859_1);
    } else {
      return value;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  /** A container may occur in several places, but not within itself: reading it would not end. */
  private static void requireNoCycle(Path file, Object root) {
    Map<Object, Boolean> open = new IdentityHashMap<>();
    ArrayDeque<Object> path = new ArrayDeque<>();
    ArrayDeque<Iterator<?>> left = new ArrayDeque<>();
    left.push(List.of(root == null ? "" : root).iterator());
    while (!left.isEmpty()) {
      if (!left.peek().hasNext()) {
        left.pop();
        if (!path.isEmpty()) {
          open.put(path.pop(), false);
        }
        continue;
      }
      Object next = left.peek().next();
      Iterator<?> parts = parts(next);
      if (parts != null) {
        Boolean state = open.putIfAbsent(next, true);
        if (Boolean.TRUE.equals(state)) {
          throw error(file, "a list, dict or tuple found that contains itself");
        }
        if (state == null) {
          path.push(next);
          left.push(parts);
        }
      }
    }
  }

  private static Iterator<?> parts(Object object) {
    if (object instanceof Map<?, ?> map) {
      return map.values().iterator();
    }
    if (object instanceof Collection<?> collection) {
      return collection.iterator();
    }
    return object instanceof Object[] tuple ? Arrays.asList(tuple).iterator() : null;
  }

  private static boolean isContainer(Object object) {
    return object instanceof Collection || object instanceof Map || object instanceof Object[];
  }

  private ScanFormerException refused(short opcode) throws IOException {
    String name =
        switch (opcode) {
          case Opcodes.INST -> "the class or function " + line() + "." + line();
          case Opcodes.STACK_GLOBAL -> "the class or function " + top();
          case Opcodes.BUILD, Opcodes.OBJ, Opcodes.NEWOBJ, Opcodes.NEWOBJ_EX -> "a call";
          case Opcodes.PERSID, Opcodes.BINPERSID -> "a persistent id";
          case Opcodes.EXT1, Opcodes.EXT2, Opcodes.EXT4 -> "an extension code";
          default -> String.format(Locale.ROOT, "the opcode 0x%02x", opcode);
        };
    return refused(name);
  }

  private ScanFormerException refused(String what) {
    return error(file, what + " found in the pickle, " + EXPECTED);
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
