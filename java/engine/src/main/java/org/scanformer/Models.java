package org.scanformer;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.scanformer.internal.model.BundledModel;

/**
 * The models that come in jars of their own, for {@link ScanFormer#load(ModelProvider)}. Each is
 * looked for on the class or module path when it is loaded. No state.
 */
public final class Models {
  /**
   * Finds what is said of photographs, from the artifact {@code scanformer-model-photos}. Its
   * weights are for non-commercial research and education only: see that artifact's terms.
   */
  public static final ModelProvider PHOTOS = BundledModel.named("scanformer-model-photos");

  /** Finds drawn shapes, from the artifact {@code scanformer-model-shapes}. */
  public static final ModelProvider SHAPES = BundledModel.named("scanformer-model-shapes");

  private static final Map<String, ModelProvider> BY_NAME =
      Collections.unmodifiableMap(new TreeMap<>(Map.of("photos", PHOTOS, "shapes", SHAPES)));

  private Models() {}

  /**
   * All models of this class by the names that configurations and command lines give them: {@code
   * photos} and {@code shapes}. Unmodifiable, in alphabetical order; a model is in it whether its
   * jar is there or not.
   */
  public static Map<String, ModelProvider> byName() {
    return BY_NAME;
  }
}
