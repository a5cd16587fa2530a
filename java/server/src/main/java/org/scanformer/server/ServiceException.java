package org.scanformer.server;

import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * A request that is not answered: why, and what its client is told. A message repeats what the
 * client sent, of which it says the beginning only: a reply costs more than it is worth otherwise,
 * and trailers of gRPC that are too long are not read at all.
 */
public final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Of a message. In trailers a character may take nine bytes, of the 8 KB that clients read. */
  private static final int MAX_LENGTH = 500;

  /** Of each value within a message, so that what was expected is still told. */
  private static final int MAX_VALUE_LENGTH = 200;

  private final FailureKind kind;
  private final ErrorCode code;

  /** A failure of a request by itself. */
  public ServiceException(FailureKind kind, String message) {
    this(kind, null, message, null);
  }

  private ServiceException(FailureKind kind, ErrorCode code, String message, Throwable cause) {
    super(cut(message, MAX_LENGTH), cause);
    this.kind = Objects.requireNonNull(kind);
    this.code = code;
  }

  /** Why the request is not answered. */
  public FailureKind kind() {
    return kind;
  }

  /** The model's own code; null where the model was not asked. */
  public ErrorCode code() {
    return code;
  }

  /** A request that is wrong, with a message in the manner of {@link String#format}. */
  public static ServiceException badRequest(String message, Object... values) {
    return of(FailureKind.BAD_REQUEST, message, values);
  }

  /** A failure of a request, with a message in the manner of {@link String#format}. */
  public static ServiceException of(FailureKind kind, String message, Object... values) {
    Object[] told = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      // Numbers have formats of their own.
      told[i] =
          values[i] instanceof Number
              ? values[i]
              : cut(String.valueOf(values[i]), MAX_VALUE_LENGTH);
    }
    return new ServiceException(kind, String.format(Locale.ROOT, message, told));
  }

  private static String cut(String text, int length) {
    if (text == null || text.length() <= length) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
    return text.substring(0, end) + "…";
  }

  /** What a client is told of any failure. What only the server's owner may know is the cause. */
  public static ServiceException of(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ServiceException known) {
      return known;
    }
    if (cause instanceof ScanFormerException model) {
      return new ServiceException(kind(model.code()), model.code(), model.getMessage(), model);
    }
    if (cause instanceof RejectedExecutionException) {
      return new ServiceException(
          FailureKind.OVERLOADED, null, "The model's queue is full: try again later", cause);
    }
    if (cause instanceof CancellationException) {
      // Nobody else takes a question back whose client still waits.
      return new ServiceException(FailureKind.UNAVAILABLE, null, "The server is stopping", cause);
    }
    if (cause instanceof TimeoutException) {
      return new ServiceException(
          FailureKind.DEADLINE, null, "The request was not answered before its deadline", cause);
    }
    if (cause instanceof OutOfMemoryError) {
      return new ServiceException(
          FailureKind.OVERLOADED, null, "No memory is left for this request: try again", cause);
    }
    return new ServiceException(
        FailureKind.INTERNAL, null, "The server failed to answer; its log says why", cause);
  }

  private static FailureKind kind(ErrorCode code) {
    return switch (code) {
      case BAD_INPUT -> FailureKind.BAD_REQUEST;
      case OUT_OF_MEMORY -> FailureKind.OVERLOADED;
      case DEVICE_LOST -> FailureKind.UNAVAILABLE;
      case BAD_MODEL, UNSUPPORTED, DEVICE_ERROR -> FailureKind.INTERNAL;
    };
  }
}
