package org.scanformer.server;

import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** A request that is not answered: why, and what its client is told. */
public final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final FailureKind kind;
  private final ErrorCode code;

  /** A failure of a request by itself. */
  public ServiceException(FailureKind kind, String message) {
    this(kind, null, message, null);
  }

  private ServiceException(FailureKind kind, ErrorCode code, String message, Throwable cause) {
    super(message, cause);
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
    return new ServiceException(FailureKind.BAD_REQUEST, String.format(message, values));
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
