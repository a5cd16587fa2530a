package org.scanformer.server.grpc;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.scanformer.server.FailureKind;
import org.scanformer.server.ServiceException;

/** Failures as gRPC tells them. No state. */
final class GrpcFailures {
  private static final Logger LOG = Logger.getLogger("org.scanformer.server");

  private GrpcFailures() {}

  static StatusRuntimeException of(Throwable failure) {
    if (failure instanceof StatusRuntimeException own) {
      return own;
    }
    ServiceException told = ServiceException.of(failure);
    if (told.kind() == FailureKind.INTERNAL) {
      LOG.log(Level.SEVERE, "A call failed", failure);
    }
    return status(told.kind()).withDescription(told.getMessage()).asRuntimeException();
  }

  private static Status status(FailureKind kind) {
    return switch (kind) {
      case BAD_REQUEST, UNSUPPORTED_TYPE -> Status.INVALID_ARGUMENT;
      case UNAUTHORIZED -> Status.UNAUTHENTICATED;
      case FORBIDDEN -> Status.PERMISSION_DENIED;
      case NOT_FOUND -> Status.NOT_FOUND;
      case METHOD_NOT_ALLOWED -> Status.UNIMPLEMENTED;
      case TOO_SLOW, DEADLINE -> Status.DEADLINE_EXCEEDED;
      case TOO_LARGE, OVERLOADED -> Status.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case INTERNAL -> Status.INTERNAL;
    };
  }
}
