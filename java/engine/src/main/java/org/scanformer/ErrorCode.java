package org.scanformer;

/** Why a call failed, and so what a caller can do about it. */
public enum ErrorCode {
  /**
   * An argument, an image or an expression is not usable. Fix the input; nothing else is affected.
   */
  BAD_INPUT,
  /** The model directory is incomplete, unreadable or contradictory. Fix or replace the model. */
  BAD_MODEL,
  /** The device or the machine cannot do what was asked for. Choose other options. */
  UNSUPPORTED,
  /** Memory was refused. Declare smaller maxima, or free some and retry. */
  OUT_OF_MEMORY,
  /** An operation failed; the model is still usable. Retry. */
  DEVICE_ERROR,
  /** The device is unusable from now on. Close the model and restart the process. */
  DEVICE_LOST
}
