package org.scanformer.server;

/** Why a request is not answered, and so what its client can do. Each protocol has its codes. */
public enum FailureKind {
  /** The request is wrong; the same one will fail again. */
  BAD_REQUEST,
  /** The token is missing or wrong. */
  UNAUTHORIZED,
  /** The request came from where none may come from. */
  FORBIDDEN,
  /** There is no such path, model or version. */
  NOT_FOUND,
  /** The path does not know the method. */
  METHOD_NOT_ALLOWED,
  /** The request was not sent whole in time. */
  TOO_SLOW,
  /** The request has more bytes than are allowed. */
  TOO_LARGE,
  /** The body's type is not one that the path reads. */
  UNSUPPORTED_TYPE,
  /** As much is in work as may be; try again later. */
  OVERLOADED,
  /** The server stops, or its device is lost. Try another one. */
  UNAVAILABLE,
  /** The deadline passed. */
  DEADLINE,
  /** The server is at fault. */
  INTERNAL
}
