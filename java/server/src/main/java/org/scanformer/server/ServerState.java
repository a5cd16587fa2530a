package org.scanformer.server;

import java.util.List;

/** What the server says of itself, whichever protocol asks. Thread-safe. */
public final class ServerState {
  /** The server's name. */
  public static final String NAME = "scanformer";

  /** What runs the models. */
  public static final String PLATFORM = "scanformer";

  /** Extensions of the protocol. */
  public static final List<String> EXTENSIONS = List.of("binary_tensor_data");

  private final String version;
  private final Models models;
  private final Admission admission;

  ServerState(String version, Models models, Admission admission) {
    this.version = version;
    this.models = models;
    this.admission = admission;
  }

  /** The server's version. */
  public String version() {
    return version;
  }

  /** Whether it stops. */
  public boolean isDraining() {
    return admission.isDraining();
  }

  /** Whether it can be asked. */
  public boolean isReady() {
    return !isDraining() && models.areReady();
  }
}
