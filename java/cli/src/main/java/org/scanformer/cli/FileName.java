package org.scanformer.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Names of files in arguments. */
final class FileName {
  private FileName() {}

  /**
   * The file of that name.
   *
   * @throws CliException saying why it is no file's name
   */
  static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new CliException(name + ": " + problem(e));
    }
  }

  /** Why a name is no file's, and what to do where that is for the locale. */
  static String problem(InvalidPathException e) {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    return "not a file's name: "
        + e.getReason()
        + (encoding.equals("UTF-8")
            ? ""
            : "; the locale's file names are in " + encoding + ": set LC_ALL=C.UTF-8 for others");
  }

  /** Reads an option's value. */
  static final class Converter implements ITypeConverter<Path> {
    @Override
    public Path convert(String name) {
      try {
        return Path.of(name);
      } catch (InvalidPathException e) {
        throw new TypeConversionException("'" + name + "' is " + problem(e));
      }
    }
  }
}
