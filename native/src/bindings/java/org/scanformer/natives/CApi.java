package org.scanformer.natives;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;

/** How the C API's types become Java's, in all bindings. Read only by the build. */
public final class CApi {
  private static final Map<String, String> JAVA_TYPES =
      Map.of("float", "float", "int32_t", "int", "int64_t", "long", "uint8_t", "byte");

  private CApi() {}

  /**
   * Maps the headers' types.
   *
   * @param own the types of a backend's own header
   */
  public static void map(InfoMap infoMap, String... own) {
    // Opaque handles, and tables that Java fills through buffers: both are plain addresses to Java.
    List<String> types = new ArrayList<>(List.of(own));
    types.addAll(
        List.of(
            "sf_backend",
            "sf_stream",
            "sf_image",
            "sf_grid",
            "sf_kv_append",
            "sf_kv_segment",
            "sf_query_block"));
    for (String type : types) {
      infoMap.put(new Info("const " + type, type).pointerTypes("Pointer").cast());
    }
    // One overload an operation: arrays live in native memory, so that no call copies one.
    JAVA_TYPES.forEach(
        (type, javaType) ->
            infoMap.put(
                new Info("const " + type, type)
                    .valueTypes(javaType)
                    .pointerTypes("Pointer")
                    .cast()));
    for (String macro :
        new String[] {"SCANFORMER_H", "SCANFORMER_CPU_H", "SCANFORMER_CUDA_H", "SF_OPERATIONS"}) {
      infoMap.put(new Info(macro).skip());
    }
  }
}
