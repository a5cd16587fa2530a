package org.scanformer;

import org.scanformer.internal.model.BundledModel;

/**
 * The models that come in jars of their own, for {@link ScanFormer#load(ModelProvider)}. Each is
 * looked for on the class or module path when it is loaded. No state.
 */
public final class Models {
  /** Finds drawn shapes, from the artifact {@code scanformer-model-shapes}. */
  public static final ModelProvider SHAPES = BundledModel.named("scanformer-model-shapes");

  private Models() {}
}
