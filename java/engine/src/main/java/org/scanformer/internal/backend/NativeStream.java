package org.scanformer.internal.backend;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.natives.api.Api;

/**
 * A stream of the C API ({@code sf_stream}), and what its status codes mean to callers. Used by one
 * thread at a time.
 */
public final class NativeStream {
  private static final int REPORT_BYTES = 4096;

  private final Pointer pointer;

  private NativeStream(Pointer pointer) {
    this.pointer = pointer;
  }

  /**
   * What a backend finds of a device.
   *
   * @param usable whether a stream can be opened on it
   * @param details "key=value" for a usable device, otherwise the reasons why it is not
   */
  public record Probe(boolean usable, List<String> details) {}

  /**
   * Asks a backend for a device.
   *
   * @param backend the C API's {@code sf_backend}
   */
  public static Probe probe(Pointer backend, int device) {
    byte[] text = new byte[REPORT_BYTES];
    int status = Api.sf_probe(backend, device, text, text.length);
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    String report = new String(text, 0, length, StandardCharsets.UTF_8);
    return new Probe(status == Api.SF_OK, report.lines().toList());
  }

  /**
   * Opens a stream, to be closed with {@link #destroy}.
   *
   * @param backend the C API's {@code sf_backend}
   * @param threads CPU threads that an operation may use; 0 for all
   * @param isa limits the CPU's instruction set; 0 for the best
   * @param what the message of the failure says could not be opened
   * @throws ScanFormerException as the backend refuses it
   */
  public static NativeStream open(Pointer backend, int device, int threads, int isa, String what) {
    Pointer stream = new Pointer();
    int status = Api.sf_stream_create(backend, device, threads, isa, stream);
    if (status != Api.SF_OK) {
      throw new ScanFormerException(
          errorCode(status), what + " could not be opened, status " + status);
    }
    return new NativeStream(stream);
  }

  /** Maps the C API's status to the category that callers act on. */
  static ErrorCode errorCode(int status) {
    return switch (status) {
      case Api.SF_INVALID_ARGUMENT -> ErrorCode.BAD_INPUT;
      case Api.SF_OUT_OF_MEMORY -> ErrorCode.OUT_OF_MEMORY;
      case Api.SF_UNSUPPORTED -> ErrorCode.UNSUPPORTED;
      case Api.SF_DEVICE_LOST -> ErrorCode.DEVICE_LOST;
      default -> ErrorCode.DEVICE_ERROR;
    };
  }

  /** The {@code sf_stream}. */
  public Pointer pointer() {
    return pointer;
  }

  /** Throws what a status other than SF_OK stands for, with the stream's message. */
  public void check(int status) {
    if (status != Api.SF_OK) {
      throw failure(status, "");
    }
  }

  /**
   * What a status other than SF_OK stands for.
   *
   * @param before comes before the stream's message
   */
  public ScanFormerException failure(int status, String before) {
    return new ScanFormerException(errorCode(status), before + Api.sf_error(pointer).getString());
  }

  /** Waits for all work. Returns the C API's status. */
  public int synchronize() {
    return Api.sf_synchronize(pointer);
  }

  /** Frees the stream, on which no call may be running. */
  public void destroy() {
    Api.sf_stream_destroy(pointer);
  }
}
